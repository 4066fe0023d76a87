"""What an adapter remembers: rows of its own in the bridge's database, written with what they belong to.

A row is (kind, key) -> value. `kind` is the adapter's word for a sort of row, `key` its name among them. Both,
`under` and `position` lie in clear; the value is encrypted at rest. No other adapter sees the rows.

- `under` and `position` order rows: `scan` gives those of one kind that stand under the same thing (messages
  of a room, sessions of a person) by position. A second order of the same things is a second kind whose
  rows name the first (`get_many`): messages by position, and changes of a room by revision.
- `expires_at` bounds rows in time: what is past it is not read any more, and the bridge removes it. Rows
  without it are bounded by their adapter, by count (`trim`) or by what they stand for.

Everything happens in a *work*: a plain function of `Rows`, quick, without other IO, which changes nothing in
memory, because it may run and still not be committed. `AdapterStore.write` runs one in a transaction of its
own, never on the event loop. Two other doors run one inside a transaction of the bridge:

- `Inbox.accept(..., remember=work)`: with the events and the cursor, or not at all; an exception of the work is
  raised by `accept`, and nothing is stored;
- `Outgoing.remember(work)`, called in `send` or `edit`: in the transaction that records the delivery. A crash
  before it repeats the delivery with the same key, so what must be known *before* the platform is asked is
  written by `AdapterStore.write`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")

SCAN_ROWS: Final = 1_000
"""Rows that one `scan` gives at most unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it is stored; `expires_at` in Unix seconds, 0 for never."""

    key: str
    value: bytes
    under: str = ""
    position: int = 0
    expires_at: float = 0.0


class Rows(Protocol):
    """The adapter's rows inside a transaction. Kinds and keys: text without NUL, at most 1,024 characters."""

    def get(self, kind: str, key: str) -> bytes | None:
        """The value, or None."""

    def get_many(self, kind: str, keys: Collection[str]) -> Mapping[str, Row]:
        """Those of `keys` that there are."""

    def put(self, kind: str, row: Row) -> None:
        """Insert, or replace the whole row with this key."""

    def delete(self, kind: str, *keys: str) -> int:
        """Remove; unknown keys are ignored. Returns how many there were."""

    def scan(
        self,
        kind: str,
        *,
        under: str | None = None,
        after: int | None = None,
        before: int | None = None,
        newest: bool = False,
        limit: int = SCAN_ROWS,
    ) -> list[Row]:
        """Rows by position (equal ones by key), ascending, or descending for `newest`.

        `under` None: of the whole kind. `after` and `before` bound the position, both exclusively.
        """

    def count(self, kind: str, under: str | None = None) -> int:
        """How many rows there are, of the whole kind for None."""

    def trim(self, kind: str, under: str | None, keep: int) -> int:
        """Remove all but the `keep` rows of the highest positions; returns how many."""


Work = Callable[[Rows], T]
Change = Callable[[Rows], object]
"""A work whose result nobody reads."""


class AdapterStore(Protocol):
    """One adapter's rows. From the event loop only."""

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one committed state; it cannot write."""

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction; when this returns, it is on disk. Raises what `work` raises."""


@runtime_checkable
class WantsStore(Protocol):
    """An adapter that remembers something."""

    def attach_store(self, store: AdapterStore) -> None:
        """Called once, before `start`."""
