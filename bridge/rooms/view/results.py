"""Ballots that are over, from what the mirror stored of them."""

from __future__ import annotations

import re
from typing import Final

import msgspec
import structlog

from bridge.model.view import Result
from bridge.rooms.outbound.ballots import Closed, Opened
from bridge.storage.ballots import BallotRow

log: Final = structlog.get_logger("bridge.rooms.view")

_FIRST_RELEASE: Final = re.compile(
    r"🗳️ Vote \d+: (passed|rejected): (\d{1,9}) yes, (\d{1,9}) no, of (\d{1,9})\.( The time is over)?"
)
"""The first line of a result as the first release stored it, without the numbers beside it."""


def result(row: BallotRow) -> Result | None:
    """The result; None for a ballot that is open, or a row that nobody can read."""
    if row.result is None or row.closed_at is None:
        return None
    try:
        opened = msgspec.msgpack.decode(row.opened, type=Opened)
        closed = msgspec.msgpack.decode(row.result, type=Closed)
    except msgspec.MsgspecError as error:
        log.error("a stored ballot is unreadable", ballot=row.ballot_id, error=str(error))
        return None
    if not closed.voters:
        closed = _of_first_release(closed)
    return Result(
        number=row.ballot_id,
        # The first release stored the heading, the questions and how to vote as one text.
        lines=opened.lines or tuple(opened.text.splitlines()[1:-1]),
        passed=closed.passed,
        yes=closed.yes,
        no=closed.no,
        voters=closed.voters,
        by_deadline=closed.by_deadline,
        closed_at=row.closed_at,
        text=closed.text,
    )


def _of_first_release(closed: Closed) -> Closed:
    found = _FIRST_RELEASE.match(closed.text)
    if found is None:
        return closed
    verdict, yes, no, voters, by_deadline = found.groups()
    return Closed(
        closed.text, closed.lines, verdict == "passed", int(yes), int(no), int(voters), bool(by_deadline)
    )
