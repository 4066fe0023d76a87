"""What sender and follower ask of their neighbours. Types only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from web3.types import LogReceipt, TxReceipt

from bridge.chain.codec import Call
from bridge.protocol.chain import Fact
from bridge.storage.intents import IntentRow
from bridge.storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Health:
    """Of the way to the chain, for `!status`: `state` is ok, degraded or down."""

    state: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.state}: {self.detail}" if self.detail else self.state


class Account(Protocol):
    """The wallet that pays (`bridge.identity.wallet.Wallet`)."""

    @property
    def address(self) -> bytes:
        """20 bytes."""

    def sign_transaction(self, transaction: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """The raw signed transaction and its hash (32 bytes)."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One transaction to make, and the intents that it does."""

    call: Call
    intents: tuple[IntentRow, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of intents, by row id: an empty text for done, else why not."""

    of: Mapping[int, str] = field(default_factory=dict)


class Planner(Protocol):
    """Knows the contracts (`bridge.chain.contracts`)."""

    def plan(self, rows: Sequence[IntentRow]) -> list[Planned]:
        """Transactions for these intents, in an order that works."""

    def in_words(self, refusal: str) -> str:
        """A custom error's selector (0x…) as a sentence."""

    def is_done(self, refusal: str) -> bool:
        """Whether a refusal means that what was asked for is so already."""

    def outcome(self, rows: Sequence[IntentRow], receipt: TxReceipt) -> Outcome:
        """What a successful transaction has done: a batch may have skipped some."""


class Reader(Protocol):
    """Knows one group's logs (`bridge.chain.contracts`)."""

    addresses: Sequence[str]
    topics: Sequence[Any]

    def facts(self, logs: Sequence[LogReceipt]) -> list[Fact]:
        """The facts in these logs, in order. Raises ChainUnavailable for logs that make no sense."""


Settle = Callable[[Tx], None]
Failed = Callable[[str, str, str, Settle], Awaitable[None]]
"""(group, key of the intent, why, what to store with it): tells the group for good that an intent failed."""
Seen = Callable[[int, int, list[Fact], Settle], Awaitable[None]]
"""(block, its time in Unix seconds, confirmed facts, what to store with them)."""
