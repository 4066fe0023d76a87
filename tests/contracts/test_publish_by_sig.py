"""Key packages that somebody else publishes and pays for: keys, contract wallets, replays, forgeries."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.support.contracts.deployed import ARTIFACTS, Contracts, load
from tests.support.contracts.group import Group
from tests.support.contracts.people import Person, malleated

WAITING, USED, REVOKED = 1, 2, 3
REVERTS, BURNS_GAS, ANSWERS_LONG, ANSWERS_SHORT = range(1, 5)
BAD = "KeyPackageRegistryBadSignature"
OWNER, STRANGER = Person("owner"), Person("stranger")
PACKAGE = hashlib.shake_256(b"key package").digest(292)
HASH = hashlib.sha256(PACKAGE).digest()


def publishing(group: Group, owner: Person, signature: bytes, package: bytes = PACKAGE, **other: Any) -> Any:
    """The call; `other`: key, packages (a registry) instead of the right ones."""
    registry = other.get("packages", group.contracts.packages)
    return registry.functions.publishBySig(other.get("key", group.key), owner.address, package, signature)


def refusal(group: Group, *arguments: Any, **other: Any) -> tuple[object, ...]:
    """How it is refused when the operator brings it; () when it goes through."""
    return group.contracts.refusal(publishing(group, *arguments, **other), group.contracts.operator)


def state(group: Group, owner: Person = OWNER, hash_: bytes = HASH) -> int:
    """Where a package is in its life."""
    return int(group.contracts.packages.functions.stateOf(group.key, owner.address, hash_).call())


def test_it_waits_as_if_its_owner_had_published_it(contracts: Contracts, group: Group) -> None:
    receipt = contracts.do(publishing(group, OWNER, group.publication(OWNER, PACKAGE)), contracts.operator)
    (event,) = contracts.events(contracts.packages, "KeyPackagePublished", receipt)
    assert list(event.values()) == [group.key, OWNER.address, HASH, PACKAGE]
    assert state(group) == WAITING
    assert state(group, Person("payer")) == 0
    contracts.do(contracts.packages.functions.revoke(group.key, HASH), OWNER.address)
    assert state(group) == REVOKED


@pytest.mark.parametrize(
    "what", ["other package", "other owner", "changed", "malleated", "cut", "empty", "v = 0", "nobody"]
)
def test_a_forgery_is_refused(group: Group, what: str) -> None:
    signature = group.publication(OWNER, PACKAGE)
    assert refusal(group, OWNER, signature) == ()
    nobody = Person("nobody", "0x" + "00" * 20)
    owner, forged, package = {
        "other package": (OWNER, signature, PACKAGE + b"\0"),
        "other owner": (STRANGER, signature, PACKAGE),
        "changed": (OWNER, bytes([signature[0] ^ 1]) + signature[1:], PACKAGE),
        "malleated": (OWNER, malleated(signature), PACKAGE),
        "cut": (OWNER, signature[:64], PACKAGE),
        "empty": (OWNER, b"", PACKAGE),
        "v = 0": (OWNER, signature[:64] + bytes([signature[64] - 27]), PACKAGE),
        "nobody": (nobody, bytes(65), PACKAGE),
    }[what]
    assert refusal(group, owner, forged, package) == (BAD, owner.address.lower())


def test_a_signature_is_of_one_chain_registry_and_group(contracts: Contracts, group: Group) -> None:
    refused = (BAD, OWNER.address.lower())
    for other in ({"chain_id": 1}, {"contract": contracts.ballots.address}, {"group": bytes(32)}):
        assert refusal(group, OWNER, group.publication(OWNER, PACKAGE, **other)) == refused, other
    signature = group.publication(OWNER, PACKAGE)
    assert refusal(group, OWNER, signature, key=bytes(32)) == refused
    twin = contracts.deploy(load(ARTIFACTS / "KeyPackageRegistry.json"), contracts.registry.address)
    assert refusal(group, OWNER, signature, packages=twin) == refused
    assert refusal(group, OWNER, group.publication(OWNER, PACKAGE, contract=twin.address), packages=twin) == ()


def test_on_a_fork_of_the_chain_the_signature_is_refused(contracts: Contracts, group: Group) -> None:
    signature = group.publication(OWNER, PACKAGE)
    contracts.chain.request("anvil_setChainId", [31338])
    try:
        assert refusal(group, OWNER, signature) == (BAD, OWNER.address.lower())
        assert refusal(group, OWNER, group.publication(OWNER, PACKAGE, chain_id=31338)) == ()
    finally:
        contracts.chain.request("anvil_setChainId", [contracts.chain.chain_id])


@pytest.mark.parametrize("end", [WAITING, USED, REVOKED])
def test_a_signature_is_of_use_once(contracts: Contracts, group: Group, end: int) -> None:
    member, functions = group.voters[3], contracts.packages.functions
    call = publishing(group, member, group.publication(member, PACKAGE))
    contracts.do(call, contracts.operator)
    if end == USED:
        contracts.do(functions.markUsed(group.key, member.address, HASH), group.steward.address)
    if end == REVOKED:
        contracts.do(functions.revoke(group.key, HASH), member.address)
    assert state(group, member) == end
    assert contracts.refusal(call, STRANGER.address) == ("KeyPackageRegistryKnown", HASH)
    again = functions.publish(group.key, [PACKAGE])
    assert contracts.refusal(again, member.address) == ("KeyPackageRegistryKnown", HASH)


def test_what_its_owner_has_published_cannot_be_brought_again(contracts: Contracts, group: Group) -> None:
    contracts.do(contracts.packages.functions.publish(group.key, [PACKAGE]), OWNER.address)
    assert refusal(group, OWNER, group.publication(OWNER, PACKAGE)) == ("KeyPackageRegistryKnown", HASH)


def test_sizes_and_numbers_are_bounded_as_for_its_owner(contracts: Contracts, group: Group) -> None:
    for size in (0, 1025):
        package = bytes(size)
        found = refusal(group, OWNER, group.publication(OWNER, package), package)
        assert found == ("KeyPackageRegistryBadSize", size)
    assert refusal(group, OWNER, group.publication(OWNER, bytes(1024)), bytes(1024)) == ()
    many = [bytes([number]) for number in range(16)]
    contracts.do(contracts.packages.functions.publish(group.key, many[:15]), OWNER.address)
    last = group.publication(OWNER, many[15])
    contracts.do(publishing(group, OWNER, last, many[15]), contracts.operator)
    full = ("KeyPackageRegistryFull", group.key, OWNER.address.lower())
    assert refusal(group, OWNER, group.publication(OWNER, PACKAGE)) == full
    assert refusal(group, OWNER, last, many[15])[0] == "KeyPackageRegistryKnown"
    revoke = contracts.packages.functions.revoke(group.key, hashlib.sha256(many[0]).digest())
    contracts.do(revoke, OWNER.address)
    assert refusal(group, OWNER, group.publication(OWNER, PACKAGE)) == ()


# ---- contract wallets ----


@pytest.fixture
def wallet(contracts: Contracts, helpers: dict[str, Any]) -> Person:
    """The owner, known by their contract wallet."""
    return Person(OWNER.name, contracts.deploy(helpers["TestWallet"], OWNER.address).address)


def test_a_contract_wallet_publishes_by_its_owners_key(group: Group, wallet: Person) -> None:
    assert refusal(group, wallet, group.publication(wallet, PACKAGE)) == ()
    by_stranger = group.publication(wallet, PACKAGE, signer=STRANGER)
    assert refusal(group, wallet, by_stranger) == (BAD, wallet.address.lower())
    # Their key alone is somebody else.
    assert refusal(group, OWNER, group.publication(wallet, PACKAGE)) == (BAD, OWNER.address.lower())


@pytest.mark.parametrize("mood", [REVERTS, BURNS_GAS, ANSWERS_LONG, ANSWERS_SHORT])
def test_a_bad_wallet_publishes_nothing(
    contracts: Contracts, helpers: dict[str, Any], group: Group, wallet: Person, mood: int
) -> None:
    at = contracts.at(wallet.address, helpers["TestWallet"])
    contracts.do(at.functions.setMood(mood), contracts.operator)
    assert refusal(group, wallet, group.publication(wallet, PACKAGE)) == (BAD, wallet.address.lower())
