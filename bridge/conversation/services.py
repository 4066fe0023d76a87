"""What all groups of a process share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bridge.conversation.keys import Entropy
from bridge.conversation.ports import Fanout, Signer
from bridge.conversation.tuning import Tuning
from bridge.protocol.engine import EngineConfig
from bridge.protocol.ports import MlsPort
from bridge.storage.store import Store
from bridge.waku.transport import Transport


class MlsFactory(Protocol):
    """Makes the MLS port of a group (`bridge.mls`) from its stored rows (empty for a new group)."""

    def __call__(self, config: EngineConfig, rows: Sequence[tuple[str, bytes, bytes]]) -> MlsPort: ...


@dataclass(frozen=True, slots=True)
class Services:
    """`clock` gives Unix seconds, `entropy(n)` n random bytes, `random` a number from 0 to 1 (delays only)."""

    store: Store
    transport: Transport
    signer: Signer
    fanout: Fanout
    open_mls: MlsFactory
    clock: Callable[[], float]
    entropy: Entropy
    random: Callable[[], float]
    meta: bytes
    """Random id of this process, in every message it publishes: its own echo is not even looked at."""
    tuning: Tuning = field(default_factory=Tuning)
    chain_wake: Callable[[], None] | None = None
    """Called after a commit that asked something of the chain. Must not block."""
    chain_health: Callable[[str], str] | None = None
    """Health of a group's way to the chain, in words, by the group's short name."""
