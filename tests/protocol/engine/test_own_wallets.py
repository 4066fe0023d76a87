"""Members whose wallet the bridge does not hold: it is asked, and answers late, wrongly, or never."""

from __future__ import annotations

import pytest

from bridge.protocol.errors import AlreadyVoted, NotAsked, WrongSignature
from bridge.protocol.events import Signed
from tests.support.community import community
from tests.support.world import Peer, Wallet, World, closed


def _dora() -> tuple[World, Peer, Peer]:
    """The community, and Dora at bridge b with her own wallet, not a member yet."""
    world, a, b = community()
    b.host_own("dora")
    return world, a, b


def _dora_is_in() -> tuple[World, Peer, Peer]:
    world, a, b = _dora()
    b.join("dora")
    b.sign("dora")
    world.until(lambda: a.engine.status().ballot is not None)
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: b.hosted["dora"] in b.port.hosted() and world.agreed())
    return world, a, b


def _ban_of_bob(world: World, a: Peer, b: Peer) -> None:
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: b.engine.status().ballot is not None)


def test_a_join_waits_for_the_binding() -> None:
    world, a, b = _dora()
    b.join("dora")
    assert b.answers("dora") == ["join_requested", "sign_bind"]
    world.run(120)
    assert a.engine.status().ballot is None
    (question,) = b.asked("dora")
    assert question.purpose == "bind"
    assert question.message.startswith(
        b"demls wallet binding v1\naddress: 0x" + b.own["dora"].address.hex().encode()
    )


def test_the_question_is_the_same_after_a_crash() -> None:
    _, _, b = _dora()
    b.join("dora")
    (before,) = b.asked("dora")
    b.crash()
    b.start()
    assert b.asked("dora") == [before]
    b.join("dora")
    (after,) = b.asked("dora")
    assert after.message == before.message


def test_another_wallet_does_not_bind() -> None:
    world, a, b = _dora()
    b.join("dora")
    with pytest.raises(WrongSignature):
        b.sign("dora", by=Wallet("mallory"))
    with pytest.raises(WrongSignature):
        b.handle(Signed(b.asked("dora")[0].token, b"nonsense"))
    b.sign("dora")
    world.until(lambda: a.engine.status().ballot is not None)


def test_who_refuses_the_binding_is_not_asked_about_again() -> None:
    world, a, b = _dora()
    b.join("dora")
    b.refuse("dora")
    assert b.answers("dora")[-1] == "not_signed"
    world.run(120)
    assert b.asked("dora") == []
    assert a.engine.status().ballot is None


def test_who_leaves_before_signing_is_asked_no_more() -> None:
    _, _, b = _dora()
    b.join("dora")
    b.leave("dora")
    assert b.asked("dora") == []


def test_she_becomes_a_member_and_talks() -> None:
    world, a, b = _dora_is_in()
    b.say("dora", "hello")
    world.run(1)
    assert a.texts()[-1] == "hello"
    assert b.asked("dora") == []


def test_a_vote_counts_once_it_is_signed() -> None:
    world, a, b = _dora_is_in()
    _ban_of_bob(world, a, b)
    b.vote("dora", yes=True)
    assert b.answers("dora")[-1] == "sign_vote"
    (question,) = b.asked("dora")
    ballot = b.engine.status().ballot
    assert ballot is not None
    assert (question.purpose, question.ballot_id, question.yes) == ("vote", ballot.ballot_id, True)
    world.run(1)
    assert b.own["dora"].address not in ballot.yes
    b.crash()
    b.start()
    b.sign("dora")
    assert b.answers("dora")[-1] == "vote_counted"
    world.run(1)
    for peer in (a, b):
        seen = peer.engine.status().ballot
        assert seen is not None
        assert b.own["dora"].address in seen.yes
    with pytest.raises(AlreadyVoted):
        b.vote("dora", yes=False)


def test_a_vote_may_be_changed_until_it_is_signed() -> None:
    world, a, b = _dora_is_in()
    _ban_of_bob(world, a, b)
    b.vote("dora", yes=True)
    first = b.asked("dora")[0]
    b.vote("dora", yes=False)
    (second,) = b.asked("dora")
    assert not second.yes
    with pytest.raises(NotAsked):
        b.handle(Signed(first.token, b.own["dora"].sign(first.message)))
    b.sign("dora")
    ballot = b.engine.status().ballot
    assert ballot is not None
    assert ballot.no == (b.own["dora"].address,)


def test_a_vote_that_is_not_signed_in_time_is_void() -> None:
    world, a, b = _dora_is_in()
    _ban_of_bob(world, a, b)
    b.vote("dora", yes=True)
    world.until(lambda: bool(closed(b)) and b.engine.status().ballot is None)
    assert b.asked("dora") == []
    assert b.answers("dora")[-1] == "unknown_ballot"


def test_a_refused_vote_is_no_vote() -> None:
    world, a, b = _dora_is_in()
    _ban_of_bob(world, a, b)
    b.vote("dora", yes=True)
    b.refuse("dora")
    assert b.answers("dora")[-1] == "not_signed"
    b.vote("dora", yes=False)
    assert len(b.asked("dora")) == 1


def test_she_leaves_by_her_own_signature() -> None:
    world, a, b = _dora_is_in()
    address = b.own["dora"].address
    b.leave("dora")
    world.run(60)
    assert address in a.engine.status().members
    b.sign("dora")
    world.until(lambda: address not in a.engine.status().members and world.agreed())
    assert b.answers("dora")[-1] == "left"


def test_who_is_banned_is_asked_no_more() -> None:
    world, a, b = _dora_is_in()
    a.ban("alice", b.own["dora"].address)
    world.until(lambda: b.engine.status().ballot is not None)
    b.leave("dora")
    assert len(b.asked("dora")) == 1
    for voter in ("alice", "carol"):
        a.vote(voter, yes=True)
    b.vote("bob", yes=True)
    world.until(lambda: b.own["dora"].address not in b.engine.status().members)
    assert b.asked("dora") == []


def test_a_signature_that_nobody_asked_for() -> None:
    _, _, b = _dora()
    with pytest.raises(NotAsked):
        b.handle(Signed(99, b""))
