"""Contract coordination, seen from the engine: what the chain says (facts) and what is asked of it (intents).

Facts are confirmed: they lie at least `confirmations` blocks deep, come in the chain's order and exactly once.
Intents are stored with the engine's state and worked off by the sender; each has a key, and an intent with a
known key is the same one. Addresses have 20 bytes, digests and hashes 32, times are Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from bridge.model.notices import ChangeKind
from bridge.protocol.ports import Address

NOWHERE: Final = Address(bytes(20))


@dataclass(frozen=True, slots=True)
class ChainDomain:
    """Where a group lives on a chain: what votes are bound to.

    `group_key` is the contract's name of the group. `grace`: seconds beyond a deadline for which the chain is
    waited for, by the local clock; `confirmations`: blocks that a fact is deep.
    """

    chain_id: int
    registry: Address
    ballots: Address
    group_key: bytes
    confirmations: int
    grace: int
    key_packages: Address = NOWHERE
    """Where key packages are published; `NOWHERE` when nobody can."""


# ---- facts ----


@dataclass(frozen=True, slots=True)
class Roster:
    """The roster that the chain holds for the group, set by `createGroup` or by a move back to the chain.

    Told when it is complete. `voters` and `services` are members; `candidates` are listed, members or not.
    """

    number: int
    epoch: int
    candidates: tuple[Address, ...]
    voters: tuple[Address, ...]
    services: tuple[Address, ...]
    policy_hash: bytes
    transaction: bytes
    settings: bytes
    """The contracts' hash of the policy's settings: to be held against `on_chain.settings_hash`."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A ballot is open on chain, under the digest that the steward's Proposal has too.

    `changes` is the contract's hash of what it decides (`bridge.protocol.on_chain.changes_of`): anybody who
    knows a digest may have opened it first with other changes.
    """

    digest: bytes
    deadline: int
    transaction: bytes
    changes: bytes


@dataclass(frozen=True, slots=True)
class Voted:
    """A vote counts."""

    digest: bytes
    voter: Address
    yes: bool
    transaction: bytes


@dataclass(frozen=True, slots=True)
class Decided:
    """A ballot is over."""

    digest: bytes
    passed: bool
    yes: int
    no: int
    by_deadline: bool
    transaction: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """A commit has the number `number` of the chain's sequence. `digest` is empty when it needed no ballot.

    `removes` has those who left too; members that rejoin are in neither. `policy_hash` (SHA-256) is empty when
    the commit changes no policy.
    """

    number: int
    epoch: int
    commit_hash: bytes
    digest: bytes
    committer: Address
    transaction: bytes
    adds: tuple[Address, ...]
    removes: tuple[Address, ...]
    policy_hash: bytes = b""


Fact = Roster | Opened | Voted | Decided | Recorded


# ---- intents ----


@dataclass(frozen=True, slots=True)
class SetRoster:
    """Bring the group to the chain, or back to it, with the roster of this epoch.

    The members are `voters` and `services` (service members that are in the group); `policy` has all lists.
    """

    epoch: int
    candidates: tuple[Address, ...]
    voters: tuple[Address, ...]
    services: tuple[Address, ...]
    policy: bytes
    attempt: int = 0
    creates: bool = True
    """False when the chain has had a roster of this group before."""

    @property
    def key(self) -> str:
        """Once per epoch and attempt."""
        return f"roster {self.epoch} {self.attempt}"


@dataclass(frozen=True, slots=True)
class OpenBallot:
    """Open a ballot. `adds` and `removes` are addresses; `policy` the canonical policy that is voted on."""

    digest: bytes
    kind: ChangeKind
    epoch: int
    deadline: int
    adds: tuple[Address, ...]
    removes: tuple[Address, ...]
    policy: bytes = b""

    @property
    def key(self) -> str:
        """Once per ballot."""
        return f"open {self.digest.hex()}"


@dataclass(frozen=True, slots=True)
class RelayVote:
    """Bring a vote to the chain that its voter has signed (EIP-712, 65 bytes)."""

    digest: bytes
    voter: Address
    yes: bool
    signature: bytes

    @property
    def key(self) -> str:
        """Once per ballot and voter."""
        return f"vote {self.digest.hex()} {self.voter.hex()}"


@dataclass(frozen=True, slots=True)
class Finalize:
    """The deadline has passed: have the chain decide."""

    digest: bytes

    @property
    def key(self) -> str:
        """Once per ballot."""
        return f"finalize {self.digest.hex()}"


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """A leave or rejoin with the signature of the member whose leaf it is about (EIP-712, 65 bytes).

    `epoch` is the group's when it was signed.
    """

    address: Address
    rejoins: bool
    epoch: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """Record a commit under `number`. `digest` is empty when it needs no ballot.

    `adds` (ascending) are all added addresses but those that rejoin, `removes` the voted removal; leaves and
    rejoins are `claims`. `policy` is the new policy where it is changed.
    """

    number: int
    epoch: int
    commit_hash: bytes
    digest: bytes
    adds: tuple[Address, ...]
    removes: tuple[Address, ...]
    claims: tuple[OwnClaim, ...]
    policy: bytes = b""

    @property
    def key(self) -> str:
        """Once per commit."""
        return f"record {self.commit_hash.hex()}"


@dataclass(frozen=True, slots=True)
class PublishKeyPackage:
    """Publish a key package (bare TLS form) with its owner's signature (EIP-712, 65 bytes)."""

    owner: Address
    package: bytes
    signature: bytes

    @property
    def key(self) -> str:
        """Once per package."""
        return f"publish {sha256(self.package).hexdigest()}"


@dataclass(frozen=True, slots=True)
class MarkUsed:
    """The owner was added with the key package of this hash (SHA-256): nobody needs to try it again."""

    owner: Address
    hash: bytes

    @property
    def key(self) -> str:
        """Once per package."""
        return f"used {self.hash.hex()}"


Intent = SetRoster | OpenBallot | RelayVote | Finalize | Record | PublishKeyPackage | MarkUsed
