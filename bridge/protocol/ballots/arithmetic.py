"""When a ballot is decided (protocol.md section 7).

Before the deadline, and as soon as it is certain:

    n = 0     failed
    n <= 2    passed when all said YES; failed at the first NO
    n > 2     passed when YES >= q, q = ceil(2n/3); failed when NO > n - q or when all have voted

At the deadline, if still open, by the rule for the silent:

    approve   the silent count YES, then as above
    reject    the silent count NO, then as above
    abstain   passed when YES > NO and at least `min_votes` voted

`tests/data/ballot_table.json` states all cases up to n = 7; the contract is tested with the same file.
"""

from __future__ import annotations

from enum import Enum

from bridge.protocol.types import Silence


class Verdict(Enum):
    """The state of a ballot."""

    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"


def quorum(n: int) -> int:
    """YES votes that decide before the deadline: all of up to two voters, else two thirds, rounded up."""
    return n if n <= 2 else (2 * n + 2) // 3


def decide(n: int, yes: int, no: int, silence: Silence, min_votes: int, at_deadline: bool) -> Verdict:
    """The verdict with `yes` and `no` votes of `n` voters. Never OPEN at the deadline.

    Raises ValueError when the counts are impossible (the caller counts verified votes of distinct voters).
    """
    if yes < 0 or no < 0 or yes + no > n:
        raise ValueError(f"{yes} YES and {no} NO of {n} voters")
    early = _certain(n, yes, no)
    if early is not Verdict.OPEN or not at_deadline:
        return early
    silent = n - yes - no
    match silence:
        case Silence.APPROVE:
            return _certain(n, yes + silent, no)
        case Silence.REJECT:
            return _certain(n, yes, no + silent)
        case Silence.ABSTAIN:
            passed = yes > no and yes + no >= min_votes
            return Verdict.PASSED if passed else Verdict.FAILED


def _certain(n: int, yes: int, no: int) -> Verdict:
    """What no further vote can change."""
    if n == 0:
        return Verdict.FAILED
    q = quorum(n)
    if yes >= q:
        return Verdict.PASSED
    if no > n - q or yes + no == n:
        return Verdict.FAILED
    return Verdict.OPEN
