"""What the engine asks of MLS: the `MlsPort`, a synchronous port with a dozen methods.

The port keeps one *own leaf* (the bridge's) and any number of *hosted leaves* of the same group. The
engine reads the group with the own leaf only; `seal(leaf=...)` brings a hosted leaf up to date first.
Nothing here does IO: writes are buffered by the port and drained by the shell (`MlsPort.drain`), which
stores them in the transaction of the event that caused them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NewType, Protocol

Address = NewType("Address", bytes)
"""An Ethereum address, 20 bytes: the name of a member."""


class ContentType(Enum):
    """Outer content type of an MLS PrivateMessage, read without decrypting."""

    APPLICATION = "application"
    PROPOSAL = "proposal"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Peeked:
    """The clear header of an MLS message. `epoch` is the sender's epoch."""

    group_id: bytes
    epoch: int
    content_type: ContentType


@dataclass(frozen=True, slots=True)
class Opened:
    """A decrypted application message; `sender` is authenticated by MLS."""

    sender: Address
    epoch: int
    plaintext: bytes


@dataclass(frozen=True, slots=True)
class View:
    """The group as the own leaf sees it. `members` is sorted by leaf index."""

    group_id: bytes
    epoch: int
    members: tuple[Address, ...]
    policy: bytes
    """Content of the group policy extension (context of the present epoch), encoded as in `policy.py`."""


@dataclass(frozen=True, slots=True)
class AddChange:
    """Add the owner of a key package (bare TLS form). `address` is read from its credential."""

    address: Address
    key_package: bytes


@dataclass(frozen=True, slots=True)
class RemoveChange:
    """Remove the member with this address."""

    address: Address


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """Replace the group policy."""

    policy: bytes


Change = AddChange | RemoveChange | PolicyChange


@dataclass(frozen=True, slots=True)
class Built:
    """An own commit, made but not adopted. `welcome` is empty when nobody is added."""

    token: int
    proposals: tuple[bytes, ...]
    commit: bytes
    welcome: bytes


@dataclass(frozen=True, slots=True)
class Staged:
    """A foreign commit, processed on a copy. `changes` leaves updates out; `updates` names their leaves.

    A rejoin (remove and add of one address in one commit) shows as both changes.
    """

    token: int
    committer: Address
    changes: tuple[Change, ...]
    updates: tuple[Address, ...]
    removes_self: bool


class MlsPort(Protocol):
    """One group, seen from one bridge. Methods raise the errors of `bridge.protocol.errors` ."""

    def view(self) -> View | None:
        """The group at the present epoch; None before the own leaf has joined (or after it was removed)."""

    def hosted(self) -> frozenset[Address]:
        """Addresses whose leaves this bridge holds (own leaf excluded) and that are members now."""

    def lost(self, leaf: Address) -> bool:
        """Whether a hosted leaf cannot follow the group any more: it lags too far, or is on another branch."""

    def peek(self, message: bytes) -> Peeked:
        """Read the clear header. Raises MalformedMls."""

    def open(self, message: bytes) -> Opened:
        """Decrypt an application message with the own leaf (present or up to 5 past epochs).

        Raises MalformedMls, WrongEpoch, UndecryptableMls (replay, forged, key already used).
        """

    def seal(self, leaf: Address, plaintext: bytes) -> bytes:
        """Encrypt as this leaf (own or hosted) in the present epoch. Raises UnknownLeaf, LeafBehind."""

    def exporter(self, label: str, context: bytes, length: int) -> bytes:
        """MLS exporter (RFC 9420 section 8.5) of the present epoch."""

    def create(self, group_id: bytes, policy: bytes, now: int) -> None:
        """Create the group with the own leaf as the only member. `now` in Unix seconds."""

    def key_package(self, leaf: Address, now: int) -> bytes:
        """A fresh key package (bare TLS form) for the own leaf or a hosted one; its secrets are kept."""

    def binding_text(self, leaf: Address) -> bytes:
        """What a hosted leaf's wallet must sign before the leaf can act; empty when it has (or is here)."""

    def bind(self, leaf: Address, signature: bytes) -> None:
        """Take that signature. Raises BadSignature; then nothing has changed and it can be tried again."""

    def check_key_package(self, key_package: bytes, now: int) -> Address:
        """Full validation (signature, lifetime, suite, capabilities, wallet binding); returns its address."""

    def propose_update(self, leaf: Address) -> bytes:
        """An update proposal of this leaf for the present epoch."""

    def receive_proposal(self, message: bytes) -> Address:
        """Cache a foreign update proposal for `build`; returns its sender. All else is refused."""

    def build(self, changes: Sequence[Change], now: int) -> Built:
        """Make proposals for `changes` (in order) and a commit over them (plus cached updates), detached."""

    def stage(self, proposals: Sequence[bytes], commit: bytes, now: int) -> Staged:
        """Process foreign proposals and commit on a copy of the group; nothing changes until `adopt`."""

    def adopt(self, token: int) -> View | None:
        """Make a built or staged commit the group's state; None when it removed the own leaf."""

    def discard(self, token: int) -> None:
        """Forget a built or staged commit. Unknown tokens are ignored."""

    def keep(self, token: int) -> None:
        """Keep a built commit beyond a restart, in place of one kept before. It can be adopted either way."""

    def kept(self) -> bytes:
        """SHA-256 of the kept commit; empty when there is none."""

    def adopt_kept(self) -> View | None:
        """Adopt the kept commit, as `adopt` does. Raises NotPermitted: none, or the group has moved on."""

    def drop_kept(self) -> None:
        """Forget the kept commit, if there is one."""

    def join(self, leaf: Address, welcome: bytes, now: int, *, only_known: bool = False) -> View | None:
        """Join by Welcome as the own or a hosted leaf; None when the Welcome is not for this leaf.

        For a hosted leaf the returned view is the own leaf's. `only_known`: it must lead to an epoch that the
        own leaf has been in, else InvalidGroup, and it can be tried again. Raises MalformedMls or InvalidGroup.
        """

    def forget(self, leaf: Address) -> None:
        """Drop a leaf's group: a hosted one left or is to rejoin; the own one joined a wrong group."""

    def drain(self) -> list[tuple[str, bytes, bytes | None]]:
        """The buffered writes since the last call: (table, key, value), None deletes. In order."""
