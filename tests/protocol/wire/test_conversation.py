"""Chat on the wire."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.ids import RoomRef
from bridge.model.message import Attachment, Author, Body, ChatMessage, MessageKind
from bridge.protocol.errors import Malformed
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb
from bridge.protocol.wire.conversation import conversation_from_wire, conversation_to_wire
from bridge.protocol.wire.text import clean_line, clean_text, clip

ALICE, BOB = Address(b"a" * 20), Address(b"b" * 20)
ID, OTHER_ID = bytes(range(16)), bytes(range(1, 17))
FULL = ChatMessage(
    message_id=ID,
    kind=MessageKind.EDIT,
    author=Author("matrix", "@alice:one", "Alice", "mxc://one/face", ALICE),
    body=Body("two\nlines\tand 👩‍🌾", "<b>two</b>"),
    time_ms=1_800_000_000_123,
    origin=RoomRef("matrix", "!room:one"),
    target=OTHER_ID,
    reply_to=OTHER_ID,
    thread=OTHER_ID,
    attachments=(Attachment("mxc://one/file", "plan.pdf", "application/pdf", 5, bytes(32), b"key"),),
    mentions=("matrix:@bob:one",),
)
PLAIN = ChatMessage(ID, MessageKind.MESSAGE, Author("matrix", "@alice:one", "Alice"), Body("hi"), 1)


def sent(message: ChatMessage, sender: Address = ALICE) -> ChatMessage:
    wire = conversation_to_wire(message, b"", 0)
    return conversation_from_wire(pb.ConversationMessage.FromString(wire.SerializeToString()), sender)[0]


@pytest.mark.parametrize("message", [FULL, PLAIN])
def test_roundtrip(message: ChatMessage) -> None:
    assert sent(message) == message


def test_order_goes_with_it() -> None:
    wire = conversation_to_wire(PLAIN, OTHER_ID, 7)
    assert conversation_from_wire(wire, ALICE)[1:] == (OTHER_ID, 7)


def test_nobody_speaks_in_a_members_name() -> None:
    assert sent(FULL).author.address == ALICE
    assert sent(FULL, sender=BOB).author.address == b""
    assert sent(PLAIN).author.address == b""


LINES = st.text(max_size=60).map(lambda text: clean_line(text, 256))


@given(
    st.builds(
        ChatMessage,
        message_id=st.binary(min_size=16, max_size=16),
        kind=st.sampled_from(MessageKind),
        author=st.builds(Author, LINES, LINES, LINES, LINES, st.just(b"")),
        body=st.builds(Body, st.text().map(clean_text), st.text().map(clean_text)),
        time_ms=st.integers(0, 2**53),
        target=st.just(OTHER_ID),
        mentions=st.lists(LINES, max_size=5).map(tuple),
    )
)
def test_any_clean_message_roundtrips(message: ChatMessage) -> None:
    assert sent(message) == message


@given(st.binary(max_size=300))
def test_garbage_raises_malformed_only(data: bytes) -> None:
    try:
        message = pb.ConversationMessage.FromString(data)
    except Exception:  # protobuf's own refusal, translated by the envelope's codec
        return
    try:
        conversation_from_wire(message, ALICE)
    except Malformed:
        return


@pytest.mark.parametrize(
    "changed",
    [
        {"message_id": b""},
        {"message_id": bytes(15)},
        {"kind": 9},
        {"target": b""},
        {"target": b"x"},
        {"reply_to": bytes(17)},
        {"thread": b"x"},
        {"after": b"x"},
        {"message": b"\xff\xfe"},
        {"message": b"x" * 32_769},
        {"html": "x" * 65_537},
        {"time_ms": 2**53 + 1},
        {"origin_room": "x" * 257},
    ],
)
def test_out_of_bounds(changed: dict[str, object]) -> None:
    wire = conversation_to_wire(FULL, b"", 0)
    for name, value in changed.items():
        setattr(wire, name, value)
    with pytest.raises(Malformed):
        conversation_from_wire(wire, ALICE)


@pytest.mark.parametrize(
    "extra",
    [
        pb.ConversationMessage(attachments=[pb.Attachment(reference="x")] * 10),
        pb.ConversationMessage(mentions=["x"] * 50),
        pb.ConversationMessage(mentions=["x" * 257]),
        pb.ConversationMessage(author=pb.Author(display_name="x" * 257)),
        pb.ConversationMessage(author=pb.Author(avatar="x" * 1_025)),
        pb.ConversationMessage(attachments=[pb.Attachment()]),
        pb.ConversationMessage(attachments=[pb.Attachment(reference="x" * 1_025)]),
        pb.ConversationMessage(attachments=[pb.Attachment(reference="x", size=2**60)]),
        pb.ConversationMessage(attachments=[pb.Attachment(reference="x", sha256=b"x")]),
        pb.ConversationMessage(attachments=[pb.Attachment(reference="x", key=bytes(257))]),
        pb.ConversationMessage(attachments=[pb.Attachment(reference="x", name="n" * 257)]),
    ],
)
def test_too_many_or_too_large_parts(extra: pb.ConversationMessage) -> None:
    wire = conversation_to_wire(FULL, b"", 0)
    wire.MergeFrom(extra)
    with pytest.raises(Malformed):
        conversation_from_wire(wire, ALICE)


def test_control_characters_do_not_pass() -> None:
    raw = replace(
        PLAIN,
        author=Author("matrix", "@a:one", "Al\u202eice\n\x00"),
        body=Body("a\x00b\x1b[31mc\r\n", "<i>\x07</i>"),
    )
    wire = conversation_to_wire(PLAIN, b"", 0)
    wire.message, wire.html = raw.body.plain.encode(), raw.body.html
    wire.author.display_name = raw.author.display_name
    for found in (sent(raw), conversation_from_wire(wire, ALICE)[0]):
        assert found.author.display_name == "Al ice"
        assert found.body == Body("ab[31mc\n", "<i></i>")


def test_what_is_too_long_to_send_is_cut_visibly() -> None:
    found = sent(replace(PLAIN, body=Body("ä" * 20_000, "x" * 70_000)))
    assert found.body.plain.endswith("ä […]")
    assert 32_000 < len(found.body.plain.encode()) <= 32_768
    assert found.body.html == ""


@pytest.mark.parametrize(
    "message",
    [
        replace(PLAIN, message_id=b"x"),
        replace(PLAIN, kind=MessageKind.REACTION),
        replace(PLAIN, attachments=FULL.attachments * 11),
        replace(PLAIN, attachments=(replace(FULL.attachments[0], reference="x" * 1_025),)),
        replace(PLAIN, attachments=(replace(FULL.attachments[0], reference="a\ud800b"),)),
    ],
)
def test_what_cannot_be_sent(message: ChatMessage) -> None:
    with pytest.raises(Malformed):
        conversation_to_wire(message, b"", 0)


def test_lone_surrogates_of_a_platform_do_no_harm() -> None:
    assert sent(replace(PLAIN, body=Body("a\ud800b"))).body.plain == "ab"


@given(st.text(), st.integers(0, 40))
def test_clean_lines_are_clean_bounded_and_stay_so(text: str, limit: int) -> None:
    found = clean_line(text, limit)
    assert len(found.encode()) <= limit
    assert clean_line(found, limit) == found
    assert found.isprintable() or not set(found) & set("\n\r\t\0\x1b\u202e\u2028")
    assert clean_text(clean_text(text)) == clean_text(text)


def test_clip_keeps_characters_whole() -> None:
    assert clip("aäö", 4) == "aä"
    assert clip("aäö", 5) == "aäö"
