"""Whom a command mentions, exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.matrix.inbound import Translator
from adapters.matrix.mentions import with_ids
from bridge.model.adapter import InboundMessage, Rejected
from bridge.model.ids import RoomRef
from bridge.model.message import Author


def pill(user: str, name: str) -> str:
    return f'<a href="https://matrix.to/#/{user}">{name}</a>'


@pytest.mark.parametrize(
    ("plain", "html", "exact"),
    [
        ("!ban Bob spam", f"!ban {pill('@bob:x.org', 'Bob')} spam", "!ban @bob:x.org spam"),
        ("!ban ban ban", f"!ban {pill('@b:x', 'ban')} ban", "!ban @b:x ban"),
        ("!ban A&B", f"!ban {pill('%40ab%3Ax', 'A&amp;B')}", "!ban @ab:x"),
        ("!ban Bob", f"!ban {pill('@bob:x?via=y', 'Bob')}", "!ban @bob:x"),
        ("!ban Bob", f"!ban {pill('!room:x', 'Bob')}", "!ban Bob"),
        ("!ban Bob", f"!ban {pill('@eve:x', 'Eve')}", "!ban Bob"),
        ("!ban Bob", "", "!ban Bob"),
        ("!join", pill("@bob:x", "Bob"), "!join"),
    ],
)
def test_names_become_ids(plain: str, html: str, exact: str) -> None:
    assert with_ids(plain, html) == exact


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_read(plain: str, html: str) -> None:
    assert with_ids(plain, html) == plain or "matrix.to" in html


class Nobody:
    """People without profiles, rooms without powers."""

    async def author(self, room: str, user: str) -> Author:
        return Author("matrix", user, user)

    async def facts(self, room: str) -> object:
        raise Rejected("no powers here")


@pytest.mark.parametrize(("body", "read"), [("!ban Bob", "!ban @bob:x"), ("!important Bob", "!important Bob")])
async def test_only_in_a_command(body: str, read: str) -> None:
    nobody = Nobody()
    translator = Translator(nobody, nobody, False, lambda text: text.startswith("!ban"))  # type: ignore[arg-type]
    content = {
        "msgtype": "m.text",
        "body": body,
        "format": "org.matrix.custom.html",
        "formatted_body": body.replace("Bob", pill("@bob:x", "Bob")),
    }
    event = {"type": "m.room.message", "event_id": "$1", "sender": "@a:x", "content": content}
    made = await translator.translate(RoomRef("matrix", "!r:x"), event)
    assert isinstance(made, InboundMessage)
    assert made.body.plain == read
