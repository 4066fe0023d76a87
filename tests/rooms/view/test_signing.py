"""Own wallets are asked in words, answer by a signature or refuse, and nobody answers for another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bridge.conversation.conversation import ConversationStopped
from bridge.conversation.ports import Request, SignatureStatus, Signed
from bridge.model.ids import RoomRef
from bridge.model.notices import Notice
from bridge.model.view import SigningRequest, ViewError
from bridge.protocol.errors import WrongSignature
from tests.support.mirrors import PLATFORM, ROOM_A, ROOM_B, refuse
from tests.support.views import Heard, Outlook
from tests.support.wallets import Wallet

ALICE, BOB = Wallet("alice"), Wallet("bob")
VOTE = SignatureStatus(7, ALICE.address, "vote", b"a vote", 5, yes=True)
BIND = SignatureStatus(8, BOB.address, "bind", b"a binding")


def ask(outlook: Outlook, *signatures: SignatureStatus) -> None:
    """The group waits for these."""
    outlook.group.current = replace(outlook.group.current, signatures=signatures)


async def test_each_sees_what_he_is_asked(outlook: Outlook) -> None:
    ask(outlook, VOTE, BIND)
    (request,) = await outlook.view.signings(ROOM_A, ALICE.address)
    title = "Vote YES in vote 5 of the group lobby."
    assert request == SigningRequest("7", ALICE.address, "vote", title, "personal_sign", "0x" + b"a vote".hex())
    assert [each.request_id for each in await outlook.view.signings(ROOM_B, BOB.address)] == ["8"]
    assert await outlook.view.signings(ROOM_A, b"\x09" * 20) == ()


@pytest.mark.parametrize("purpose", ["bind", "vote", "leave", "rejoin", "publish", "something new"])
async def test_every_purpose_has_a_sentence(outlook: Outlook, purpose: str) -> None:
    ask(outlook, replace(VOTE, purpose=purpose))
    (request,) = await outlook.view.signings(ROOM_A, ALICE.address)
    assert "lobby" in request.title
    assert request.title.endswith(".")


@pytest.mark.parametrize("low_v", [False, True])
async def test_a_signature_goes_to_the_group(outlook: Outlook, low_v: bool) -> None:
    ask(outlook, VOTE)
    signature = ALICE.sign(VOTE.message)
    given = signature[:-1] + bytes([signature[-1] - 27]) if low_v else signature
    await outlook.view.sign(ROOM_A, "7", given)
    assert outlook.group.requests == [Signed(7, signature)]


async def test_a_refusal(outlook: Outlook) -> None:
    ask(outlook, VOTE)
    await outlook.view.sign(ROOM_A, "7", b"")
    assert outlook.group.requests == [Signed(7, b"")]


@pytest.mark.parametrize(
    ("room", "request_id", "signature"),
    [
        (ROOM_A, "9", b"\1" * 65),  # not asked
        (ROOM_A, "nonsense", b"\1" * 65),
        (ROOM_A, "7", b"\1" * 64),
        (RoomRef(PLATFORM, "nowhere"), "7", b"\1" * 65),
    ],
)
async def test_nonsense_is_refused(outlook: Outlook, room: RoomRef, request_id: str, signature: bytes) -> None:
    ask(outlook, VOTE)
    with pytest.raises(ViewError):
        await outlook.view.sign(room, request_id, signature)
    assert outlook.group.requests == []


async def test_what_the_group_refuses_is_said(outlook: Outlook) -> None:
    ask(outlook, VOTE)
    outlook.group.script = refuse(WrongSignature("not signed by 0xabc"))
    with pytest.raises(ViewError, match="not signed by 0xabc"):
        await outlook.view.sign(ROOM_A, "7", BOB.sign(VOTE.message))


async def test_while_the_bridge_stops(outlook: Outlook) -> None:
    ask(outlook, VOTE)

    def stopped(request: Request) -> Sequence[Notice]:
        raise ConversationStopped

    outlook.group.script = stopped
    with pytest.raises(ViewError, match="stopping"):
        await outlook.view.sign(ROOM_A, "7", b"\1" * 65)


async def test_a_new_question_is_told(outlook: Outlook) -> None:
    heard = Heard()
    outlook.view.watch(heard)
    ask(outlook, VOTE)
    await outlook.until(lambda: (ROOM_A, ()) in heard.calls and (ROOM_B, ()) in heard.calls)
