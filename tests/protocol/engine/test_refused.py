"""Bad input is refused, counted, and changes nothing: one test each."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bridge.protocol import errors
from bridge.protocol.ballots import votes as vote_codec
from bridge.protocol.ballots.ballot import Ballot, make, to_wire
from bridge.protocol.ballots.certificate import CERTIFICATE_LABEL, Certificate, seal
from bridge.protocol.ballots.votes import SignedVote
from bridge.protocol.batches import VotedRemove
from bridge.protocol.events import Payload, Topic
from bridge.protocol.ports import Address, Change, RemoveChange
from bridge.protocol.wire import demls_pb2 as pb
from tests.support.community import community, open_ban
from tests.support.world import Peer, Wallet, World


def facts(peer: Peer) -> object:
    """What must not change when something is refused."""
    status = peer.engine.status()
    return (status.epoch, status.members, status.state, status.queued, status.ballot, status.waiting_chat)


@contextmanager
def refused(peer: Peer, code: str) -> Iterator[None]:
    """What is received inside is refused with this code, counted, and changes nothing."""
    before, count = facts(peer), peer.refused[code]
    yield
    assert peer.refused[code] > count, dict(peer.refused)
    assert facts(peer) == before


def inside(sender: Peer, leaf: Address, message: pb.AppMessage) -> Payload:
    """What `leaf` of `sender` would publish, whatever its engine thinks of it."""
    return Payload(Topic.APP, sender.port.seal(leaf, message.SerializeToString()))


def forged_ballot(world: World, steward: Peer, target: Address) -> Ballot:
    """A ballot on the removal of `target`, of the present epoch."""
    status = steward.engine.status()
    opened = int(world.now)
    return make(
        group_id=b"room",
        epoch=status.epoch,
        retry_round=0,
        steward=steward.wallet.address,
        changes=(VotedRemove(target),),
        voters=tuple(Address(v) for v in status.voters),
        opened=opened,
        deadline=opened + 30,
    )


def signed(ballot: Ballot, wallet: Wallet, yes: bool, now: float) -> SignedVote:
    draft = vote_codec.draft(ballot, wallet.address, yes, int(now))
    return vote_codec.with_signature(draft, wallet.sign(vote_codec.signing_bytes(draft)))


def batch(steward: Peer, changes: list[Change], certificate: Certificate, now: float) -> Payload:
    """A batch that the steward's own rules would never have made; the steward's group stays as it is."""
    built = steward.port.build(changes, int(now))
    key = steward.port.exporter(CERTIFICATE_LABEL, hashlib.sha256(built.commit).digest(), 32)
    message = pb.BatchProposalsMessage(
        group_name=b"room",
        mls_proposals=built.proposals,
        commit_message=built.commit,
        epoch=steward.engine.status().epoch,
        sealed_certificate=seal(certificate, key),
    )
    steward.port.discard(built.token)
    return Payload(Topic.APP, pb.AppMessage(batch_proposals_message=message).SerializeToString())


@pytest.mark.parametrize("topic", list(Topic))
@pytest.mark.parametrize("data", [b"", b"\0", b"\0\1\0\2garbage", b"garbage", b"\xff" * 1000, b"\x0a\x02"])
def test_garbage(topic: Topic, data: bytes) -> None:
    _, _, b = community()
    before = facts(b)
    b.handle(Payload(topic, data))
    assert sum(b.refused.values()) == 1
    assert facts(b) == before


@pytest.mark.parametrize("topic", list(Topic))
def test_oversized(topic: Topic) -> None:
    _, _, b = community()
    with refused(b, "malformed"):
        b.handle(Payload(topic, b"\x0a" + b"\xff" * 10_000_000))


def test_foreign_epoch_vote() -> None:
    """A vote that was sealed in an epoch that is over."""
    world, a, b = community()
    open_ban(world, a, "alice", b.hosted["bob"])
    ballot = a.engine.voting.ballot()
    assert ballot is not None
    vote = signed(ballot, Wallet("person carol"), True, world.now)
    old = inside(a, a.hosted["carol"], pb.AppMessage(vote=vote_codec.to_wire(vote)))
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: b.hosted["bob"] not in b.engine.status().members)
    with refused(b, "wrong_epoch"):
        b.handle(old)


def test_foreign_epoch_batch() -> None:
    """A batch of an epoch that is over."""
    world, a, b = community()
    old = batch(a, [RemoveChange(b.hosted["bob"])], Certificate(), world.now)
    a.leave("carol")
    world.until(lambda: len(b.engine.status().voters) == 2)
    with refused(b, "wrong_epoch"):
        b.handle(old)


def test_forged_vote_signature() -> None:
    """A vote in Carol's name, sent by Carol's leaf, but not signed by Carol's wallet."""
    world, a, b = community()
    open_ban(world, a, "alice", b.hosted["bob"])
    ballot = a.engine.voting.ballot()
    assert ballot is not None
    draft = vote_codec.draft(ballot, a.hosted["carol"], True, int(world.now))
    forged = vote_codec.with_signature(draft, Wallet("nobody").sign(vote_codec.signing_bytes(draft)))
    with refused(b, "bad_signature"):
        b.handle(inside(a, a.hosted["carol"], pb.AppMessage(vote=vote_codec.to_wire(forged))))


def test_vote_in_somebody_elses_name() -> None:
    """Carol's properly signed vote, but carried by Alice's leaf."""
    world, a, b = community()
    open_ban(world, a, "alice", b.hosted["bob"])
    ballot = a.engine.voting.ballot()
    assert ballot is not None
    vote = signed(ballot, Wallet("person carol"), True, world.now)
    with refused(b, "bad_vote"):
        b.handle(inside(a, a.hosted["alice"], pb.AppMessage(vote=vote_codec.to_wire(vote))))


def test_vote_of_a_service_member() -> None:
    """Bridges have no vote."""
    world, a, b = community()
    open_ban(world, a, "alice", b.hosted["bob"])
    ballot = a.engine.voting.ballot()
    assert ballot is not None
    vote = signed(ballot, a.wallet, True, world.now)
    with refused(b, "bad_vote"):
        b.handle(inside(a, a.wallet.address, pb.AppMessage(vote=vote_codec.to_wire(vote))))


def test_vote_without_the_ballots_digest() -> None:
    world, a, b = community()
    open_ban(world, a, "alice", b.hosted["bob"])
    ballot = a.engine.voting.ballot()
    assert ballot is not None
    carol = Wallet("person carol")
    draft = dataclasses.replace(vote_codec.draft(ballot, carol.address, True, int(world.now)), digest=b"")
    vote = vote_codec.with_signature(draft, carol.sign(vote_codec.signing_bytes(draft)))
    with refused(b, "bad_vote"):
        b.handle(inside(a, carol.address, pb.AppMessage(vote=vote_codec.to_wire(vote))))


def test_changed_mind() -> None:
    """A voter who signs both ways: the first vote stands."""
    world, a, b = community()
    open_ban(world, a, "alice", b.hosted["bob"])
    ballot = a.engine.voting.ballot()
    assert ballot is not None
    carol = Wallet("person carol")
    yes, no = (signed(ballot, carol, way, world.now) for way in (True, False))
    b.handle(inside(a, carol.address, pb.AppMessage(vote=vote_codec.to_wire(yes))))
    with refused(b, "bad_vote"):
        b.handle(inside(a, carol.address, pb.AppMessage(vote=vote_codec.to_wire(no))))


def test_replayed_message() -> None:
    """The same MLS message again, past the shell's duplicate filter: its key is used up."""
    _, a, b = community()
    message = inside(a, a.hosted["alice"], pb.AppMessage(epoch_started=pb.EpochStarted()))
    b.handle(message)
    with refused(b, "undecryptable"):
        b.handle(message)


def test_ballot_by_somebody_who_is_no_steward() -> None:
    world, a, b = community()
    ballot = forged_ballot(world, a, a.hosted["carol"])
    wire = to_wire(dataclasses.replace(ballot, steward=b.wallet.address))
    with refused(a, "not_allowed"):
        a.handle(inside(b, b.wallet.address, pb.AppMessage(proposal=wire)))


def test_epoch_started_by_somebody_who_is_no_steward() -> None:
    _, a, b = community()
    started = pb.EpochStarted(group_id=b"room", epoch=a.engine.status().epoch, changes=1)
    with refused(a, "not_allowed"):
        a.handle(inside(b, b.hosted["bob"], pb.AppMessage(epoch_started=started)))


def test_batch_with_a_change_nobody_voted_on() -> None:
    """A steward that removes somebody without any ballot."""
    world, a, b = community()
    with refused(b, "bad_certificate"):
        b.handle(batch(a, [RemoveChange(b.hosted["bob"])], Certificate(), world.now))


def test_batch_with_another_change_than_the_one_voted_on() -> None:
    """Carol and Alice voted Bob out; the steward removes Carol with that certificate."""
    world, a, b = community()
    ballot = forged_ballot(world, a, b.hosted["bob"])
    votes = tuple(signed(ballot, Wallet(f"person {name}"), True, world.now) for name in ("alice", "carol"))
    certificate = Certificate(ballot, votes)
    with refused(b, "bad_batch"):
        b.handle(batch(a, [RemoveChange(a.hosted["carol"])], certificate, world.now))


def test_batch_with_too_few_votes() -> None:
    world, a, b = community()
    ballot = forged_ballot(world, a, b.hosted["bob"])
    votes = (signed(ballot, Wallet("person alice"), True, world.now),)
    with refused(b, "bad_certificate"):
        b.handle(batch(a, [RemoveChange(b.hosted["bob"])], Certificate(ballot, votes), world.now))


def test_batch_with_a_forged_vote() -> None:
    world, a, b = community()
    ballot = forged_ballot(world, a, b.hosted["bob"])
    good = signed(ballot, Wallet("person alice"), True, world.now)
    draft = vote_codec.draft(ballot, a.hosted["carol"], True, int(world.now))
    forged = vote_codec.with_signature(draft, Wallet("nobody").sign(vote_codec.signing_bytes(draft)))
    with refused(b, "bad_certificate"):
        b.handle(batch(a, [RemoveChange(b.hosted["bob"])], Certificate(ballot, (good, forged)), world.now))


def test_after_a_refused_batch_the_next_good_one_is_taken() -> None:
    world, a, b = community()
    bob = b.hosted["bob"]
    b.handle(batch(a, [RemoveChange(bob)], Certificate(), world.now))
    open_ban(world, a, "alice", bob)
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: bob not in b.engine.status().members)
    assert world.agreed()


def test_commit_outside_a_batch() -> None:
    world, a, b = community()
    built = a.port.build([RemoveChange(b.hosted["bob"])], int(world.now))
    a.port.discard(built.token)
    with refused(b, "not_allowed"):
        b.handle(Payload(Topic.APP, built.commit))


def test_wrong_binding() -> None:
    """A key package whose wallet binding was signed by another wallet is not let in."""
    world, a, b = community()
    stranger = Wallet("stranger")
    _, good = b.package_of("eve")
    package = bytearray(good)
    where = package.find(bytes(b.hosted["eve"]))
    package[where : where + 20] = stranger.address
    with pytest.raises(errors.ProtocolError):
        a.port.check_key_package(bytes(package), int(world.now))
    body = pb.JoinRequestBody(group_id=b"room", key_package=bytes(package), time=int(world.now))
    before, count = facts(a), sum(a.refused.values())
    from bridge.protocol.events import JoinRequestOpened

    a.handle(JoinRequestOpened(body.SerializeToString()))
    assert sum(a.refused.values()) == count + 1
    assert facts(a) == before


def test_clear_messages_that_belong_inside() -> None:
    _, _, b = community()
    ban = pb.AppMessage(ban_request=pb.BanRequest(user_to_ban=b.hosted["bob"], requester=b.hosted["bob"]))
    with refused(b, "malformed"):
        b.handle(Payload(Topic.APP, ban.SerializeToString()))


def test_ban_request_in_somebody_elses_name() -> None:
    _, a, b = community()
    ban = pb.BanRequest(user_to_ban=a.hosted["carol"], requester=a.hosted["alice"], group_id=b"room")
    with refused(a, "not_allowed"):
        a.handle(inside(b, b.hosted["bob"], pb.AppMessage(ban_request=ban)))


def test_a_flood_from_the_future_is_bounded_and_passes() -> None:
    """Headers are not authenticated: what claims to be of a later epoch takes little room, and for a while."""
    world, a, b = community()
    long = pb.AppMessage(conversation_message=pb.ConversationMessage(message=b"x" * 4_000))
    honest = inside(a, a.hosted["alice"], long).data
    where = honest.find(b"room") + 4
    epoch = int.from_bytes(honest[where : where + 8], "big")
    for number in range(600):
        ahead = (epoch + 1 + number % 3).to_bytes(8, "big")
        b.receive(Topic.APP, honest[:where] + ahead + honest[where + 8 : -2] + number.to_bytes(2, "big"))
    assert len(b.engine.snapshot()) < 2_000_000
    assert b.refused["queue_full"] > 0
    open_ban(world, a, "alice", b.hosted["bob"])
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: b.hosted["bob"] not in b.engine.status().members)
    a.say("alice", "here we are")
    world.run(30)
    assert b.texts() == ["here we are"]
    assert world.agreed()
