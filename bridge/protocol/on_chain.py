"""What the contracts hash and what wallets sign for them (EIP-712), as `contracts/src` defines it. Pure.

A vote is bound to the group, the ballot's digest and the very changes; a claim to the group and its epoch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from bridge.model.ethereum import keccak256
from bridge.model.notices import ChangeKind
from bridge.protocol.ballots.ballot import Ballot
from bridge.protocol.batches import VotedAdd, VotedPolicy, VotedRemove
from bridge.protocol.chain import ChainDomain
from bridge.protocol.policy import decode_policy, policy_hash
from bridge.protocol.ports import Address
from bridge.protocol.types import Coordination, GroupName, GroupPolicy, Silence

_KINDS: Final = {ChangeKind.ADD: 0, ChangeKind.REMOVE: 1, ChangeKind.POLICY: 2}
_SILENCES: Final = {Silence.ABSTAIN: 0, Silence.APPROVE: 1, Silence.REJECT: 2}
_DOMAIN: Final = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)
_VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class Typed:
    """EIP-712 typed data without nested types. `fields`: (name, type, value), address and bytes32 as bytes."""

    domain_name: str
    chain_id: int
    contract: bytes
    kind: str
    fields: tuple[tuple[str, str, bytes | int | bool], ...]

    def digest(self) -> bytes:
        """The 32 bytes that are signed."""
        separator = keccak256(
            keccak256(_signature("EIP712Domain", _DOMAIN))
            + keccak256(self.domain_name.encode())
            + keccak256(_VERSION.encode())
            + _word(self.chain_id)
            + _word(self.contract)
        )
        types = tuple((name, kind) for name, kind, _ in self.fields)
        values = b"".join(_word(value) for _, _, value in self.fields)
        return keccak256(b"\x19\x01" + separator + keccak256(keccak256(_signature(self.kind, types)) + values))

    def json(self) -> str:
        """As wallets take it (`eth_signTypedData_v4`)."""
        return json.dumps(
            {
                "types": {
                    "EIP712Domain": [{"name": name, "type": kind} for name, kind in _DOMAIN],
                    self.kind: [{"name": name, "type": kind} for name, kind, _ in self.fields],
                },
                "primaryType": self.kind,
                "domain": {
                    "name": self.domain_name,
                    "version": _VERSION,
                    "chainId": self.chain_id,
                    "verifyingContract": "0x" + self.contract.hex(),
                },
                "message": {
                    name: "0x" + value.hex() if isinstance(value, bytes) else value
                    for name, _, value in self.fields
                },
            }
        )


def _signature(kind: str, fields: Iterable[tuple[str, str]]) -> bytes:
    return f"{kind}({','.join(f'{type_} {name}' for name, type_ in fields)})".encode()


def _word(value: bytes | int | bool) -> bytes:
    """32 bytes, as `abi.encode` writes an address, a bytes32 or a number."""
    return value.rjust(32, b"\0") if isinstance(value, bytes) else int(value).to_bytes(32, "big")


def _list(addresses: Iterable[bytes]) -> bytes:
    return keccak256(b"".join(_word(address) for address in sorted(addresses)))


def group_key(name: GroupName) -> bytes:
    """The contracts' name of a group that its creator brought to the chain."""
    return keccak256(_word(name.creator) + keccak256(name.name.encode()))


def changes_of(ballot: Ballot) -> bytes:
    """The contracts' hash of what a ballot decides."""
    adds = [change.address for change in ballot.changes if isinstance(change, VotedAdd)]
    removes = [change.address for change in ballot.changes if isinstance(change, VotedRemove)]
    policy = next((change.policy for change in ballot.changes if isinstance(change, VotedPolicy)), b"")
    return changes_hash(ballot.kind, ballot.epoch, adds, removes, policy)


def changes_hash(
    kind: ChangeKind, epoch: int, adds: Iterable[Address], removes: Iterable[Address], policy: bytes = b""
) -> bytes:
    """Likewise; `policy` is the new one where it changes, canonical. Raises Malformed."""
    settings = settings_hash(decode_policy(policy)) if policy else bytes(32)
    return keccak256(_word(_KINDS[kind]) + _word(epoch) + _list(adds) + _list(removes) + settings)


def settings_hash(policy: GroupPolicy) -> bytes:
    """The contracts' hash of a policy's settings."""
    rules = policy.rules
    return keccak256(
        _list(policy.steward_candidates)
        + _list(policy.service_members)
        + _word(_SILENCES[rules.adds])
        + _word(_SILENCES[rules.removals])
        + _word(_SILENCES[rules.policies])
        + _word(rules.min_votes)
        + _word(policy.timing.voting)
        + _word(policy.coordination is Coordination.CONTRACT)
        + policy_hash(policy)
    )


def vote(domain: ChainDomain, ballot: Ballot, yes: bool) -> Typed:
    """What a voter signs."""
    fields: tuple[tuple[str, str, bytes | int | bool], ...] = (
        ("group", "bytes32", domain.group_key),
        ("digest", "bytes32", ballot.digest),
        ("changes", "bytes32", changes_of(ballot)),
        ("support", "bool", yes),
    )
    return Typed("demls Ballots", domain.chain_id, domain.ballots, "Vote", fields)


def claim(domain: ChainDomain, member: Address, *, rejoins: bool, epoch: int) -> Typed:
    """What a member signs who leaves, or rejoins."""
    fields: tuple[tuple[str, str, bytes | int | bool], ...] = (
        ("group", "bytes32", domain.group_key),
        ("member", "address", member),
        ("rejoins", "bool", rejoins),
        ("epoch", "uint64", epoch),
    )
    return Typed("demls GroupRegistry", domain.chain_id, domain.registry, "Claim", fields)


def publication(domain: ChainDomain, owner: Address, package: bytes) -> Typed:
    """What the owner of a key package signs, so that somebody else may publish it."""
    fields: tuple[tuple[str, str, bytes | int | bool], ...] = (
        ("group", "bytes32", domain.group_key),
        ("owner", "address", owner),
        ("hash", "bytes32", sha256(package).digest()),
    )
    return Typed("demls KeyPackageRegistry", domain.chain_id, domain.key_packages, "Publish", fields)
