"""Members whose wallet the bridge does not hold: it is asked, and answers late, wrongly, or never."""

from __future__ import annotations

import pytest

from bridge.protocol.errors import AlreadyVoted, NotAsked, WrongSignature
from bridge.protocol.events import Signed
from tests.support.chain_community import on_chain
from tests.support.community import community
from tests.support.world import Network, Peer, Wallet, World, closed


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
    assert b.asked("dora") == [before]
    assert b.answers("dora").count("sign_bind") == 2


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
    world.run(2)
    b.vote("dora", yes=True)
    assert b.asked("dora") == [first]  # he may be signing it now
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
    (question,) = b.asked("dora")
    world.run(60)
    b.leave("dora")
    assert b.asked("dora") == [question]
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


def _dora_is_lost() -> tuple[World, Peer, Peer]:
    """Her leaf is not here any more, and she has asked to come back."""
    world, a, b = _dora_is_in()
    b.port.forget(b.own["dora"].address)
    b.join("dora")
    return world, a, b


def test_a_rejoin_asks_for_the_same_until_it_is_signed() -> None:
    world, _, b = _dora_is_lost()
    (question,) = b.asked("dora")
    assert question.purpose == "rejoin"
    told = b.answers("dora").count("sign_rejoin")
    for _ in range(4):  # announcements come and go, and so does the bridge
        world.run(60)
        b.crash()
        b.start()
        assert b.asked("dora") == [question]
    assert b.answers("dora").count("sign_rejoin") == told
    b.join("dora")
    assert b.asked("dora") == [question]
    b.sign("dora")
    world.until(lambda: b.own["dora"].address in b.port.hosted() and world.agreed())
    assert b.answers("dora")[-1] == "joined"
    assert b.asked("dora") == []


def test_a_rejoin_that_can_not_be_in_time_any_more_is_asked_for_anew() -> None:
    world, a, b = _dora_is_lost()
    (first,) = b.asked("dora")
    world.until(lambda: b.asked("dora")[0].token != first.token, 900)
    (second,) = b.asked("dora")
    b.leave("bob")
    world.until(lambda: b.hosted["bob"] not in a.engine.status().members)
    world.until(lambda: b.asked("dora")[0].token != second.token, 900)
    b.sign("dora")
    world.until(lambda: b.own["dora"].address in b.port.hosted() and world.agreed())


def test_a_rejoin_signed_too_late_is_asked_for_again_at_once() -> None:
    world, a, b = _dora_is_lost()
    (first,) = b.asked("dora")
    a.crash()  # no announcement comes
    world.run(700)
    b.sign("dora")
    (second,) = b.asked("dora")
    assert (second.purpose, second.message != first.message) == ("rejoin", True)
    a.start()
    b.sign("dora")
    world.until(lambda: b.own["dora"].address in b.port.hosted() and world.agreed())


def test_a_signed_rejoin_that_got_lost_is_sent_again_and_not_asked_for_again() -> None:
    world, _, b = _dora_is_lost()
    world.network = Network(loss=1.0)
    b.sign("dora")
    world.run(1)
    world.network = Network()
    told = b.answers("dora").count("sign_rejoin")
    world.until(lambda: b.own["dora"].address in b.port.hosted() and world.agreed())
    assert b.answers("dora").count("sign_rejoin") == told


@pytest.mark.parametrize("what", ["rejoin", "leave"])
def test_for_the_contract_there_are_two_questions_that_stay(what: str) -> None:
    world, a, b, _ = on_chain()
    address = b.host_own("dora").address
    b.join("dora")
    b.sign("dora")
    world.until(lambda: a.engine.status().ballot is not None)
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: address in b.port.hosted() and world.agreed())
    rejoins = what == "rejoin"
    if rejoins:
        b.port.forget(address)
    ask = b.join if rejoins else b.leave
    ask("dora")
    for purpose in (what, f"{what}_claim"):
        (question,) = b.asked("dora")
        assert question.purpose == purpose
        world.run(100)
        ask("dora")
        assert b.asked("dora") == [question]
        b.sign("dora")
    world.until(lambda: (address in b.port.hosted()) is rejoins and world.agreed())


def test_a_signature_that_nobody_asked_for() -> None:
    _, _, b = _dora()
    with pytest.raises(NotAsked):
        b.handle(Signed(99, b""))
