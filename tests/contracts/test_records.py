"""Commits get their number: who may record what, with which ballot, and what it does to the roster."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from web3.types import Wei

from tests.support.contracts.deployed import Contracts
from tests.support.contracts.group import ZERO, Group, Kind, Terms
from tests.support.contracts.people import Person, people

STRANGER, NEWCOMER = Person("stranger"), Person("newcomer")


def refusal(group: Group, commit: tuple[Any, ...], by: Person | None = None, terms: Terms | None = None) -> Any:
    """How a record is refused; () when it goes through."""
    return group.contracts.refusal(group.recording(commit, terms), (by or group.steward).address)


def seat(group: Group, person: Person) -> tuple[bool, bool, bool, int]:
    """(member, candidate, service, since)."""
    found = group.contracts.registry.functions.seatOf(group.key, person.address).call()
    return (found[0], found[1], found[2], found[3])


def state(group: Group) -> dict[str, Any]:
    """The group as the chain has it."""
    names = "creator number coordinated epoch setAt voters generation rules lastCommit policyHash"
    return dict(
        zip(names.split(" "), group.contracts.registry.functions.groupOf(group.key).call(), strict=True)
    )


# ---- with a ballot ----


def test_voted_adds_are_recorded_and_said(contracts: Contracts, group: Group) -> None:
    adds = people(3, "new")
    asked = group.passed(Kind.ADD, adds=adds)
    commit = group.commit(adds=adds, ballot=asked)
    receipt = group.record(commit)
    (event,) = contracts.events(contracts.registry, "CommitRecorded", receipt)
    assert event == {
        "group": group.key,
        "number": 1,
        "committer": group.steward.address,
        "epoch": 7,
        "commitHash": commit[2],
        "ballot": asked.digest,
        "adds": [person.address for person in adds],
        "removes": [],
        "leaves": [],
        "coordinated": True,
    }
    assert [seat(group, person) for person in adds] == [(True, False, False, 8)] * 3
    found = state(group)
    assert (found["number"], found["epoch"], found["voters"], found["lastCommit"]) == (1, 8, 8, commit[2])


def test_a_voted_removal_takes_the_vote_and_the_stewardship(contracts: Contracts, group: Group) -> None:
    banned = group.voters[1]
    asked = group.passed(Kind.REMOVE, removes=[banned])
    group.record(group.commit(removes=[banned], ballot=asked))
    assert seat(group, banned)[:2] == (False, True)
    assert contracts.registry.functions.maySteward(group.key, banned.address).call() is False
    assert state(group)["voters"] == 4
    following = group.open(group.question(Kind.ADD, adds=[STRANGER]))
    vote = contracts.ballots.functions.castVote(group.key, following.digest, True)
    assert contracts.refusal(vote, banned.address)[0] == "BallotsNotAVoter"


def test_only_what_was_voted_is_recorded(group: Group) -> None:
    asked = group.passed(Kind.ADD, adds=[STRANGER])
    other = ("GroupRegistryOtherChanges",)
    banned = group.voters[4]
    for adds, removes in (
        ([NEWCOMER], []),
        ([STRANGER, NEWCOMER], []),
        ([], [banned]),
        ([STRANGER], [banned]),
        ([], []),
    ):
        assert refusal(group, group.commit(adds, removes, ballot=asked)) == other, (adds, removes)
    assert refusal(group, group.commit(ballot=asked, adds=[STRANGER])) == ()


def test_nobody_is_voted_out_in_a_parcel(group: Group) -> None:
    two = group.voters[3:5]
    asked = group.passed(Kind.REMOVE, removes=two)
    assert refusal(group, group.commit(removes=two, ballot=asked)) == ("GroupRegistryOtherChanges",)


def test_at_most_fifty_adds(group: Group) -> None:
    crowd = people(51, "crowd")
    asked = group.passed(Kind.ADD, adds=crowd)
    assert refusal(group, group.commit(adds=crowd, ballot=asked)) == ("GroupRegistryOtherChanges",)
    group.record(group.commit(claims=[group.claim(group.voters[4], rejoins=True)]))
    asked = group.passed(Kind.ADD, adds=crowd[:50])
    assert refusal(group, group.commit(adds=crowd[:50], ballot=asked)) == ()


def test_a_lie_about_the_kind_gains_nothing(group: Group) -> None:
    """A removal opened as adds (whose silent do not count as NO) can't be recorded, nor can its changes."""
    honest = group.question(Kind.REMOVE, removes=[group.voters[4]])
    group.contracts.do(group.opening(honest, kind=Kind.ADD), group.steward.address)
    group.vote(honest, yes=group.voters)
    commit = group.commit(removes=[group.voters[4]], ballot=honest)
    assert refusal(group, commit) == ("GroupRegistryOtherChanges",)


def test_a_ballot_that_has_not_passed_allows_nothing(group: Group) -> None:
    never = group.question(Kind.ADD, adds=[STRANGER])
    commit = group.commit(adds=[STRANGER], ballot=never)
    assert refusal(group, commit) == ("GroupRegistryNoBallot", never.digest)
    failed = group.open(never)
    assert refusal(group, commit) == ("GroupRegistryBallotOpen", group.key)
    group.vote(failed, no=group.voters[:2])
    assert refusal(group, commit) == ("GroupRegistryNoBallot", failed.digest)


def test_a_passed_ballot_is_void_after_another_record(group: Group) -> None:
    asked = group.passed(Kind.ADD, adds=[STRANGER])
    group.record(group.commit(claims=[group.claim(group.voters[4], rejoins=True)]))
    for epoch in (7, 8):
        commit = group.commit(adds=[STRANGER], ballot=asked, epoch=epoch)
        assert refusal(group, commit)[0] in {"GroupRegistryNoBallot", "GroupRegistryWrongEpoch"}
    group.epoch = 9
    early = group.passed(Kind.ADD, adds=[STRANGER])
    commit = group.commit(adds=[STRANGER], ballot=early, epoch=10)
    assert refusal(group, commit) == ("GroupRegistryNoBallot", early.digest)


def test_a_ballot_is_used_once(group: Group) -> None:
    asked = group.passed(Kind.REMOVE, removes=[group.voters[4]])
    group.record(group.commit(removes=[group.voters[4]], ballot=asked))
    again = group.commit(removes=[group.voters[4]], ballot=asked, epoch=8)
    assert refusal(group, again) == ("GroupRegistryNoBallot", asked.digest)


# ---- the sequence ----


def test_two_stewards_with_the_same_number_the_second_learns_it(contracts: Contracts, group: Group) -> None:
    """Both transactions are in the pool; one block takes both."""
    asked = group.passed(Kind.ADD, adds=[STRANGER])
    stewards = group.terms.candidates[1:]
    calls = [group.recording(group.commit(adds=[STRANGER], ballot=asked)) for _ in stewards]
    for steward in stewards:
        contracts.fund(steward.address)
    contracts.chain.automine(False)
    sent = [
        call.transact({"from": steward.address, "gas": 500_000, "gasPrice": Wei(price)})
        for call, steward, price in zip(calls, stewards, (3 * 10**9, 5 * 10**9), strict=True)
    ]
    contracts.chain.mine()
    contracts.chain.automine(True)
    receipts = [contracts.web3.eth.get_transaction_receipt(hash_) for hash_ in sent]
    assert [receipt["status"] for receipt in receipts] == [0, 1]
    assert receipts[0]["blockNumber"] == receipts[1]["blockNumber"]
    assert contracts.refusal(calls[0], stewards[0].address) == ("GroupRegistryWrongNumber", 2)
    assert state(group)["number"] == 1


@pytest.mark.parametrize("number", [0, 2, 2**64 - 1])
def test_numbers_leave_no_gap(group: Group, number: int) -> None:
    claim = group.claim(group.voters[4], rejoins=True)
    assert refusal(group, group.commit(claims=[claim], number=number)) == ("GroupRegistryWrongNumber", 1)


def test_an_epoch_has_one_commit(group: Group) -> None:
    group.record(group.commit(claims=[group.claim(group.voters[4], rejoins=True)]))
    claim = group.claim(group.voters[3], rejoins=True, epoch=7)
    assert refusal(group, group.commit(claims=[claim], epoch=7)) == ("GroupRegistryWrongEpoch", 8)
    assert refusal(group, group.commit(claims=[claim], epoch=8)) == ()
    assert refusal(group, group.commit(claims=[claim], epoch=8 + 65_536)) == ()
    far = group.commit(claims=[claim], epoch=8 + 65_537)
    assert refusal(group, far) == ("GroupRegistryWrongEpoch", 8)


def test_a_record_says_something(group: Group) -> None:
    assert refusal(group, group.commit()) == ("GroupRegistryEmptyCommit",)
    claim = group.claim(group.voters[4], rejoins=True)
    assert refusal(group, group.commit(claims=[claim], commit_hash=ZERO)) == ("GroupRegistryEmptyCommit",)


def test_only_stewards_record(group: Group) -> None:
    commit = group.commit(claims=[group.claim(group.voters[4], rejoins=True)])
    for who in (STRANGER, group.voters[2]):
        assert refusal(group, commit, who) == ("GroupRegistryNotAllowed", group.key, who.address.lower())


def test_nothing_is_recorded_while_a_ballot_is_open(group: Group) -> None:
    """So the roster stands still under it, and n with it."""
    asked = group.open(group.question(Kind.ADD, adds=[STRANGER]))
    leave = group.commit(claims=[group.claim(group.voters[4], rejoins=False)])
    assert refusal(group, leave) == ("GroupRegistryBallotOpen", group.key)
    group.expire(asked)
    assert refusal(group, leave) == ("GroupRegistryBallotOpen", group.key)
    finalize = group.contracts.ballots.functions.finalize(group.key, asked.digest)
    group.contracts.do(finalize, STRANGER.address)
    assert refusal(group, leave) == ()


# ---- without a ballot ----


def test_own_leave_and_own_rejoin_need_a_signature_alone(contracts: Contracts, group: Group) -> None:
    leaver, rejoiner = group.voters[3:5]
    claims = [group.claim(leaver, rejoins=False), group.claim(rejoiner, rejoins=True)]
    receipt = group.record(group.commit(claims=claims))
    (event,) = contracts.events(contracts.registry, "CommitRecorded", receipt)
    assert (event["leaves"], event["removes"], event["ballot"]) == ([leaver.address], [], ZERO)
    assert seat(group, leaver)[0] is False
    assert seat(group, rejoiner) == (True, False, False, 8)
    assert state(group)["voters"] == 4


def test_a_claim_is_the_members_own(group: Group) -> None:
    member = group.voters[4]
    for other in (
        {"signer": group.voters[3]},
        {"group": bytes(32)},
        {"chain_id": 1},
    ):
        commit = group.commit(claims=[group.claim(member, rejoins=False, **other)])
        assert refusal(group, commit) == ("GroupRegistryBadClaim", member.address.lower()), other
    address, _, epoch, signature = group.claim(member, rejoins=True)
    turned = group.commit(claims=[(address, False, epoch, signature)])
    assert refusal(group, turned) == ("GroupRegistryBadClaim", member.address.lower())
    foreign = group.commit(claims=[group.claim(STRANGER, rejoins=False)])
    assert refusal(group, foreign) == ("GroupRegistryNotMember", STRANGER.address.lower())


def test_a_claim_works_once(group: Group) -> None:
    member = group.voters[4]
    stale = ("GroupRegistryStaleClaim", member.address.lower())
    claim = group.claim(member, rejoins=True)
    assert refusal(group, group.commit(claims=[claim, claim])) == stale
    group.record(group.commit(claims=[claim]))
    assert refusal(group, group.commit(claims=[claim])) == stale
    leave = group.claim(member, rejoins=False)
    group.record(group.commit(claims=[leave]))
    asked = group.passed(Kind.ADD, adds=[member])
    group.record(group.commit(adds=[member], ballot=asked))
    assert refusal(group, group.commit(claims=[leave])) == stale
    future = group.claim(member, rejoins=False, epoch=group.epoch + 1)
    assert refusal(group, group.commit(claims=[future])) == stale


def test_a_contract_wallet_leaves(contracts: Contracts, helpers: dict[str, Any]) -> None:
    owner = Person("owner")
    wallet = Person("owner", contracts.deploy(helpers["TestWallet"], owner.address).address)
    voters = [*people(3), wallet]
    group = Group(contracts, voters[0], Terms((voters[0],)), voters).create()
    group.record(group.commit(claims=[group.claim(wallet, rejoins=False)]))
    assert seat(group, wallet)[0] is False


def test_listed_services_come_without_a_ballot_and_without_a_vote(contracts: Contracts) -> None:
    voters, helper = people(3), Person("helper")
    terms = Terms(candidates=(voters[0], helper), services=(helper,))
    group = Group(contracts, voters[0], terms, voters).create()
    assert refusal(group, group.commit(adds=[STRANGER])) == ("GroupRegistryBallotNeeded",)
    group.record(group.commit(adds=[helper]))
    assert seat(group, helper) == (True, True, True, 8)
    assert state(group)["voters"] == 3
    assert contracts.registry.functions.maySteward(group.key, helper.address).call() is True
    assert refusal(group, group.commit(adds=[helper])) == ("GroupRegistryAlreadyMember", helper.address.lower())


def test_services_come_along_with_what_was_voted(contracts: Contracts) -> None:
    voters, helper = people(3), Person("helper")
    group = Group(contracts, voters[0], Terms((voters[0],), services=(helper,)), voters).create()
    asked = group.passed(Kind.ADD, adds=[STRANGER])
    group.record(group.commit(adds=[STRANGER, helper], ballot=asked))
    assert state(group)["voters"] == 4


def test_a_removal_always_takes_a_ballot(group: Group) -> None:
    commit = group.commit(removes=[group.voters[4]])
    assert refusal(group, commit) == ("GroupRegistryBallotNeeded",)
    assert refusal(group, commit, group.creator) == ("GroupRegistryBallotNeeded",)


def test_the_creator_adds_while_nobody_has_a_vote(contracts: Contracts) -> None:
    """As `_check_bootstrap` of the engine: the creator alone, adds alone, until somebody has a vote."""
    bridge, other = Person("bridge"), Person("other bridge")
    terms = Terms(candidates=(bridge, other), services=(bridge, other))
    group = Group(contracts, bridge, terms, [], [bridge, other]).create()
    adds = group.commit(adds=[STRANGER, NEWCOMER])
    assert refusal(group, adds, other) == ("GroupRegistryBallotNeeded",)
    assert refusal(group, group.commit(removes=[other]), bridge) == ("GroupRegistryBallotNeeded",)
    group.record(adds, bridge)
    assert state(group)["voters"] == 2
    assert refusal(group, group.commit(adds=[Person("third")]), bridge) == ("GroupRegistryBallotNeeded",)


def test_lists_ascend_and_name_nobody_twice(group: Group) -> None:
    claims = [group.claim(group.voters[4], rejoins=True)]
    number, epoch, commit_hash, ballot, *_ = group.commit()
    low, high = sorted([STRANGER.address, NEWCOMER.address], key=lambda address: int(address, 16))
    zero = "0x" + 40 * "0"
    for adds in ([high, low], [low, low], [zero]):
        assert refusal(group, (number, epoch, commit_hash, ballot, adds, [], claims)) == (
            "GroupRegistryBadList",
        )
        assert refusal(group, (number, epoch, commit_hash, ballot, [], adds, claims)) == (
            "GroupRegistryBadList",
        )


def test_nobody_is_added_who_is_here_nor_removed_who_is_not(group: Group) -> None:
    member = group.voters[2]
    asked = group.passed(Kind.ADD, adds=[member])
    adding = group.commit(adds=[member], ballot=asked)
    assert refusal(group, adding) == ("GroupRegistryAlreadyMember", member.address.lower())
    asked = group.passed(Kind.REMOVE, removes=[STRANGER])
    removing = group.commit(removes=[STRANGER], ballot=asked)
    assert refusal(group, removing) == ("GroupRegistryNotMember", STRANGER.address.lower())


def test_nobody_commits_his_own_removal(group: Group) -> None:
    steward = group.terms.candidates[1]
    asked = group.passed(Kind.REMOVE, removes=[steward])
    commit = group.commit(removes=[steward], ballot=asked)
    assert refusal(group, commit, steward)[0] == "GroupRegistryNotAllowed"
    assert refusal(group, commit) == ()
    leave = group.commit(claims=[group.claim(steward, rejoins=False)])
    assert refusal(group, leave, steward)[0] == "GroupRegistryNotAllowed"


# ---- policies ----


def test_a_voted_policy_is_in_force_at_once(contracts: Contracts, group: Group) -> None:
    """Candidates, services and rules; whoever becomes a service has no vote any more, and vice versa."""
    first, second, third, *_ = group.voters
    following = replace(
        group.terms, candidates=(second,), services=(first,), voting=90, min_votes=3, policy_hash=b"\1" * 32
    )
    asked = group.passed(Kind.POLICY, terms=following)
    committer = group.steward
    receipt = group.record(group.commit(ballot=asked), by=committer, terms=following)
    (event,) = contracts.events(contracts.registry, "TermsChanged", receipt)
    assert (event["number"], event["candidates"], event["services"]) == (1, [second.address], [first.address])
    assert event["policyHash"] == b"\1" * 32
    found = state(group)
    assert tuple(found["rules"]) == (0, 2, 2, 3, 90)
    assert (found["voters"], found["policyHash"]) == (5, b"\1" * 32)
    may = contracts.registry.functions.maySteward
    assert [may(group.key, person.address).call() for person in (committer, first, second, third)] == [
        False,
        False,
        True,
        False,
    ]
    votes = contracts.registry.functions.isVoter
    assert [votes(group.key, person.address).call() for person in (committer, first, second)] == [
        True,
        False,
        True,
    ]


def test_the_ballot_binds_every_value_of_the_policy(group: Group) -> None:
    voted = replace(group.terms, voting=90)
    asked = group.passed(Kind.POLICY, terms=voted)
    for changed in (
        {"candidates": (STRANGER,)},
        {"services": ()},
        {"adds": 1},
        {"removals": 0},
        {"policies": 1},
        {"min_votes": 2},
        {"voting": 91},
        {"coordinated": False},
        {"policy_hash": b"\2" * 32},
    ):
        other = replace(voted, **changed)
        assert refusal(group, group.commit(ballot=asked), terms=other) == ("GroupRegistryOtherChanges",), (
            changed
        )
    parcel = group.commit(ballot=asked, adds=[STRANGER])
    assert refusal(group, parcel, terms=voted) == ("GroupRegistryOtherChanges",)
    assert refusal(group, group.commit(ballot=asked)) == ("GroupRegistryOtherChanges",)
    assert refusal(group, group.commit(ballot=asked), terms=voted) == ()


def test_a_policy_always_takes_a_ballot_and_one_of_its_kind(group: Group) -> None:
    following = replace(group.terms, voting=90)
    assert refusal(group, group.commit(), terms=following) == ("GroupRegistryNoBallot", ZERO)
    asked = group.passed(Kind.ADD, adds=[STRANGER])
    assert refusal(group, group.commit(ballot=asked), terms=following) == ("GroupRegistryOtherChanges",)


def test_leaves_and_services_come_along_with_a_policy(group: Group) -> None:
    leaver = group.voters[4]
    following = replace(group.terms, voting=90)
    asked = group.passed(Kind.POLICY, terms=following)
    claims = [group.claim(leaver, rejoins=False)]
    group.record(group.commit(ballot=asked, claims=claims), terms=following)
    assert state(group)["voters"] == 4


def test_bad_terms_are_refused(group: Group) -> None:
    for changed, name in (
        ({"candidates": ()}, "GroupRegistryBadList"),
        ({"candidates": tuple(people(65, "c"))}, "GroupRegistryBadList"),
        ({"services": tuple(people(257, "s"))}, "GroupRegistryBadList"),
        ({"voting": 0}, "GroupRegistryBadTerms"),
        ({"voting": 30 * 86_400 + 1}, "GroupRegistryBadTerms"),
        ({"policy_hash": ZERO}, "GroupRegistryBadTerms"),
    ):
        following = replace(group.terms, **changed)
        before = group.contracts.chain.snapshot()
        asked = group.passed(Kind.POLICY, terms=following)
        assert refusal(group, group.commit(ballot=asked), terms=following) == (name,), changed
        group.contracts.chain.revert(before)
