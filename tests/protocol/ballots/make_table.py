"""Writes tests/data/ballot_table.json: `python tests/protocol/ballots/make_table.py`.

An independent statement of protocol.md section 7, in other words than `decide`: with fractions instead of a
quorum, and with every possible future instead of a rule for "certain". The contract is tested with the file.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

TABLE = Path(__file__).parents[2] / "data" / "ballot_table.json"
COLUMNS = ["n", "yes", "no", "silence", "min_votes", "at_deadline", "verdict"]
TWO_THIRDS = Fraction(2, 3)

HAND_CHECKED = [
    # One by one from the design's sentences, not from any program.
    [0, 0, 0, "approve", 1, True, "failed"],  # nobody can pass anything
    [1, 1, 0, "reject", 1, False, "passed"],
    [2, 1, 0, "approve", 1, False, "open"],
    [2, 0, 1, "approve", 1, False, "failed"],  # with two, any NO fails at once
    [2, 1, 0, "reject", 1, True, "failed"],  # with two voters nobody can be banned
    [2, 1, 0, "abstain", 1, True, "passed"],
    [3, 2, 0, "reject", 1, False, "passed"],  # the example: n = 3, q = 2
    [3, 2, 1, "reject", 1, False, "passed"],
    [3, 1, 1, "abstain", 1, True, "failed"],  # a tie
    [3, 0, 0, "abstain", 1, True, "failed"],  # no votes, no Sybils
    [3, 0, 0, "approve", 1, True, "passed"],  # the seed's rule
    [4, 2, 0, "reject", 1, False, "open"],  # q = 3
    [4, 2, 2, "abstain", 1, False, "failed"],
    [5, 3, 1, "reject", 1, False, "open"],  # q = 4
    [5, 3, 1, "approve", 1, True, "passed"],
    [6, 4, 2, "abstain", 1, False, "passed"],  # q = 4
    [7, 4, 3, "abstain", 1, True, "failed"],  # q = 5 is out of reach although YES leads
    [7, 1, 0, "abstain", 2, True, "failed"],  # too few voted
    [7, 2, 1, "abstain", 3, True, "passed"],
]


def _final(n: int, yes: int) -> bool:
    """Whether the batch passes when everybody has voted."""
    if n <= 2:
        return n > 0 and yes == n
    return Fraction(yes, n) >= TWO_THIRDS


def verdict(n: int, yes: int, no: int, silence: str, min_votes: int, at_deadline: bool) -> str:
    """What the rules say."""
    silent = n - yes - no
    futures = {_final(n, yes + more) for more in range(silent + 1)}
    if len(futures) == 1:
        return "passed" if futures.pop() else "failed"
    if not at_deadline:
        return "open"
    if silence == "abstain":
        return "passed" if yes - no > 0 and not yes + no < min_votes else "failed"
    return "passed" if _final(n, yes + (silent if silence == "approve" else 0)) else "failed"


def _counts() -> list[tuple[int, int, int]]:
    """Every (n, yes, no) up to 7 voters, and the edges of some larger groups."""
    small = [(n, yes, no) for n in range(8) for yes in range(n + 1) for no in range(n + 1 - yes)]
    edges = []
    for n in (8, 9, 10, 50, 99, 100, 101, 1000):
        least = -(-2 * n // 3)
        for yes in (0, 1, least - 1, least, n):
            for no in (0, 1, n - least, n - least + 1, n):
                if yes + no <= n and (n, yes, no) not in edges:
                    edges.append((n, yes, no))
    return small + edges


def rows() -> list[list[object]]:
    """All cases. Before the deadline, and without abstention, `min_votes` means nothing and is 1."""
    found: list[list[object]] = []
    for n, yes, no in _counts():
        cases = [(silence, 1, False) for silence in ("approve", "reject", "abstain")]
        cases += [("approve", 1, True), ("reject", 1, True)]
        cases += [("abstain", least, True) for least in (0, 1, 2, 4, 8)]
        for silence, least, late in cases:
            found.append([n, yes, no, silence, least, late, verdict(n, yes, no, silence, least, late)])
    return found


def render() -> str:
    """The file: one row in a line, so that a changed rule shows as changed lines."""
    for row in HAND_CHECKED:
        assert verdict(*row[:-1]) == row[-1], row  # type: ignore[arg-type]
    parts = [f'{{"columns": {json.dumps(COLUMNS)},']
    for name, content in (("hand_checked", HAND_CHECKED), ("cases", rows())):
        lines = ",\n".join(json.dumps(row) for row in content)
        parts.append(f'"{name}": [\n{lines}\n]' + ("," if name == "hand_checked" else "}"))
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    TABLE.write_text(render())
