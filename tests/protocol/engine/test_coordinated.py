"""A group whose ballots and commits a contract orders: the machine's whole way, on both sides."""

from __future__ import annotations

from bridge.model.notices import BallotTally, State
from bridge.protocol.chain import Record, RelayVote
from tests.support.chain_community import on_chain, vote_all
from tests.support.world import Peer, World, closed


def _gone(world: World, a: Peer, b: Peer) -> bool:
    return b.hosted["bob"] not in a.engine.status().members and world.agreed()


def test_the_group_moves_to_the_chain() -> None:
    _, a, b, chain = on_chain()
    assert set(chain.contract.members) == set(a.engine.status().members)
    for peer in (a, b):
        assert peer.engine.status().chain_trouble == ""


def test_a_ban_takes_the_whole_way() -> None:
    world, a, b, chain = on_chain()
    a.ban("alice", b.hosted["bob"])
    vote_all(world, a, b)
    world.until(lambda: _gone(world, a, b))
    assert a.states() == [State.WAITING, State.VOTING, State.WAITING, State.WORKING]
    assert b.states() == [State.WAITING, State.VOTING, State.WORKING]
    assert chain.contract.number == 1
    assert set(chain.contract.members) == set(a.engine.status().members)
    for peer in (a, b):
        (result,) = closed(peer)
        assert (result.passed, result.yes_count, result.reason) == (True, 2, "")
        assert peer.engine.status().number == 1
        world.run(20)
        assert peer.engine.status().chain_ready


def test_nobody_is_out_before_the_record_is_confirmed() -> None:
    world, a, b, chain = on_chain()
    a.ban("alice", b.hosted["bob"])
    vote_all(world, a, b)
    world.until(lambda: any(isinstance(intent, Record) for intent in a.disk.intents.values()))
    world.until(lambda: chain.contract.number == 1)
    recorded = len(chain.blocks)
    while b.hosted["bob"] in a.engine.status().members:
        assert b.hosted["bob"] in b.engine.status().members
        assert a.state is State.WAITING
        world.run(0.25)
    assert len(chain.blocks) > recorded + chain.domain.confirmations - 1


def test_a_vote_is_answered_twice_and_shown_with_its_transaction() -> None:
    world, a, b, _ = on_chain()
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: b.engine.status().ballot is not None)
    ballot = b.engine.status().ballot
    assert ballot is not None
    assert len(ballot.transaction) == 32
    b.vote("bob", yes=False)
    assert b.answers("bob")[-1] == "vote_relayed"
    world.until(lambda: b.answers("bob")[-1] == "vote_counted")
    for peer in (a, b):
        assert [notice.voter for notice in peer.notices if isinstance(notice, BallotTally)] == [b.hosted["bob"]]


def test_a_direct_vote_counts_the_same() -> None:
    world, a, b, chain = on_chain()
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: b.engine.status().ballot is not None)
    a.vote("alice", yes=True)
    relayed = next(i for i in a.disk.intents.values() if isinstance(i, RelayVote))
    a.vote("carol", yes=True)
    carol = next(i for i in a.disk.intents.values() if isinstance(i, RelayVote) and i.voter != relayed.voter)
    del a.disk.intents[carol.key], a.disk.intent_states[carol.key]
    chain.strangers.append((carol, carol.voter))
    world.until(lambda: _gone(world, a, b))
    assert chain.contract.number == 1


def test_no_means_working_and_nothing_on_record() -> None:
    world, a, b, chain = on_chain()
    a.ban("alice", b.hosted["bob"])
    vote_all(world, a, b, yes=False)
    world.until(lambda: bool(closed(a)) and bool(closed(b)) and world.agreed())
    assert a.answers("alice")[-1] == "ban_failed"
    assert chain.contract.number == 0
    assert b.hosted["bob"] in a.engine.status().members


def test_silence_is_decided_at_the_deadline_by_the_chain() -> None:
    world, a, b, _ = on_chain()
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: b.engine.status().ballot is not None)
    a.vote("alice", yes=True)
    world.until(lambda: bool(closed(a)) and bool(closed(b)))
    assert [(c.passed, c.by_deadline) for c in closed(a)] == [(False, True)]
    world.run(60)
    assert world.agreed()


def test_a_member_comes_and_one_leaves() -> None:
    world, a, b, chain = on_chain()
    b.join("dora")
    vote_all(world, a, b)
    world.until(lambda: b.hosted["dora"] in b.port.hosted() and world.agreed())
    assert b.answers("dora")[-1] == "joined"
    b.leave("bob")
    world.until(lambda: _gone(world, a, b))
    assert chain.contract.number == 2
    assert set(chain.contract.members) == set(a.engine.status().members)
    assert b.answers("bob")[-1] == "left"
