"""The four flows of the seed's README, by name, with real MLS groups on a fake clock."""

from __future__ import annotations

import pytest

from bridge.model.notices import MembersChanged, State
from bridge.protocol.errors import NotPermitted
from tests.support.community import community
from tests.support.world import Network, closed

W, A, V = State.WORKING, State.WAITING, State.VOTING


def test_scenario_1_no_proposals() -> None:
    """The steward stays in Working throughout the epoch."""
    world, a, b = community()
    epoch = a.engine.status().epoch
    world.run(60)
    assert a.states() == [] == b.states()
    assert a.engine.status().epoch == epoch


def test_scenario_2_successful_vote() -> None:
    """Steward Working, Waiting, Voting, Waiting, Working; others Working, Waiting, Voting, Working."""
    world, a, b = community()
    bob = b.hosted["bob"]
    a.ban("alice", bob, "spam")
    world.until(lambda: b.engine.status().ballot is not None)
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: bob not in b.engine.status().members)
    assert a.states() == [A, V, A, W]
    assert b.states() == [A, V, W]
    assert [c.passed for c in closed(a)] == [True] == [c.passed for c in closed(b)]
    assert "ban_passed" in a.answers("alice")
    for peer in (a, b):
        [told] = [each for each in peer.notices if isinstance(each, MembersChanged) and each.banned]
        assert told.reasons == ((bob, "spam"),), "every bridge tells its rooms why"
    assert world.agreed()


def test_scenario_3_failed_vote() -> None:
    """Steward and others Working, Waiting, Voting, Working; the batch is discarded, its requester told."""
    world, a, b = community()
    bob = b.hosted["bob"]
    epoch = a.engine.status().epoch
    a.ban("alice", bob)
    world.until(lambda: b.engine.status().ballot is not None)
    a.vote("carol", yes=False)
    b.vote("bob", yes=False)
    world.until(lambda: a.state is W and b.state is W)
    assert a.states() == [A, V, W]
    assert b.states() == [A, V, W]
    assert bob in a.engine.status().members
    assert a.engine.status().epoch == epoch
    assert a.answers("alice")[-1] == "ban_failed"
    world.run(60)
    assert a.engine.status().queued == 0
    assert a.states() == [A, V, W]


def test_scenario_4_proposals_disappear() -> None:
    """Working, Waiting, Working: what was to be done is done already when the vote would begin."""
    world, a, b = community()
    bob = b.hosted["bob"]
    a.ban("alice", bob)
    world.until(lambda: a.state is A)
    # The change vanishes between start_steward_epoch and start_voting: its subject is no member any more.
    a.engine.stewarding._core.state.collected[0].address = b"\1" * 20
    world.until(lambda: a.state is W and b.state is W)
    assert a.states() == [A, W]
    assert b.states() == [A, W]
    assert not closed(a)


def test_with_two_voters_nobody_can_be_banned() -> None:
    """The person on trial votes and counts; n = 2 needs both."""
    world, a, b = community()
    a.leave("carol")
    world.until(lambda: len(b.engine.status().voters) == 2)
    bob = b.hosted["bob"]
    a.ban("alice", bob)
    world.until(lambda: b.engine.status().ballot is not None)
    a.vote("alice", yes=True)
    world.run(60)
    assert bob in a.engine.status().members
    assert [c.passed for c in closed(a)] == [False]


def test_own_leave_needs_no_ballot() -> None:
    world, a, b = community()
    b.leave("bob")
    world.until(lambda: len(b.engine.status().voters) == 2)
    assert not closed(a)
    assert a.states() == [A, W]
    assert "left" in b.answers("bob")


def test_chat_waits_outside_working_and_keeps_its_order() -> None:
    """Chat during a ballot is shown in the bridge's own rooms at once and reaches the group afterwards."""
    world, a, b = community()
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: b.state is V)
    for number in range(5):
        b.say("bob", f"bob {number}")
        a.say("alice", f"alice {number}")
    world.run(2)
    assert a.engine.status().waiting_chat == b.engine.status().waiting_chat == 5
    assert b.texts() == [f"bob {n}" for n in range(5)]
    assert a.texts() == [f"alice {n}" for n in range(5)]
    world.run(60)
    assert sorted(a.texts()) == sorted(b.texts())
    assert [t for t in a.texts() if t.startswith("bob")] == [f"bob {n}" for n in range(5)]
    assert [t for t in b.texts() if t.startswith("alice")] == [f"alice {n}" for n in range(5)]


def test_chat_during_ballot_send_lets_chat_through() -> None:
    world, a, b = community(chat_during_ballot=True)
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: b.state is V)
    b.say("bob", "still talking")
    world.run(1)
    assert b.state is V
    assert a.texts() == ["still talking"]


def test_a_sleeping_group_does_not_ban_but_lets_in() -> None:
    world, a, b = community()
    a.ban("alice", b.hosted["bob"])
    b.join("dave")
    world.run(200)
    assert b.hosted["bob"] in a.engine.status().members
    assert b.hosted["dave"] not in a.engine.status().members  # nobody voted: min_votes is 1
    b.join("dave")
    world.until(lambda: a.engine.status().ballot is not None)
    a.vote("alice", yes=True)
    world.until(lambda: b.hosted["dave"] in b.engine.status().members)
    assert world.agreed()


def test_the_only_steward_cannot_be_banned() -> None:
    _, a, b = community()
    before = b.engine.snapshot()
    with pytest.raises(NotPermitted):
        b.ban("bob", a.wallet.address)
    assert b.engine.snapshot() == before


def test_an_idle_group_updates_its_leaves_daily() -> None:
    """A steward epoch without changes collects updates; no ballot is held, everybody moves on together."""
    world, a, b = community()
    epoch = a.engine.status().epoch
    world.run(86_400 + 60)
    assert a.engine.status().epoch == epoch + 1
    assert a.states() == [A, W] == b.states()
    assert not closed(a)
    assert world.agreed()
    b.say("bob", "still here")
    a.say("alice", "me too")
    world.run(1)
    assert sorted(a.texts()) == sorted(b.texts()) == ["me too", "still here"]


def test_a_lost_update_epoch_silences_nobody() -> None:
    """The commit that would have taken the update never comes: the leaf can send all the same."""
    world, a, b = community()
    world.run(86_400 - 60)
    world.until(lambda: a.state is A)
    world.run(0.1)
    world.network = Network(loss=1.0)
    world.run(30)
    a.crash()
    world.network = Network()
    b.say(None, "anybody?")
    assert b.engine.status().waiting_chat == 0
