"""What each action costs, exactly, against contracts/gas.json; and the aim for votes by signature.

DEMLS_WRITE_GAS=1 python -m pytest tests/contracts/test_gas.py     writes the file
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web3.types import TxReceipt

from tests.support.contracts.deployed import Contracts
from tests.support.contracts.group import Group, Kind, Terms
from tests.support.contracts.people import Person, people
from tests.support.servers.anvil import Anvil

SNAPSHOT = Path(__file__).parents[2] / "contracts" / "gas.json"
REFERENCE = {
    "OpenZeppelin Governor, castVote": "65,911-85,360",
    "OpenZeppelin Governor, castVoteBySig": "97,649",
    "a minimal ballot, vote": "51,681-68,781",
    "a minimal ballot, vote by signature": "60,941",
}
"""Measured by the designers on the same compiler and chain (design/contracts.md)."""
AIM = 45_000
"""Gas of a vote by signature in a batch of 50."""
CAP = 16_777_216
"""Gas of one transaction (EIP-7825)."""
STRANGER = Person("stranger")


def used(receipt: TxReceipt) -> int:
    """Gas of a transaction, its base cost and calldata included."""
    return int(receipt["gasUsed"])


def big(contracts: Contracts, voters: int) -> Group:
    """A group with so many voters and one steward."""
    members = people(voters, "many")
    return Group(contracts, members[0], Terms((members[0],)), members)


def rosters(contracts: Contracts) -> dict[str, int]:
    """Bringing groups to the chain."""
    found = {}
    for count in (5, 50, 400):
        group = big(contracts, count)
        receipt = contracts.do(group.creating(), group.creator.address)
        found[f"createGroup, {count} voters"] = used(receipt)
        group.name = f"other {count}"
    return found


def votes(contracts: Contracts) -> dict[str, int]:
    """A ballot of 100 voters, who vote in each of the three ways."""
    group = big(contracts, 100)
    group.name = "votes"
    group.create()
    asked = group.question(Kind.ADD, adds=[STRANGER])
    found = {"open": used(contracts.do(group.opening(asked), group.steward.address))}
    functions = contracts.ballots.functions
    direct = functions.castVote(group.key, asked.digest, True)
    found["castVote, first"] = used(contracts.do(direct, group.voters[0].address))
    found["castVote"] = used(contracts.do(direct, group.voters[1].address))
    signed = [group.signed(asked, voter, True) for voter in group.voters[2:53]]
    one = functions.castVoteBySig(group.key, asked.digest, signed[0])
    found["castVoteBySig"] = used(contracts.do(one, contracts.operator))
    many = functions.castVotesBySig(group.key, asked.digest, signed[1:])
    found["castVotesBySig, 50 votes"] = used(contracts.do(many, contracts.operator))
    found["castVotesBySig, each of 50"] = found["castVotesBySig, 50 votes"] // 50
    group.expire(asked)
    last = functions.finalize(group.key, asked.digest)
    found["finalize"] = used(contracts.do(last, contracts.operator))
    return found


def records(contracts: Contracts) -> dict[str, int]:
    """Commits of a group of five voters."""
    members = people(5)
    group = Group(contracts, members[0], Terms((members[0], members[1])), members, name="records").create()
    found = {}
    asked = group.passed(Kind.ADD, adds=[STRANGER])
    found["recordCommit, 1 add"] = used(group.record(group.commit(adds=[STRANGER], ballot=asked)))
    crowd = people(50, "crowd")
    asked = group.passed(Kind.ADD, adds=crowd)
    found["recordCommit, 50 adds"] = used(group.record(group.commit(adds=crowd, ballot=asked)))
    leave = group.commit(claims=[group.claim(members[4], rejoins=False)])
    found["recordCommit, own leave"] = used(group.record(leave))
    rejoin = group.commit(claims=[group.claim(members[3], rejoins=True)])
    found["recordCommit, own rejoin"] = used(group.record(rejoin))
    group.voters = [*members[:4], STRANGER, *crowd]
    asked = group.passed(Kind.REMOVE, removes=[STRANGER])
    found["recordCommit, removal"] = used(group.record(group.commit(removes=[STRANGER], ballot=asked)))
    group.voters = [*members[:4], *crowd]
    terms = Terms((members[0], members[1]), voting=90)
    asked = group.passed(Kind.POLICY, terms=terms)
    found["recordPolicy"] = used(group.record(group.commit(ballot=asked), terms=terms))
    return found


def packages(contracts: Contracts) -> dict[str, int]:
    """Key packages of the size that the bridge makes."""
    members = people(5)
    group = Group(contracts, members[0], Terms((members[0],)), members, name="packages").create()
    made = [hashlib.shake_256(bytes([number])).digest(292) for number in range(5)]
    owner, functions = members[4].address, contracts.packages.functions
    one = contracts.do(functions.publish(group.key, made[:1]), owner)
    more = contracts.do(functions.publish(group.key, made[1:]), owner)
    signed_one = hashlib.shake_256(b"signed").digest(292)
    signature = group.publication(members[3], signed_one)
    brought = functions.publishBySig(group.key, members[3].address, signed_one, signature)
    mark = functions.markUsed(group.key, owner, hashlib.sha256(made[0]).digest())
    return {
        "publish, 1 package": used(one),
        "publish, 4 packages": used(more),
        "publishBySig, 1 package": used(contracts.do(brought, contracts.operator)),
        "markUsed": used(contracts.do(mark, members[0].address)),
    }


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """All figures, from a chain that nobody has touched: keys, hashes and addresses are always the same."""
    chain = Anvil(tmp_path_factory.mktemp("gas"))
    chain.start()
    contracts = Contracts(chain)
    found: dict[str, int] = {"deploy GroupRegistry with its Ballots": contracts.deployment_gas["GroupRegistry"]}
    found["deploy KeyPackageRegistry"] = contracts.deployment_gas["KeyPackageRegistry"]
    for part in (rosters, votes, records, packages):
        found |= part(contracts)
    yield found
    chain.kill()


def test_the_figures_are_those_of_the_snapshot(measured: dict[str, int]) -> None:
    content: dict[str, Any] = {
        "gas": measured,
        "reference": REFERENCE,
        "aim for each vote in a batch of 50": AIM,
    }
    if os.environ.get("DEMLS_WRITE_GAS"):
        SNAPSHOT.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    assert json.loads(SNAPSHOT.read_text("utf-8")) == content


def test_a_vote_in_a_batch_costs_less_than_the_aim(measured: dict[str, int]) -> None:
    assert measured["castVotesBySig, each of 50"] < AIM


def test_the_largest_roster_and_batch_fit_into_one_transaction(measured: dict[str, int]) -> None:
    assert max(measured.values()) < CAP
