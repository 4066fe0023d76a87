"""What bounds each table: the text for ARCHITECTURE.md, and what the pruner does about it.

A test fails for a table that is not here. What still waits (undelivered, unanswered, unpublished) is never
pruned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bridge.storage import (
    adapter_rows,
    ballots,
    deliveries,
    inbound,
    intents,
    messages,
    reactions,
    transactions,
)
from bridge.storage.tx import Tx

Prune = Callable[[Tx, float, int], int]
"""(transaction, Unix seconds, rows at most) -> rows removed."""


@dataclass(frozen=True, slots=True)
class Bound:
    """`by` in words; `old` removes what is older than `[storage] keep_days`, `over` what is past its time."""

    by: str
    old: Prune | None = None
    over: Prune | None = None


_GROUPS: Final = "one row for each configured group"

BOUNDS: Final[Mapping[str, Bound]] = {
    "meta": Bound("one row"),
    "groups": Bound(_GROUPS),
    "mls_rows": Bound("the group's members and the epochs that MLS keeps"),
    "seen": Bound("8 days, longer than any archive (`Manager.forget_old`)"),
    "outbox": Bound("rows go when they are published"),
    "archive": Bound("7 days, protocol.md section 3 (`Manager.forget_old`)"),
    "timers": Bound("the engine's timers, one row for each name and group"),
    "inbound": Bound("`keep_days` after the event was worked off", old=inbound.prune),
    "cursors": Bound("one row for each account or channel that an adapter follows"),
    "deliveries": Bound("`keep_days` once delivered or given up", old=deliveries.prune),
    "messages": Bound("`keep_days`: older ones can no longer be edited or replied to", old=messages.prune),
    "reactions": Bound("`keep_days`", old=reactions.prune),
    "own_reactions": Bound("`keep_days`", old=reactions.prune_shown),
    "adapter_rows": Bound(
        "their own time, or a number that the adapter says (its store's docstring)", over=adapter_rows.prune
    ),
    "accounts": Bound("one row for each person who has joined or linked a wallet"),
    "members": Bound("one row for each member whose name was told"),
    "claims": Bound("rows go with the member who made them"),
    "bans": Bound("one row for each address that a vote keeps out"),
    "enforcements": Bound("one row for each account and room that a ban was carried out on"),
    "ballots": Bound("`keep_days` after the result", old=ballots.prune),
    "secrets": Bound("a fixed set of names"),
    "counters": Bound("one row for each group and kind of refusal"),
    "chain_cursors": Bound(_GROUPS),
    "chain_intents": Bound("`keep_days` once done or failed", old=intents.prune),
    "chain_transactions": Bound("`keep_days` once confirmed or replaced", old=transactions.prune),
}


def markdown() -> str:
    """The table for ARCHITECTURE.md."""
    lines = ["| table | bounded by |", "| --- | --- |"]
    lines += [f"| `{name}` | {bound.by} |" for name, bound in sorted(BOUNDS.items())]
    return "\n".join(lines) + "\n"
