"""What may go wrong between a group and its contracts: every way ends in Working, with all in agreement."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.model.notices import BallotTally, ChangeKind, State, StateChanged
from bridge.protocol.chain import Fact, Intent, OpenBallot, Record, RelayVote, Roster
from bridge.protocol.engine.coordinating import BEHIND
from bridge.protocol.events import ChainSeen, Start, TimerFired
from bridge.protocol.ports import Address
from bridge.protocol.types import Coordination
from tests.support.chain_community import move, on_chain, present, vote_all
from tests.support.community import community
from tests.support.model_chain import ModelChain
from tests.support.world import Peer, Wallet, World, closed


def _bob_is_out(world: World, a: Peer, b: Peer) -> bool:
    return b.hosted["bob"] not in a.engine.status().members and world.agreed()


def _causes(peer: Peer) -> list[str]:
    """What led back to Working."""
    changes = [notice for notice in peer.notices if isinstance(notice, StateChanged)]
    return [change.cause for change in changes if change.new is State.WORKING]


def _has(peer: Peer, kind: type[Intent]) -> bool:
    return any(isinstance(intent, kind) for intent in peer.disk.intents.values())


def _voted_ban() -> tuple[World, Peer, Peer, ModelChain]:
    """The votes for a ban are on their way; nothing is recorded."""
    world, a, b, chain = on_chain()
    a.ban("alice", b.hosted["bob"])
    vote_all(world, a, b)
    return world, a, b, chain


def test_chain_down_for_longer_than_a_ballot() -> None:
    world, a, b, chain = on_chain()
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: b.engine.status().ballot is not None)
    chain.down()
    a.vote("alice", yes=True)
    world.until(lambda: bool(closed(a)) and bool(closed(b)))
    for peer in (a, b):
        assert [(c.passed, c.reason) for c in closed(peer)] == [(False, "chain_unreachable")]
    assert a.answers("alice")[-1] == "chain_unreachable"
    for peer in (a, b):
        assert _causes(peer)[-1] == "no word from the chain"
    world.until(world.agreed)
    assert "could not be reached" in a.engine.status().chain_trouble
    a.say("alice", "still here")
    world.run(2)
    assert b.texts()[-1] == "still here"
    chain.up()
    a.ban("alice", b.hosted["bob"])
    vote_all(world, a, b)
    world.until(lambda: _bob_is_out(world, a, b))


def test_while_the_chain_is_away_no_round_begins_and_chat_flows() -> None:
    world, a, b, chain = on_chain()
    chain.down()
    world.run(30)
    b.join("dora")
    world.run(120)
    assert a.states() == []
    assert a.engine.status().queued == 1
    chain.up()
    vote_all(world, a, b)
    world.until(lambda: b.hosted["dora"] in b.port.hosted() and world.agreed())


def test_a_record_that_comes_late_is_adopted_from_working() -> None:
    world, a, b, chain = _voted_ban()
    world.until(lambda: _has(a, Record))
    chain.down()
    world.until(lambda: a.state is State.WORKING)
    assert a.answers("alice")[-1] == "record_delayed"
    assert b.hosted["bob"] in a.engine.status().members
    b.join("dora")
    world.run(60)
    assert a.state is State.WORKING
    assert a.engine.status().chain_trouble
    chain.up()
    world.until(lambda: _bob_is_out(world, a, b))
    vote_all(world, a, b)
    world.until(lambda: b.hosted["dora"] in b.port.hosted() and world.agreed())


def test_a_refused_record_is_tried_again_and_then_given_up() -> None:
    world, a, b, chain = _voted_ban()
    chain.refuse = lambda intent: "limit" if isinstance(intent, Record) else ""
    for _ in range(3):
        world.until(lambda: a.engine.status().ballot is None)
        world.until(lambda: bool(a.engine.status().ballot) or a.answers("alice")[-1] == "commit_failed")
        if a.engine.status().ballot is not None:
            vote_all(world, a, b)
    assert a.answers("alice")[-1] == "commit_failed"
    assert _causes(a).count("commit failed") == 3
    chain.refuse = lambda intent: ""
    world.settle()
    assert world.agreed()
    assert a.port.kept() == b""
    assert b.hosted["bob"] in a.engine.status().members


def test_a_ballot_that_cannot_be_opened() -> None:
    world, a, b, chain = on_chain()
    chain.refuse = lambda intent: "limit" if isinstance(intent, OpenBallot) else ""
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: a.answers("alice")[-1] == "commit_failed")
    world.settle()
    assert world.agreed()
    assert closed(a) == closed(b) == []
    assert "ballot not opened on the chain" in _causes(a)


def test_a_vote_that_the_contract_refuses_is_told() -> None:
    world, a, b, chain = on_chain()
    chain.refuse = lambda intent: "BadSignature" if isinstance(intent, RelayVote) else ""
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: b.engine.status().ballot is not None)
    b.vote("bob", yes=False)
    world.until(lambda: b.answers("bob")[-1] == "vote_not_taken")
    world.settle()
    assert world.agreed()


def test_a_reorganisation_takes_votes_and_a_record_away() -> None:
    world, a, b, chain = _voted_ban()
    world.until(lambda: any(block.facts for block in chain.blocks[-2:]))
    chain.reorganise(3)
    world.until(lambda: chain.contract.number == 1)
    chain.reorganise(3)
    assert chain.contract.number == 0
    assert b.hosted["bob"] in a.engine.status().members
    world.until(lambda: _bob_is_out(world, a, b))
    world.run(30)
    for peer in (a, b):
        voters = [notice.voter for notice in peer.notices if isinstance(notice, BallotTally)]
        assert len(voters) == len(set(voters))
        assert len(closed(peer)) == 1


def test_killed_between_the_commit_and_its_record() -> None:
    world, a, b, chain = _voted_ban()
    world.until(lambda: _has(a, Record))
    a.crash()
    world.run(30)
    assert chain.contract.number == 0
    a.start()
    assert a.port.kept()
    world.until(lambda: _bob_is_out(world, a, b))
    assert a.port.kept() == b""
    b.say("bob", "out")
    a.say("alice", "in")
    world.run(2)
    assert b.texts()[-1] == "in"


def test_killed_after_the_record_before_it_was_seen() -> None:
    world, a, b, chain = _voted_ban()
    world.until(lambda: chain.contract.number == 1)
    a.crash()
    world.run(30)
    assert b.hosted["bob"] in b.engine.status().members
    a.start()
    world.until(lambda: _bob_is_out(world, a, b))


def test_two_stewards_record_for_the_same_epoch() -> None:
    world, a, b, chain = on_chain(stewards=2)
    b.engine._core.state.steward = b.wallet.address
    b.handle(Start())
    b.leave("bob")  # b believes itself to be the steward
    a.leave("carol")
    for peer in (a, b):
        peer.handle(TimerFired("tick", peer.disk.timers["tick"][1]))
    world.until(lambda: _has(a, Record) and _has(b, Record))
    world.settle()
    world.until(world.agreed)
    firsts = [next(i for i in p.disk.intents.values() if isinstance(i, Record)) for p in (a, b)]
    assert len({(record.number, record.epoch) for record in firsts}) == 1
    assert chain.contract.number >= 1
    assert a.port.kept() == b.port.kept() == b""
    world.run(120)
    members = set(a.engine.status().members)
    assert members == set(chain.contract.members)
    assert world.agreed()


@pytest.mark.parametrize("lag", [0, 8])
def test_a_record_whose_commit_never_comes_leaves_the_way_to_waku(lag: int) -> None:
    """With a lag the other bridge gets the commit that leaves before it sees that commit's record."""
    world, a, b, chain = on_chain(stewards=2)
    a.ban("alice", b.hosted["bob"])
    vote_all(world, a, b)
    world.until(lambda: _has(a, Record))
    mine = next(intent for intent in a.disk.intents.values() if isinstance(intent, Record))
    chain.strangers.append((replace(mine, commit_hash=b"\x07" * 32), b.wallet.address))
    world.until(lambda: a.port.kept() == b"" and a.state is State.WORKING)
    b.join("dora")
    world.run(60)
    assert a.engine.status().chain_trouble == BEHIND, "and membership stands still"
    assert a.engine.status().ballot is None
    chain.lag["b"] = lag
    move(world, a, b, Coordination.WAKU)
    world.until(world.agreed)
    assert b.hosted["bob"] in a.engine.status().members, "nobody has adopted a commit that nobody has"
    vote_all(world, a, b)
    world.settle()
    assert world.agreed()


def test_a_follower_far_behind_holds_the_batch() -> None:
    world, a, b, chain = _voted_ban()
    chain.lag["b"] = 25
    world.until(lambda: b.hosted["bob"] not in a.engine.status().members)
    world.run(5)
    assert b.hosted["bob"] in b.engine.status().members
    chain.lag.clear()
    world.until(lambda: _bob_is_out(world, a, b))
    assert [(c.passed, c.yes_count) for c in closed(b)] == [(True, 2)]


def test_a_steward_far_behind_does_not_harm_the_others() -> None:
    world, a, b, chain = on_chain()
    chain.lag["a"] = 8
    a.ban("alice", b.hosted["bob"])
    vote_all(world, a, b)
    world.until(lambda: _bob_is_out(world, a, b))


def test_a_lost_batch_is_fetched_once_its_record_is_seen() -> None:
    world, a, b, chain = _voted_ban()
    world.until(lambda: chain.contract.number == 1)
    world.network.loss = 1.0
    world.until(lambda: b.hosted["bob"] not in a.engine.status().members)
    world.run(3)
    world.network.loss = 0.0
    world.until(lambda: _bob_is_out(world, a, b))


def test_a_late_joiner_takes_part() -> None:
    world, a, b, chain = on_chain()
    late = Peer(world, "late", create=False, group=a.group)
    service = replace(present(a), service_members=(*present(a).service_members, late.wallet.address))
    a.propose("alice", service)
    vote_all(world, a, b)
    world.until(lambda: late.wallet.address in present(b).service_members)
    assert a.answers("alice")[-1] == "propose_passed"
    world.peers.append(late)
    late.start()
    world.until(lambda: late.engine.status().chain_ready and world.agreed())
    assert chain.contract.number == 2
    a.ban("alice", b.hosted["bob"])
    vote_all(world, a, b)
    world.until(lambda: _bob_is_out(world, a, b))
    assert [(c.passed, c.yes_count) for c in closed(late)] == [(True, 2)]


def test_to_the_chain_and_back_and_again() -> None:
    world, a, b, chain = on_chain()
    move(world, a, b, Coordination.WAKU)
    world.until(world.agreed)
    assert chain.contract.number == 1
    a.ban("alice", b.hosted["bob"])
    vote_all(world, a, b)
    world.until(lambda: _bob_is_out(world, a, b))
    assert chain.contract.number == 1
    a.propose("alice", replace(present(a), coordination=Coordination.CONTRACT))
    world.until(lambda: a.engine.status().ballot is not None)
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: all(p.engine.status().chain_ready for p in (a, b)))
    assert set(chain.contract.members) == set(a.engine.status().members)
    a.leave("carol")
    world.until(lambda: a.hosted["carol"] not in a.engine.status().members and world.agreed())
    assert chain.contract.number == 3


def test_a_leave_asked_for_before_the_move_is_signed_for_the_contract() -> None:
    world, a, b = community(chain=True)
    world.at(world.now, lambda: None)
    a.propose("alice", replace(present(a), coordination=Coordination.CONTRACT))
    vote_all(world, a, b)
    b.leave("bob")  # held until Working
    world.until(lambda: b.engine.status().coordination is Coordination.CONTRACT)
    world.until(lambda: _bob_is_out(world, a, b))


def test_a_roster_that_lies_is_told_and_nothing_begins() -> None:
    world, a, b = community(chain=True)
    assert world.chain is not None

    def without_bob(fact: Fact) -> Fact:
        if isinstance(fact, Roster):
            return replace(fact, voters=tuple(v for v in fact.voters if v != b.hosted["bob"]))
        return fact

    world.chain.forge = without_bob
    move(world, a, b, Coordination.CONTRACT)
    world.until(lambda: a.refused["bad_roster"] == b.refused["bad_roster"] == 1)
    a.leave("carol")
    world.run(90)
    assert a.hosted["carol"] in a.engine.status().members
    for peer in (a, b):
        assert not peer.engine.status().chain_ready
        assert "another roster" in peer.engine.status().chain_trouble
        assert peer.state is State.WORKING


def test_a_roster_without_its_settings_is_not_followed() -> None:
    world, a, b = community(chain=True)
    assert world.chain is not None
    world.chain.forge = lambda fact: replace(fact, settings=b"") if isinstance(fact, Roster) else fact
    move(world, a, b, Coordination.CONTRACT)
    world.until(lambda: a.refused["bad_roster"] == b.refused["bad_roster"] == 1)
    for peer in (a, b):
        assert "another roster" in peer.engine.status().chain_trouble


def test_a_voted_policy_keeps_the_roster_good() -> None:
    world, a, b, chain = on_chain()
    a.propose("alice", replace(present(a), chat_during_ballot=True))
    vote_all(world, a, b)
    world.until(lambda: present(a).chat_during_ballot and present(b).chat_during_ballot)
    world.run(30)
    assert chain.contract.number == 1
    for peer in (a, b):
        assert peer.engine.status().chain_ready


def test_a_bridge_without_a_chain_takes_no_part_and_says_so() -> None:
    world, a, b, _ = on_chain()
    b.crash()
    b.has_chain = False
    b.start()
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: a.engine.status().ballot is not None)
    world.run(2)
    assert b.engine.status().ballot is None
    assert "no chain configured" in b.engine.status().chain_trouble
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: b.hosted["bob"] not in a.engine.status().members)
    b.crash()
    b.has_chain = True
    b.start()
    world.until(lambda: _bob_is_out(world, a, b))


def test_an_own_wallet_votes_by_typed_data_and_leaves_by_a_claim() -> None:
    world, a, b, chain = on_chain()
    b.host_own("dora")
    b.join("dora")
    b.sign("dora")
    vote_all(world, a, b)
    world.until(lambda: b.hosted["dora"] in b.port.hosted() and world.agreed())
    a.ban("alice", b.hosted["bob"])
    world.until(lambda: b.engine.status().ballot is not None)
    b.vote("dora", yes=True)
    (question,) = b.asked("dora")
    assert '"primaryType": "Vote"' in question.typed
    assert question.yes
    b.sign("dora")
    world.until(lambda: b.answers("dora")[-1] == "vote_counted")
    a.vote("alice", yes=True)
    a.vote("carol", yes=True)
    world.until(lambda: _bob_is_out(world, a, b))
    b.leave("dora")
    b.sign("dora")
    (claim,) = b.asked("dora")
    assert claim.purpose == "leave_claim"
    b.sign("dora")
    world.until(lambda: b.answers("dora")[-1] == "left" and world.agreed())
    assert set(chain.contract.members) == set(a.engine.status().members)


def test_a_stranger_opens_a_ballot_that_nobody_proposed() -> None:
    world, a, _, chain = on_chain()
    stray = OpenBallot(
        b"\7" * 32, ChangeKind.REMOVE, a.engine.status().epoch, int(world.now) + 40, (), (Wallet("x").address,)
    )
    chain.strangers.append((stray, Address(a.wallet.address)))
    world.run(8)
    assert "still open" in a.engine.status().chain_trouble
    a.leave("carol")
    world.until(lambda: a.hosted["carol"] not in a.engine.status().members and world.agreed())


def test_facts_before_the_group_is_joined_are_kept_bounded() -> None:
    world, _, b, _ = on_chain()
    for number in range(600):
        b.handle(ChainSeen(1_000 + number, int(world.now), ()))
    assert len(b.engine.snapshot()) < 100_000


_STEPS = st.sampled_from(
    [
        "ban",
        "join",
        "leave",
        "yes",
        "no",
        "down",
        "up",
        "crash a",
        "crash b",
        "start",
        "reorg",
        "lag",
        "loss",
        "run",
    ]
)


@settings(max_examples=12)
@given(st.lists(_STEPS, min_size=4, max_size=14), st.integers(0, 1_000))
def test_whatever_happens_it_ends_in_working_and_agreement(steps: list[str], seed: int) -> None:
    world, a, b, chain = on_chain(seed)
    for number, step in enumerate(steps):
        _do(world, a, b, chain, step, number)
        world.run(7)
    chain.lag.clear()
    chain.up()
    world.settle()
    world.run(200)
    assert world.agreed()
    assert set(chain.contract.members) == set(a.engine.status().members)
    assert a.port.kept() == b""


def _do(world: World, a: Peer, b: Peer, chain: ModelChain, step: str, number: int) -> None:
    match step:
        case "ban" if a.up and b.hosted["bob"] in a.engine.status().members:
            a.ban("alice", b.hosted["bob"])
        case "join" if b.up:
            b.join(f"guest {number}")
        case "leave" if a.up and a.hosted["carol"] in a.engine.status().members:
            a.leave("carol")
        case "yes" | "no":
            for peer, name in ((a, "alice"), (a, "carol"), (b, "bob")):
                ballot = peer.engine.status().ballot
                if peer.up and ballot and peer.hosted[name] in ballot.voters:
                    mine = peer.engine._core.state.chain.relayed
                    if peer.hosted[name] not in (*ballot.yes, *ballot.no, *mine):
                        peer.vote(name, yes=step == "yes")
        case "down":
            chain.down()
        case "up":
            chain.up()
        case "crash a" | "crash b":
            (a if step.endswith("a") else b).crash()
        case "start":
            for peer in (a, b):
                if not peer.up:
                    peer.start()
        case "reorg":
            chain.reorganise(3)
        case "lag":
            chain.lag["ab"[number % 2]] = 6
        case "loss":
            world.network.loss = 0.3 if world.network.loss == 0 else 0.0
