"""Ballots from opening to verdict: who may, when, once; and what the log says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.contracts.deployed import Contracts
from tests.support.contracts.group import FAILED, OPEN, PASSED, Group, Kind, Terms
from tests.support.contracts.people import Person, people

STRANGER = Person("stranger")


def test_a_ballot_is_open_and_says_so(contracts: Contracts, group: Group) -> None:
    asked = group.question(Kind.ADD, adds=[STRANGER])
    deadline = contracts.now() + 60
    receipt = contracts.do(group.opening(asked, deadline), group.steward.address)
    (event,) = contracts.events(contracts.ballots, "BallotOpened", receipt)
    assert event == {
        "group": group.key,
        "digest": asked.digest,
        "steward": group.steward.address,
        "kind": int(Kind.ADD),
        "epoch": 7,
        "changes": asked.changes,
        "deadline": deadline,
        "voters": 5,
    }
    assert group.verdict(asked) == OPEN
    assert contracts.ballots.functions.isOpen(group.key).call() is True


def test_only_stewards_open_ballots(contracts: Contracts, group: Group) -> None:
    call = group.opening(group.question(Kind.ADD, adds=[STRANGER]))
    for who in (STRANGER, group.voters[2]):
        assert contracts.refusal(call, who.address) == (
            "BallotsNotSteward",
            group.key,
            who.address.lower(),
        )


def test_a_candidate_that_is_no_member_is_no_steward(contracts: Contracts) -> None:
    voters = people(2)
    group = Group(contracts, voters[0], Terms(candidates=(voters[0], STRANGER)), voters).create()
    call = group.opening(group.question(Kind.ADD, adds=[Person("x")]))
    assert contracts.refusal(call, STRANGER.address)[0] == "BallotsNotSteward"
    assert contracts.refusal(call, voters[0].address) == ()


def test_one_ballot_at_a_time_and_no_digest_twice(contracts: Contracts, group: Group) -> None:
    first = group.open(group.question(Kind.ADD, adds=[STRANGER]))
    second = group.question(Kind.REMOVE, removes=[group.voters[4]])
    assert contracts.refusal(group.opening(second), group.steward.address) == (
        "BallotsAnotherIsOpen",
        first.digest,
    )
    assert contracts.refusal(group.opening(first), group.steward.address) == ("BallotsBadDigest", first.digest)
    group.vote(first, no=group.voters[:2])
    assert contracts.refusal(group.opening(first), group.steward.address) == ("BallotsBadDigest", first.digest)
    empty = replace(second, digest=bytes(32))
    assert contracts.refusal(group.opening(empty), group.steward.address) == ("BallotsBadDigest", bytes(32))


def test_opening_decides_a_ballot_that_has_expired(contracts: Contracts, group: Group) -> None:
    first = group.open(group.question(Kind.ADD, adds=[STRANGER]))
    group.expire(first)
    second = group.question(Kind.REMOVE, removes=[group.voters[4]])
    receipt = contracts.do(group.opening(second), group.steward.address)
    (decided,) = contracts.events(contracts.ballots, "BallotDecided", receipt)
    assert (decided["digest"], decided["passed"], decided["byDeadline"]) == (first.digest, False, True)
    assert group.verdict(second) == OPEN


@pytest.mark.parametrize(("ahead", "fine"), [(29, False), (31, True), (119, True), (122, False)])
def test_the_deadline_leaves_half_the_voting_time_and_not_more_than_all(
    contracts: Contracts, group: Group, ahead: int, fine: bool
) -> None:
    """Measured from the block that opens it, some seconds of play for the steward's clock."""
    deadline = contracts.now() + ahead
    refusal = contracts.refusal(
        group.opening(group.question(Kind.ADD, adds=[STRANGER]), deadline), group.steward.address
    )
    assert refusal == (() if fine else ("BallotsBadDeadline", deadline))


def test_without_a_voter_there_is_nothing_to_open(contracts: Contracts) -> None:
    bridge = Person("bridge")
    group = Group(contracts, bridge, Terms((bridge,), services=(bridge,)), [], [bridge]).create()
    call = group.opening(group.question(Kind.ADD, adds=[STRANGER]))
    assert contracts.refusal(call, bridge.address) == ("BallotsNoVoters", group.key)


def test_direct_votes_decide_as_soon_as_it_is_certain(contracts: Contracts, group: Group) -> None:
    asked = group.open(group.question(Kind.ADD, adds=[STRANGER]))
    cast = contracts.ballots.functions.castVote
    for number, voter in enumerate(group.voters[:4]):
        receipt = contracts.do(cast(group.key, asked.digest, True), voter.address)
        (event,) = contracts.events(contracts.ballots, "VoteCast", receipt)
        assert list(event.values()) == [group.key, asked.digest, voter.address, True]
        decided = contracts.events(contracts.ballots, "BallotDecided", receipt)
        assert [event["passed"] for event in decided] == ([True] if number == 3 else [])
    assert group.verdict(asked) == PASSED
    late = cast(group.key, asked.digest, False)
    assert contracts.refusal(late, group.voters[4].address) == ("BallotsClosed", asked.digest)


def test_a_vote_stands(contracts: Contracts, group: Group) -> None:
    asked = group.open(group.question(Kind.ADD, adds=[STRANGER]))
    voter = group.voters[0]
    cast = contracts.ballots.functions.castVote
    assert contracts.ballots.functions.hasVoted(group.key, asked.digest, voter.address).call() is False
    contracts.do(cast(group.key, asked.digest, False), voter.address)
    assert contracts.ballots.functions.hasVoted(group.key, asked.digest, voter.address).call() is True
    for yes in (True, False):
        again = cast(group.key, asked.digest, yes)
        assert contracts.refusal(again, voter.address) == ("BallotsAlreadyVoted", voter.address.lower())


def test_only_voters_vote(contracts: Contracts, group: Group) -> None:
    asked = group.open(group.question(Kind.ADD, adds=[STRANGER]))
    cast = contracts.ballots.functions.castVote(group.key, asked.digest, True)
    for who in (STRANGER, group.creator):
        assert contracts.refusal(cast, who.address) == ("BallotsNotAVoter", who.address.lower())


def test_no_vote_from_the_deadline_on_and_no_verdict_before(contracts: Contracts, group: Group) -> None:
    asked = group.open(group.question(Kind.ADD, adds=[STRANGER]))
    group.vote(asked, yes=group.voters[:1])
    finalize = contracts.ballots.functions.finalize(group.key, asked.digest)
    deadline = contracts.ballots.functions.outcome(group.key, asked.digest).call()[7]
    assert contracts.refusal(finalize, STRANGER.address) == ("BallotsTooEarly", deadline)
    group.expire(asked)
    assert contracts.now() == deadline
    cast = contracts.ballots.functions.castVote(group.key, asked.digest, True)
    assert contracts.refusal(cast, group.voters[1].address) == ("BallotsClosed", asked.digest)
    receipt = contracts.do(finalize, STRANGER.address)
    (event,) = contracts.events(contracts.ballots, "BallotDecided", receipt)
    assert list(event.values()) == [group.key, asked.digest, True, 1, 0, True]
    assert contracts.refusal(finalize, STRANGER.address) == ("BallotsAlreadyDecided", asked.digest)
    assert contracts.ballots.functions.isOpen(group.key).call() is False


def test_each_kind_has_its_rule_for_the_silent(group: Group) -> None:
    """Adds abstain, removals and policies reject: one YES of five adds, and does nothing else."""
    following = replace(group.terms, voting=90)
    for kind, changed, verdict in (
        (Kind.ADD, {"adds": [STRANGER]}, PASSED),
        (Kind.REMOVE, {"removes": [group.voters[4]]}, FAILED),
        (Kind.POLICY, {"terms": following}, FAILED),
    ):
        asked = group.open(group.question(kind, **changed))
        group.vote(asked, yes=group.voters[:1])
        group.expire(asked)
        finalize = group.contracts.ballots.functions.finalize(group.key, asked.digest)
        group.contracts.do(finalize, STRANGER.address)
        assert group.verdict(asked) == verdict, kind


def test_unknown_ballots_are_named(contracts: Contracts, group: Group) -> None:
    nothing = group.question(Kind.ADD, adds=[STRANGER])
    functions = contracts.ballots.functions
    vote = group.signed(nothing, group.voters[0], True)
    for call in (
        functions.castVote(group.key, nothing.digest, True),
        functions.castVoteBySig(group.key, nothing.digest, vote),
        functions.castVotesBySig(group.key, nothing.digest, [vote]),
        functions.finalize(group.key, nothing.digest),
        functions.outcome(group.key, nothing.digest),
    ):
        assert contracts.refusal(call, group.voters[0].address) == ("BallotsUnknown", nothing.digest)
