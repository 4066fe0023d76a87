"""Key packages of people who are away: published by their wallet, used once, burnt by no stranger."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.support.contracts.deployed import Contracts
from tests.support.contracts.group import Group
from tests.support.contracts.people import Person

UNKNOWN, WAITING, USED, REVOKED = range(4)
OWNER, STRANGER = Person("owner"), Person("stranger")
PACKAGE = hashlib.shake_256(b"key package").digest(292)
HASH = hashlib.sha256(PACKAGE).digest()


@pytest.fixture
def calls(contracts: Contracts) -> Any:
    """The functions of the registry of key packages."""
    return contracts.packages.functions


def state(calls: Any, group: Group, owner: Person = OWNER, hash_: bytes = HASH) -> int:
    """Where a package is in its life."""
    return int(calls.stateOf(group.key, owner.address, hash_).call())


def test_the_bytes_are_in_the_log_and_the_hash_in_the_state(
    contracts: Contracts, group: Group, calls: Any
) -> None:
    assert state(calls, group) == UNKNOWN
    receipt = contracts.do(calls.publish(group.key, [PACKAGE]), OWNER.address)
    (event,) = contracts.events(contracts.packages, "KeyPackagePublished", receipt)
    assert list(event.values()) == [group.key, OWNER.address, HASH, PACKAGE]
    assert state(calls, group) == WAITING


def test_a_steward_marks_it_as_used_when_its_owner_is_in(
    contracts: Contracts, group: Group, calls: Any
) -> None:
    member = group.voters[3]
    contracts.do(calls.publish(group.key, [PACKAGE]), member.address)
    used = calls.markUsed(group.key, member.address, HASH)
    receipt = contracts.do(used, group.steward.address)
    (event,) = contracts.events(contracts.packages, "KeyPackageUsed", receipt)
    assert list(event.values()) == [group.key, member.address, HASH, group.steward.address]
    assert state(calls, group, member) == USED
    assert contracts.refusal(used, group.steward.address) == ("KeyPackageRegistryNotWaiting", HASH)
    again = calls.publish(group.key, [PACKAGE])
    assert contracts.refusal(again, member.address) == ("KeyPackageRegistryKnown", HASH)


def test_no_stranger_burns_a_package(contracts: Contracts, group: Group, calls: Any) -> None:
    contracts.do(calls.publish(group.key, [PACKAGE]), OWNER.address)
    used = calls.markUsed(group.key, OWNER.address, HASH)
    for who in (STRANGER, group.voters[3]):
        refusal = contracts.refusal(used, who.address)
        assert refusal == ("KeyPackageRegistryNotSteward", group.key, who.address.lower())
    early = contracts.refusal(used, group.steward.address)
    assert early == ("KeyPackageRegistryNotAMember", group.key, OWNER.address.lower())
    # A stranger's own group, to which they have added the owner, has no hold on what was meant for another.
    own = Group(contracts, STRANGER, group.terms, [*group.voters, OWNER], group.services).create()
    foreign = calls.markUsed(own.key, OWNER.address, HASH)
    assert contracts.refusal(foreign, own.steward.address) == ("KeyPackageRegistryNotWaiting", HASH)
    assert (
        contracts.refusal(calls.revoke(group.key, HASH), STRANGER.address)[0] == "KeyPackageRegistryNotWaiting"
    )
    assert state(calls, group) == WAITING


def test_a_stranger_who_publishes_it_first_takes_nothing(
    contracts: Contracts, group: Group, calls: Any
) -> None:
    contracts.do(calls.publish(group.key, [PACKAGE]), STRANGER.address)
    contracts.do(calls.publish(group.key, [PACKAGE]), OWNER.address)
    contracts.do(calls.revoke(group.key, HASH), STRANGER.address)
    assert (state(calls, group, STRANGER), state(calls, group)) == (REVOKED, WAITING)


def test_its_owner_takes_it_back(contracts: Contracts, group: Group, calls: Any) -> None:
    contracts.do(calls.publish(group.key, [PACKAGE]), OWNER.address)
    receipt = contracts.do(calls.revoke(group.key, HASH), OWNER.address)
    (event,) = contracts.events(contracts.packages, "KeyPackageRevoked", receipt)
    assert list(event.values()) == [group.key, OWNER.address, HASH]
    assert contracts.refusal(calls.revoke(group.key, HASH), OWNER.address) == (
        "KeyPackageRegistryNotWaiting",
        HASH,
    )


def test_sizes_are_bounded(contracts: Contracts, group: Group, calls: Any) -> None:
    size = "KeyPackageRegistryBadSize"
    assert contracts.refusal(calls.publish(group.key, []), OWNER.address) == (size, 0)
    assert contracts.refusal(calls.publish(group.key, [b""]), OWNER.address) == (size, 0)
    assert contracts.refusal(calls.publish(group.key, [bytes(1025)]), OWNER.address) == (size, 1025)
    assert contracts.refusal(calls.publish(group.key, [bytes(1024)]), OWNER.address) == ()


def test_so_many_may_wait_and_then_room_must_be_made(contracts: Contracts, group: Group, calls: Any) -> None:
    full = ("KeyPackageRegistryFull", group.key, OWNER.address.lower())
    many = [bytes([number]) for number in range(17)]
    assert contracts.refusal(calls.publish(group.key, many), OWNER.address) == full
    contracts.do(calls.publish(group.key, many[:16]), OWNER.address)
    one_more = calls.publish(group.key, many[16:])
    assert contracts.refusal(one_more, OWNER.address) == full
    contracts.do(calls.revoke(group.key, hashlib.sha256(many[0]).digest()), OWNER.address)
    assert contracts.refusal(one_more, OWNER.address) == ()
