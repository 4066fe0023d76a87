"""Event contents in and out, without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.matrix.inbound import MAX_TEXT, Malformed, read_attachments, read_body
from adapters.matrix.outbound import (
    MAX_CONTENT,
    MAX_PLAIN,
    edit_content,
    message_content,
    transaction_id,
)
from bridge.model.adapter import Outgoing, Rejected
from bridge.model.ids import RoomRef
from bridge.model.message import Attachment, Author, Body

ROOM = RoomRef("matrix", "!r:localhost")
EVE = Author("discord", "1", "<b>Eve</b>\n&")


def outgoing(plain: str, html: str = "", **more: Any) -> Outgoing:
    return Outgoing(key="k", room=ROOM, body=Body(plain, html), **more)


def test_names_are_escaped_and_nobody_is_pinged() -> None:
    content = message_content(outgoing("a < b\n@alice:localhost", author=EVE))
    assert content["body"] == "<b>Eve</b> &: a < b\n@alice:localhost"
    assert content["formatted_body"] == (
        "<strong>&lt;b&gt;Eve&lt;/b&gt; &amp;</strong>: a &lt; b<br>@alice:localhost"
    )
    assert content["m.mentions"] == {}
    assert content["msgtype"] == "m.text"


def test_the_bridge_itself_speaks_in_notices_without_markup() -> None:
    content = message_content(outgoing("ballot 7 is open"))
    assert content == {"msgtype": "m.notice", "body": "ballot 7 is open", "m.mentions": {}}


def test_waiting_is_marked_and_an_edit_removes_the_mark() -> None:
    waiting = message_content(outgoing("x", "<i>x</i>", author=EVE, waiting=True, reply_to_event="$r"))
    assert waiting["body"].endswith("x ⏳")
    assert waiting["formatted_body"].endswith("<i>x</i> ⏳")
    assert waiting["m.relates_to"] == {"m.in_reply_to": {"event_id": "$r"}}
    edit = edit_content(outgoing("x", "<i>x</i>", author=EVE, reply_to_event="$r"), "$e")
    assert "⏳" not in json.dumps(edit, ensure_ascii=False)
    assert edit["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$e"}
    assert "m.relates_to" not in edit["m.new_content"]
    assert edit["m.mentions"] == edit["m.new_content"]["m.mentions"] == {}


@pytest.mark.parametrize("text", ["x" * MAX_PLAIN, '"' * MAX_PLAIN, "\n" * (MAX_PLAIN - 1) + "x"])
def test_text_up_to_the_declared_limit_fits_also_as_an_edit(text: str) -> None:
    message = outgoing(text, f"<p>{text}</p>" * 2, author=EVE)
    for content in (message_content(message), edit_content(message, "$e")):
        assert len(json.dumps(content, ensure_ascii=False).encode()) <= MAX_CONTENT + 200
        assert "formatted_body" not in json.dumps(content)


def test_what_cannot_fit_is_refused() -> None:
    for make in (message_content, lambda message: edit_content(message, "$e")):
        with pytest.raises(Rejected, match="too long"):
            make(outgoing("x" * 60_001))


def test_files_are_named() -> None:
    file = Attachment("https://cdn.example/f", "cat.png", "image/png", 12)
    assert message_content(outgoing("", attachments=(file,)))["body"] == (
        "[cat.png (image/png, 12 bytes): https://cdn.example/f]"
    )


def test_transaction_ids_keep_keys_and_kinds_apart() -> None:
    ids = {transaction_id(kind, key) for kind in "me" for key in ("a/b", "a.b", "a~2fb", "a b")}
    assert len(ids) == 8
    assert all("/" not in each for each in ids)


def test_inbound_text_is_bounded_and_clean() -> None:
    content = {
        "msgtype": "m.text",
        "body": "a\x00b\ud800" + "é" * MAX_TEXT,
        "format": "org.matrix.custom.html",
        "formatted_body": "<b>" * MAX_TEXT,
    }
    body = read_body(content, is_reply=False)
    assert body.plain.startswith("ab?é")
    assert len(body.plain.encode()) <= MAX_TEXT
    assert len(body.html.encode()) <= MAX_TEXT


def test_html_counts_only_with_its_format() -> None:
    assert read_body({"msgtype": "m.text", "body": "x", "formatted_body": "<b>x</b>"}, False) == Body("x")
    content = {"msgtype": "m.text", "body": "x", "format": "org.matrix.custom.html", "formatted_body": 3}
    assert read_body(content, False) == Body("x")


def test_emotes_and_notices_keep_their_text() -> None:
    assert read_body({"msgtype": "m.emote", "body": "waves"}, False).plain == "* waves"
    assert read_body({"msgtype": "m.notice", "body": "beep"}, False).plain == "beep"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("> <@a:b> quoted\n> more\n\nanswer\n> own quote", "answer\n> own quote"),
        ("> * <@a:b> quoted\n\nanswer", "answer"),
        ("> my own quotation\nanswer", "> my own quotation\nanswer"),
        ("> <@a:b> nothing but a quotation", ""),
        ("answer", "answer"),
    ],
)
def test_the_old_quotation_in_a_reply_is_cut(sent: str, kept: str) -> None:
    assert read_body({"msgtype": "m.text", "body": sent}, is_reply=True).plain == kept
    assert read_body({"msgtype": "m.text", "body": sent}, is_reply=False).plain == sent


def test_attachments_are_references() -> None:
    content = {"msgtype": "m.image", "body": "cat.png", "url": "mxc://a/b", "info": {"size": -5, "mimetype": 3}}
    assert read_attachments(content) == (Attachment("mxc://a/b", "cat.png", "application/octet-stream", 0),)
    assert read_attachments({**content, "url": "https://evil.example"}) == ()


@pytest.mark.parametrize("content", [{}, {"body": None}, {"body": []}, {"msgtype": "m.text"}])
def test_a_message_without_text_is_malformed(content: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read_body(content, is_reply=False)
