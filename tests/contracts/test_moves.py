"""A group comes to the chain, leaves it, comes back; and whom that is allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.contracts.deployed import Contracts
from tests.support.contracts.group import Group, Kind, Terms
from tests.support.contracts.people import Person, people

STRANGER = Person("stranger")


def refusal(group: Group, call: Any, by: Person) -> tuple[object, ...]:
    """How it is refused; () when it goes through."""
    return group.contracts.refusal(call, by.address)


def leave_chain(group: Group) -> None:
    """The group votes for coordination by its own messages."""
    following = replace(group.terms, coordinated=False)
    asked = group.passed(Kind.POLICY, terms=following)
    group.record(group.commit(ballot=asked), terms=following)


def test_a_group_comes_with_its_roster(contracts: Contracts) -> None:
    voters, bridge = people(4), Person("bridge")
    terms = Terms(candidates=(bridge, voters[0]), services=(bridge, STRANGER))
    group = Group(contracts, voters[1], terms, voters, [bridge], epoch=41)
    receipt = contracts.do(group.creating(), group.creator.address)
    (created,) = contracts.events(contracts.registry, "GroupCreated", receipt)
    assert (created["group"], created["creator"]) == (group.key, group.creator.address)
    (placed,) = contracts.events(contracts.registry, "RosterSet", receipt)
    struct = terms.struct()
    assert placed == {
        "group": group.key,
        "number": 0,
        "epoch": 41,
        "candidates": struct[0],
        "voters": [voter.address for voter in voters],
        "serviceMembers": [bridge.address],
        "terms": terms.hash(),
        "policyHash": terms.policy_hash,
    }
    functions = contracts.registry.functions
    assert functions.candidatesOf(group.key).call() == struct[0]
    assert functions.servicesOf(group.key).call() == struct[1]
    assert functions.isMember(group.key, bridge.address).call() is True
    assert functions.isMember(group.key, STRANGER.address).call() is False
    assert functions.isVoter(group.key, bridge.address).call() is False


def test_a_name_belongs_to_its_creator(contracts: Contracts, group: Group) -> None:
    assert contracts.refusal(group.creating(), group.creator.address) == ("GroupRegistryExists", group.key)
    assert contracts.refusal(group.creating(), STRANGER.address) == ()
    name_hash = group.creating().args[0]
    key = contracts.registry.functions.groupKey(STRANGER.address, name_hash).call()
    assert key != group.key
    assert contracts.registry.functions.groupKey(group.creator.address, name_hash).call() == group.key


@pytest.mark.parametrize("what", ["nobody", "voter is service", "service is not", "twice", "not coordinated"])
def test_bad_rosters_are_refused(contracts: Contracts, what: str) -> None:
    voters, bridge = people(3), Person("bridge")
    terms = Terms((bridge,), services=(bridge,))
    wrong: tuple[Group, tuple[object, ...]]
    match what:
        case "nobody":
            wrong = (Group(contracts, bridge, terms, []), ("GroupRegistryBadList",))
        case "voter is service":
            group = Group(contracts, bridge, terms, [*voters, bridge])
            wrong = (group, ("GroupRegistryWrongRole", bridge.address.lower()))
        case "service is not":
            group = Group(contracts, bridge, replace(terms, services=()), voters, [bridge])
            wrong = (group, ("GroupRegistryWrongRole", bridge.address.lower()))
        case "twice":
            wrong = (Group(contracts, bridge, terms, [*voters, voters[0]]), ("GroupRegistryBadList",))
        case _:
            group = Group(contracts, bridge, replace(terms, coordinated=False), voters, [bridge])
            wrong = (group, ("GroupRegistryNotCoordinated", group.key))
    assert contracts.refusal(wrong[0].creating(), bridge.address) == wrong[1]


def test_an_unknown_group_is_named(contracts: Contracts) -> None:
    voters = people(2)
    group = Group(contracts, voters[0], Terms((voters[0],)), voters)
    unknown = ("GroupRegistryUnknown", group.key)
    assert refusal(group, group.recording(group.commit()), voters[0]) == unknown
    assert refusal(group, group.resuming(), voters[0]) == unknown
    assert refusal(group, contracts.registry.functions.groupOf(group.key), voters[0]) == unknown


def test_to_waku_and_back_and_again(contracts: Contracts, group: Group) -> None:
    member = group.voters[2]
    for turn in range(2):
        leave_chain(group)
        off = ("GroupRegistryNotCoordinated", group.key)
        commit = group.commit(claims=[group.claim(member, rejoins=True)])
        assert refusal(group, group.recording(commit), group.steward) == off
        opening = group.opening(group.question(Kind.ADD, adds=[STRANGER]))
        assert refusal(group, opening, group.steward)[0] == "BallotsNotSteward"
        # On Waku somebody went and somebody came; the epoch moved on.
        group.voters = sorted([*group.voters[:4], Person(f"late{turn}")])
        group.epoch += 10
        group.terms = replace(group.terms, coordinated=True)
        receipt = contracts.do(group.resuming(), group.creator.address)
        group.number += 1
        (placed,) = contracts.events(contracts.registry, "RosterSet", receipt)
        assert (placed["number"], placed["epoch"]) == (group.number, group.epoch)
        newcomer = Person(f"newcomer{turn}")
        asked = group.passed(Kind.ADD, adds=[newcomer])
        group.record(group.commit(adds=[newcomer], ballot=asked))
        group.voters = sorted([*group.voters, newcomer])
    seats = contracts.registry.functions.groupOf(group.key).call()
    assert (seats[1], seats[5]) == (6, 6)


def test_a_steward_brings_it_back_when_the_creator_is_gone(group: Group) -> None:
    leave_chain(group)
    steward = group.terms.candidates[1]
    for who in (STRANGER, group.voters[2]):
        call = group.resuming(coordinated=True)
        assert refusal(group, call, who) == ("GroupRegistryNotAllowed", group.key, who.address.lower())
    assert refusal(group, group.resuming(coordinated=False), steward)[0] == "GroupRegistryNotCoordinated"
    assert refusal(group, group.resuming(coordinated=True), steward) == ()


def test_a_roster_that_is_in_use_stays(group: Group) -> None:
    """The creator corrects a roster on which nothing was recorded; nobody else, and not under a ballot."""
    coordinated = ("GroupRegistryCoordinated", group.key)
    steward = group.terms.candidates[1]
    assert refusal(group, group.resuming(), steward) == coordinated
    assert refusal(group, group.resuming(), group.creator) == ()
    asked = group.open(group.question(Kind.ADD, adds=[STRANGER]))
    assert refusal(group, group.resuming(), group.creator) == ("GroupRegistryBallotOpen", group.key)
    group.vote(asked, yes=group.voters)
    group.record(group.commit(adds=[STRANGER], ballot=asked))
    assert refusal(group, group.resuming(), group.creator) == coordinated


def test_what_was_voted_under_another_roster_is_void(contracts: Contracts, group: Group) -> None:
    """A creator puts in their sybils, passes a ballot, and puts the true roster back: it can't be recorded."""
    truth = list(group.voters)
    group.voters = people(3, "sybil")
    contracts.do(group.resuming(), group.creator.address)
    asked = group.passed(Kind.ADD, adds=[STRANGER])
    group.voters = truth
    contracts.do(group.resuming(), group.creator.address)
    for number in (1, 2, 3):
        commit = group.commit(adds=[STRANGER], ballot=asked, number=number)
        name = "GroupRegistryNoBallot" if number == 3 else "GroupRegistryWrongNumber"
        assert refusal(group, group.recording(commit), group.creator)[0] == name


def test_a_group_locked_in_by_a_lie_leaves_all_the_same(group: Group) -> None:
    """A steward recorded an epoch far ahead; a voted policy that ends coordination may have the true one."""
    lie = group.commit(claims=[group.claim(group.voters[4], rejoins=True)], epoch=7 + 65_536)
    group.record(lie)
    group.epoch = 7
    staying = replace(group.terms, voting=90)
    asked = group.passed(Kind.POLICY, terms=staying)
    call = group.recording(group.commit(ballot=asked), staying)
    assert refusal(group, call, group.steward)[0] == "GroupRegistryWrongEpoch"
    leaving = replace(group.terms, coordinated=False)
    asked = group.passed(Kind.POLICY, terms=leaving)
    assert refusal(group, group.recording(group.commit(ballot=asked), leaving), group.steward) == ()


def test_the_contracts_know_each_other(group: Group) -> None:
    assert group.contracts.registry.functions.BALLOTS().call() == group.contracts.ballots.address
    assert group.contracts.ballots.functions.REGISTRY().call() == group.contracts.registry.address
    assert group.contracts.packages.functions.REGISTRY().call() == group.contracts.registry.address
