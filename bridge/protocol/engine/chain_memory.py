"""What the engine remembers of the chain: plain data, bounded, part of `EngineState`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeVar

from bridge.protocol.engine.queued import QueuedChange

MAX_REMEMBERED: Final = 256
"""Ballots and records: late batches are judged by them."""
MAX_HELD: Final = 8
"""Batches that wait for their facts."""

_Row = TypeVar("_Row")


@dataclass(slots=True)
class OnChain:
    """A ballot on the chain. `votes`: (voter, yes, transaction), in order, kept until it is decided."""

    deadline: int
    transaction: bytes
    changes: bytes
    votes: list[tuple[bytes, bool, bytes]] = field(default_factory=list)
    is_decided: bool = False
    passed: bool = False
    yes: int = 0
    no: int = 0
    by_deadline: bool = False


@dataclass(slots=True)
class RecordRow:
    """A recorded commit."""

    number: int
    epoch: int
    digest: bytes
    adds: list[bytes]
    removes: list[bytes]


@dataclass(slots=True)
class Chosen:
    """The roster that the chain holds now: set by a Roster fact, moved on by every record."""

    members: list[bytes]
    voters: list[bytes]
    services: list[bytes]
    candidates: list[bytes]
    """These three as they were set; empty once a recorded policy has replaced them: that was voted on."""
    policy_hash: bytes
    number: int
    settings: bytes
    """The contracts' hash of the policy's settings; empty once a recorded policy has replaced them."""
    epoch: int
    """The lowest epoch whose commit can be recorded next."""
    is_voted: bool = False
    """Whether a recorded policy has replaced its lists and settings."""


@dataclass(slots=True)
class Opening:
    """The steward's ballot that is on its way to the chain. `proposal` in wire form."""

    proposal: bytes
    digest: bytes
    voters: list[bytes]
    items: list[QueuedChange]


@dataclass(slots=True)
class PendingRecord:
    """The own commit that is kept until the chain has recorded it, or another one. `batch` in wire form."""

    commit_hash: bytes
    number: int
    epoch: int
    digest: bytes
    batch: bytes
    welcome: bytes
    items: list[QueuedChange]


@dataclass(slots=True)
class ChainMemory:
    """Times are Unix seconds: `time` the block's, `seen_at` by our clock when it was told."""

    block: int = 0
    time: int = 0
    seen_at: float = 0.0
    roster: Chosen | None = None
    """None: the group was never brought to the chain."""
    roster_attempt: int = 0
    roster_again: float = 0.0
    """When a roster that could not be set is asked for again; 0: not at all."""
    opening: Opening | None = None
    proposal: bytes = b""
    """A Proposal that came before the chain said that its ballot is open; wire form."""
    ballots: dict[bytes, OnChain] = field(default_factory=dict)
    """By digest; the oldest go first."""
    records: dict[bytes, RecordRow] = field(default_factory=dict)
    """By commit hash."""
    pending: PendingRecord | None = None
    held: list[bytes] = field(default_factory=list)
    relayed: dict[bytes, str] = field(default_factory=dict)
    """Voters of ours whose vote is on its way, and who waits for word of it."""


def bounded(rows: dict[bytes, _Row]) -> None:
    """Forget the oldest beyond the bound."""
    while len(rows) > MAX_REMEMBERED:
        del rows[next(iter(rows))]
