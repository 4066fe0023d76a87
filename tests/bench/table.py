"""What the benches share: order statistics, tables as text, and a progress line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """One bench's result. The first column is text, the others are figures; units stand in `heads`."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.heads, *self.rows, strict=True)]
        lines = [_line(row, widths) for row in (self.heads, *self.rows)]
        return "\n".join([self.title, *lines])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.rjust(width) if at else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(["  " + first, *others]).rstrip()


def quantile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least `part` (0 to 1) of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -int(-part * len(ordered) // 1) - 1)]


def milliseconds(seconds: float) -> str:
    """For a cell."""
    return f"{seconds * 1e3:,.1f}"


def progress(text: str) -> None:
    """Say on stderr what is under way, so that stdout holds the tables only."""
    print(f"  ... {text}", file=sys.stderr, flush=True)
