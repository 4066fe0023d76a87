"""Discord's 2,000 characters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.splitting import LIMIT, split, units


def test_a_short_text_is_its_only_part() -> None:
    assert split("hello") == ["hello"]
    assert split("") == []
    assert split("x" * LIMIT) == ["x" * LIMIT]


def test_characters_are_counted_and_not_bytes() -> None:
    assert len(split("ж" * LIMIT)) == 1
    assert len(split("😀" * 1_001)) == 2


def test_cuts_lie_between_words_and_nothing_is_lost() -> None:
    words = [f"word{i}" for i in range(1_000)]
    parts = split(" ".join(words))
    assert all(units(part) <= LIMIT for part in parts)
    assert " ".join(parts).split() == words


def test_paragraphs_are_kept_together() -> None:
    first, second = "a " * 700, "b " * 700
    assert split(f"{first}\n\n{second}") == [first, second]


def test_code_blocks_are_closed_and_opened_again() -> None:
    lines = [f"line {i}" for i in range(600)]
    parts = split("before\n```py\n" + "\n".join(lines) + "\n```\nafter")
    assert len(parts) > 2
    assert all(part.count("```") == 2 for part in parts)
    assert all(part.startswith("```py\n") for part in parts[1:])
    assert parts[-1].endswith("```\nafter")
    code = [line for part in parts for line in part.split("\n") if line.startswith("line ")]
    assert code == lines


def test_an_escape_is_not_cut_from_its_sign() -> None:
    for part in split("\\*" * 3_000):
        assert part.count("\\*") * 2 == len(part)


@given(st.text(alphabet="ab \n`\\😀*", max_size=600), st.integers(64, 200))
def test_any_text_fits_and_keeps_its_letters(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(0 < units(part) <= limit for part in parts)
    kept = [char for part in parts for char in part if char in "ab😀*"]
    assert kept == [char for char in text if char in "ab😀*"]
