"""Names under which webhooks speak."""

from __future__ import annotations

import pytest

from adapters.discord.names import MAX_NAME, avatar_url, shown_name
from bridge.model.message import Author


def author(name: str, platform: str = "matrix", avatar: str = "") -> Author:
    return Author(platform, "u-1", name, avatar)


def test_a_name_bears_its_platform() -> None:
    assert shown_name(author("Bob")) == "Bob [Matrix]"
    assert shown_name(author("Bob", "elsewhere")) == "Bob [elsewhere]"


@pytest.mark.parametrize(
    "name", ["Discord", "my DISCORD bot", "Clyde", "everyone", "here", "a\nb", "@x", "", " ", "x" * 300]
)
@pytest.mark.parametrize("platform", ["matrix", "discord", "clyde"])
def test_every_name_is_one_that_discord_takes(name: str, platform: str) -> None:
    shown = shown_name(author(name, platform))
    assert 1 <= len(shown) <= MAX_NAME
    assert shown.endswith("]")
    assert "\n" not in shown
    assert "@" not in shown
    assert not any(word in shown.casefold() for word in ("discord", "clyde", "everyone"))
    assert "here" not in shown.casefold().split()


def test_words_that_only_contain_a_forbidden_one_stay() -> None:
    assert shown_name(author("Theresa")).startswith("Theresa")


def test_only_https_pictures() -> None:
    assert avatar_url(author("x", avatar="https://x.example/a.png")) == "https://x.example/a.png"
    assert avatar_url(author("x", avatar="mxc://x/y")) is None
    assert avatar_url(author("x", avatar="http://x.example/a.png")) is None
