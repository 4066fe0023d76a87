"""What a hostile review asked for: all but the first failed once."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import pytest

from bridge.model.ids import RoomRef
from bridge.model.message import Attachment, Author, Body, ChatMessage, MessageKind
from bridge.model.notices import State
from bridge.protocol import errors
from bridge.protocol.ballots.certificate import Certificate
from bridge.protocol.ballots.claims import RejoinClaim
from bridge.protocol.batches import key_package_hash
from bridge.protocol.engine.queued import QueuedChange
from bridge.protocol.engine.state import MAX_HELD
from bridge.protocol.events import JoinRequestOpened, Payload, SendChat
from bridge.protocol.ports import AddChange, Change, RemoveChange
from bridge.protocol.wire import demls_pb2 as pb
from bridge.protocol.wire.codec import conversation_to_wire
from tests.protocol.engine.test_refused import batch, inside, refused
from tests.support.community import community, open_ban
from tests.support.world import Peer, Wallet


def chat(number: int, text: str = "hello") -> ChatMessage:
    """A message of somebody on bridge b."""
    return ChatMessage(
        hashlib.sha256(b"review %d" % number).digest()[:16],
        MessageKind.MESSAGE,
        Author("test", "bob", "bob"),
        Body(text),
        1_800_000_000_000,
        RoomRef("test", "b"),
    )


def from_bob(b: Peer, message: ChatMessage, after: bytes = b"", after_epoch: int = 0) -> Payload:
    """As Bob's leaf would send it, whatever his engine thinks."""
    wire = conversation_to_wire(message, after, after_epoch)
    return inside(b, b.hosted["bob"], pb.AppMessage(conversation_message=wire))


def test_a_banned_member_is_silent() -> None:
    """Past epochs' chat still opens, but not that of a leaf that is gone."""
    world, a, b = community()
    late = from_bob(b, chat(1, "still here"))
    ban = pb.BanRequest(user_to_ban=a.hosted["carol"], requester=b.hosted["bob"], group_id=b"room")
    revenge = inside(b, b.hosted["bob"], pb.AppMessage(ban_request=ban))
    open_ban(world, a, "alice", b.hosted["bob"])
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: b.hosted["bob"] not in a.engine.status().members)
    for payload in (late, revenge):
        with refused(a, "undecryptable"):
            a.handle(payload)
    assert a.texts() == []


@pytest.mark.parametrize(
    "bad",
    [
        {"attachments": (Attachment("mxc://x", "x", "x/y", 1),) * 11},
        {"time_ms": -1},
        {"time_ms": 2**64},
        {"kind": MessageKind.EDIT},
    ],
)
def test_a_message_that_cannot_be_sent_is_refused_to_its_sender(bad: dict[str, Any]) -> None:
    """The platform's content is from outside: anything but a LocalError would stop the other events too."""
    _, a, _ = community()
    before = a.engine.snapshot()
    with pytest.raises(errors.LocalError):
        a.engine.handle(SendChat(dataclasses.replace(chat(2), **bad), None), 1_800_000_000.0)
    assert a.engine.snapshot() == before


def test_strangers_cannot_take_the_room_of_bans() -> None:
    _, a, b = community()
    queue = a.engine._core.state.queue
    for number in range(1_000):
        address = hashlib.sha256(b"stranger %d" % number).digest()[:20]
        try:
            a.engine.stewarding.enqueue(QueuedChange("add", address, requester=address))
        except errors.QueueFull:
            break
    assert len(queue) < 1_000
    a.ban("alice", b.hosted["bob"])
    assert a.engine._core.state.queue[-1].kind == "remove"


def test_a_rejoin_claim_acts_once() -> None:
    """A steward that carries out the same rejoin again would evict the member: the key package is used up."""
    world, a, b = community()
    bob = b.hosted["bob"]
    package = b.port.key_package(bob, int(world.now))
    epoch = a.engine.status().epoch
    claim = RejoinClaim(b"room", bob, epoch, key_package_hash(package), int(world.now))
    claim = claim.with_signature(Wallet("person bob").sign(claim.signing_bytes()))
    body = pb.JoinRequestBody(
        group_id=b"room", key_package=package, time=claim.time, epoch=epoch, rejoin_signature=claim.signature
    )
    a.handle(JoinRequestOpened(body.SerializeToString()))
    world.until(lambda: b.engine.status().epoch == epoch + 1)
    changes: list[Change] = [RemoveChange(bob), AddChange(bob, package)]
    with refused(b, "bad_certificate"):
        b.handle(batch(a, changes, Certificate(rejoins=(claim,)), world.now))


def test_a_key_package_about_to_expire_does_not_spoil_the_batch() -> None:
    """One that is good when it is asked for but not when the vote is over would fail everybody's batch."""
    world, a, b = community()
    life = 28 * 86_400 - 3_600  # it counts from an hour back
    eve, stale = b.package_of("eve", world.now - life + 45)
    dave, fresh = b.package_of("dave")
    for package in (stale, fresh):
        body = pb.JoinRequestBody(group_id=b"room", key_package=package, time=int(world.now))
        a.handle(JoinRequestOpened(body.SerializeToString()))
    assert {q.address for q in a.engine._core.state.queue} == {eve, dave}
    world.until(lambda: a.engine.status().ballot is not None)
    ballot = a.engine.status().ballot
    assert ballot is not None
    assert [change.subject for change in ballot.changes] == [dave]


def test_held_messages_are_bounded_and_chat_among_them_is_not_lost() -> None:
    """One member fills the room of messages that wait for Working; another's chat still comes through."""
    world, a, b = community()
    open_ban(world, a, "alice", a.hosted["carol"])
    sent = MAX_HELD + 5
    for number in range(sent):
        a.handle(from_bob(b, chat(100 + number, str(number))))
    a.vote("alice", yes=False)
    a.vote("carol", yes=False)
    world.until(lambda: a.state is State.WORKING)
    assert sorted(map(int, a.texts())) == list(range(sent))


def test_one_member_cannot_crowd_out_early_votes() -> None:
    _, a, b = community()
    for number in range(300):
        junk = pb.Vote(vote_id=1, vote_owner=b.hosted["bob"], proposal_id=number + 1, vote_hash=bytes(32))
        a.handle(inside(b, b.hosted["bob"], pb.AppMessage(vote=junk)))
    assert len(a.engine._core.state.early) <= 4


def test_chat_with_unknown_predecessors_is_bounded_in_bytes() -> None:
    _, a, b = community()
    for number in range(200):
        a.handle(from_bob(b, chat(5_000 + number, "x" * 30_000), bytes([number]) * 16, 1_000))
    assert len(a.engine.snapshot()) < 5_000_000


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_ballot_ends_after_a_restart_that_lost_its_timers(name: str) -> None:
    """The shell drops a timer whose event it had to give up; the engine must not hang on it."""
    world, a, b = community()
    open_ban(world, a, "alice", b.hosted["bob"])
    peer = {"a": a, "b": b}[name]
    peer.crash()
    peer.disk.timers.clear()
    peer.start()
    assert [peer.state] == [State.VOTING]
    world.run(120)
    assert [peer.state] == [State.WORKING]
    assert world.agreed()
