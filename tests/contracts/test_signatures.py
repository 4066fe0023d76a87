"""Votes that somebody else brings: keys, contract wallets, replays, forgeries; one or many at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.contracts.deployed import Contracts
from tests.support.contracts.group import OPEN, PASSED, Group, Kind, Question, Terms
from tests.support.contracts.people import Person, malleated, people

COUNTED, NOT_A_VOTER, ALREADY_VOTED, BAD_SIGNATURE, CLOSED = range(5)
HONEST, REVERTS, BURNS_GAS, ANSWERS_LONG, ANSWERS_SHORT = range(5)
STRANGER = Person("stranger")


@pytest.fixture
def asked(group: Group) -> Question:
    """An open ballot of the group."""
    return group.open(group.question(Kind.ADD, adds=[STRANGER]))


def bringing(group: Group, asked: Question, vote: tuple[Any, ...]) -> tuple[object, ...]:
    """How a single signed vote is refused; () when it counts."""
    call = group.contracts.ballots.functions.castVoteBySig(group.key, asked.digest, vote)
    return group.contracts.refusal(call, group.contracts.operator)


def skipped(group: Group, asked: Question, votes: list[tuple[Any, ...]]) -> list[tuple[str, int]]:
    """Bring many; who was skipped, and why."""
    call = group.contracts.ballots.functions.castVotesBySig(group.key, asked.digest, votes)
    receipt = group.contracts.do(call, group.contracts.operator)
    events = group.contracts.events(group.contracts.ballots, "VoteSkipped", receipt)
    return [(event["voter"], event["reason"]) for event in events]


def test_a_signed_vote_counts_as_the_voters_own(contracts: Contracts, group: Group, asked: Question) -> None:
    vote = group.signed(asked, group.voters[0], True)
    call = contracts.ballots.functions.castVoteBySig(group.key, asked.digest, vote)
    receipt = contracts.do(call, contracts.operator)
    (event,) = contracts.events(contracts.ballots, "VoteCast", receipt)
    assert event["voter"] == group.voters[0].address
    assert bringing(group, asked, vote)[0] == "BallotsAlreadyVoted"


@pytest.mark.parametrize(
    "what", ["other answer", "other voter", "changed", "malleated", "cut", "empty", "v = 0"]
)
def test_a_forged_vote_does_not_count(group: Group, asked: Question, what: str) -> None:
    voter, other = group.voters[:2]
    address, yes, signature = group.signed(asked, voter, True)
    assert bringing(group, asked, (address, yes, signature)) == ()
    forged = {
        "other answer": (address, not yes, signature),
        "other voter": (other.address, yes, signature),
        "changed": (address, yes, bytes([signature[0] ^ 1]) + signature[1:]),
        "malleated": (address, yes, malleated(signature)),
        "cut": (address, yes, signature[:64]),
        "empty": (address, yes, b""),
        "v = 0": (address, yes, signature[:64] + bytes([signature[64] - 27])),
    }[what]
    assert bringing(group, asked, forged) == ("BallotsBadSignature", str(forged[0]).lower())
    assert skipped(group, asked, [forged]) == [(forged[0], BAD_SIGNATURE)]


def test_a_vote_is_of_one_chain_contract_and_group(group: Group, asked: Question) -> None:
    voter = group.voters[0]
    for other in (
        {"chain_id": 1},
        {"contract": group.contracts.registry.address},
        {"group": bytes(32)},
    ):
        vote = group.signed(asked, voter, True, **other)
        assert bringing(group, asked, vote) == ("BallotsBadSignature", voter.address.lower()), other


def test_a_vote_counts_in_no_other_ballot_and_no_other_group(group: Group, asked: Question) -> None:
    vote = group.signed(asked, group.voters[0], True)
    group.vote(asked, no=group.voters[3:5])
    following = group.open(group.question(Kind.ADD, adds=[STRANGER]))
    assert bringing(group, following, vote)[0] == "BallotsBadSignature"
    twin = Group(
        group.contracts, group.creator, group.terms, group.voters, group.services, name="twin"
    ).create()
    twin.open(asked)
    assert bringing(twin, asked, vote)[0] == "BallotsBadSignature"


def test_who_signed_for_other_changes_has_not_voted(group: Group) -> None:
    """A steward opens, under the digest that all know, a ballot that would do something else on chain."""
    known = group.question(Kind.ADD, adds=[STRANGER])
    lie = group.question(Kind.ADD, adds=[Person("sybil")])
    group.open(Question(known.digest, lie.changes, known.epoch, known.kind))
    assert bringing(group, known, group.signed(known, group.voters[0], True))[0] == "BallotsBadSignature"


def test_a_batch_counts_what_is_good_and_names_the_rest(group: Group, asked: Question) -> None:
    first, second, third, fourth, fifth = group.voters
    group.vote(asked, yes=[first])
    found = skipped(
        group,
        asked,
        [
            group.signed(asked, second, True),
            group.signed(asked, second, False),
            group.signed(asked, STRANGER, True),
            group.signed(asked, group.creator, True),
            group.signed(asked, first, False),
            (third.address, True, fourth.sign(bytes(32))),
            group.signed(asked, third, True),
            group.signed(asked, fourth, True),
            group.signed(asked, fifth, False),
        ],
    )
    assert found == [
        (second.address, ALREADY_VOTED),
        (STRANGER.address, NOT_A_VOTER),
        (group.creator.address, NOT_A_VOTER),
        (first.address, ALREADY_VOTED),
        (third.address, BAD_SIGNATURE),
        (fifth.address, CLOSED),
    ]
    outcome = group.contracts.ballots.functions.outcome(group.key, asked.digest).call()
    assert (outcome[0], outcome[5], outcome[6]) == (PASSED, 4, 0)


def test_a_batch_has_a_size(contracts: Contracts, group: Group, asked: Question) -> None:
    call = contracts.ballots.functions.castVotesBySig
    vote = (STRANGER.address, True, b"")
    for count in (0, 101):
        refusal = contracts.refusal(call(group.key, asked.digest, [vote] * count), contracts.operator)
        assert refusal == ("BallotsBadBatch", count)
    assert contracts.refusal(call(group.key, asked.digest, [vote] * 100), contracts.operator) == ()


# ---- contract wallets ----


@pytest.fixture
def wallets(contracts: Contracts, helpers: dict[str, Any]) -> list[Person]:
    """Three owners of contract wallets."""
    owners = people(3, "owner")
    made = [contracts.deploy(helpers["TestWallet"], owner.address) for owner in owners]
    return sorted(Person(owner.name, wallet.address) for owner, wallet in zip(owners, made, strict=True))


@pytest.fixture
def mixed(contracts: Contracts, wallets: list[Person]) -> Group:
    """A group of contract wallets and keys; n = 7."""
    voters = [*people(4), *wallets]
    return Group(contracts, voters[0], Terms(candidates=(voters[0],)), voters).create()


def set_mood(contracts: Contracts, helpers: dict[str, Any], person: Person, mood: int) -> None:
    """How a wallet answers."""
    wallet = contracts.at(person.wallet, helpers["TestWallet"])
    contracts.do(wallet.functions.setMood(mood), contracts.operator)


def test_the_owner_of_a_contract_wallet_votes_for_it(mixed: Group, wallets: list[Person]) -> None:
    asked = mixed.open(mixed.question(Kind.ADD, adds=[STRANGER]))
    first, second, _ = wallets
    assert bringing(mixed, asked, (first.wallet, True, STRANGER.sign(bytes(32))))[0] == "BallotsBadSignature"
    assert bringing(mixed, asked, mixed.signed(asked, first, True)) == ()
    assert skipped(mixed, asked, [mixed.signed(asked, first, True), mixed.signed(asked, second, False)]) == []
    assert mixed.verdict(asked) == OPEN


def test_an_owners_key_is_not_the_wallet(mixed: Group, wallets: list[Person]) -> None:
    asked = mixed.open(mixed.question(Kind.ADD, adds=[STRANGER]))
    owner = Person(wallets[0].name)
    assert bringing(mixed, asked, mixed.signed(asked, owner, True)) == (
        "BallotsNotAVoter",
        owner.address.lower(),
    )


@pytest.mark.parametrize("mood", [REVERTS, BURNS_GAS, ANSWERS_LONG, ANSWERS_SHORT])
def test_a_bad_wallet_costs_the_others_nothing(
    contracts: Contracts, helpers: dict[str, Any], mixed: Group, wallets: list[Person], mood: int
) -> None:
    asked = mixed.open(mixed.question(Kind.ADD, adds=[STRANGER]))
    set_mood(contracts, helpers, wallets[0], mood)
    voters = [wallets[0], wallets[1], *people(2)]
    votes = [mixed.signed(asked, voter, True) for voter in voters]
    call = contracts.ballots.functions.castVotesBySig(mixed.key, asked.digest, votes)
    receipt = contracts.do(call, contracts.operator, gas=450_000)
    (left_out,) = contracts.events(contracts.ballots, "VoteSkipped", receipt)
    assert (left_out["voter"], left_out["reason"]) == (wallets[0].address, BAD_SIGNATURE)
    outcome = contracts.ballots.functions.outcome(mixed.key, asked.digest).call()
    assert outcome[5] == 3
    set_mood(contracts, helpers, wallets[0], HONEST)
    assert bringing(mixed, asked, mixed.signed(asked, wallets[0], True)) == ()


def test_an_account_with_delegated_code_still_signs_with_its_key(
    contracts: Contracts, helpers: dict[str, Any], mixed: Group, wallets: list[Person]
) -> None:
    """EIP-7702: the account has code, which refuses; its key is its own all the same."""
    asked = mixed.open(mixed.question(Kind.ADD, adds=[STRANGER]))
    voter = people(4)[1]
    set_mood(contracts, helpers, wallets[0], REVERTS)
    code = "0xef0100" + wallets[0].wallet.removeprefix("0x").lower()
    contracts.chain.request("anvil_setCode", [voter.address, code])
    assert bringing(mixed, asked, mixed.signed(asked, voter, True)) == ()


def test_a_signature_of_another_chain_with_the_same_contracts_is_refused(
    group: Group, asked: Question, contracts: Contracts
) -> None:
    """The domain is read anew when the chain's id changes (a fork of the chain)."""
    vote = group.signed(asked, group.voters[0], True)
    contracts.chain.request("anvil_setChainId", [31338])
    try:
        assert bringing(group, asked, vote)[0] == "BallotsBadSignature"
        assert bringing(group, asked, group.signed(asked, group.voters[0], True, chain_id=31338)) == ()
    finally:
        contracts.chain.request("anvil_setChainId", [contracts.chain.chain_id])
