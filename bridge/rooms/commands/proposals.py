"""`!proposals`: what is voted on, and what waits."""

from __future__ import annotations

from typing import Final

from bridge.model.commands import CommandSpec
from bridge.model.text import clock_time, duration
from bridge.rooms.commands.command import Command, Context
from bridge.rooms.outbound.ballots import question
from bridge.rooms.ports import Outcome, Say

MAX_SHOWN: Final = 50


def run(context: Context) -> Outcome:
    """The open ballot with its count, and the number of changes that wait for a steward epoch."""
    group, people = context.group, context.people
    lines = []
    if group.ballot is None:
        lines.append("No vote is open.")
    else:
        ballot = group.ballot
        left = duration(ballot.deadline - context.now)
        lines.append(f"🗳️ Vote {ballot.ballot_id}, open until {clock_time(ballot.deadline)} ({left})")
        lines += [question(change, people) for change in ballot.changes[:MAX_SHOWN]]
        lines.append(f"So far: {len(ballot.yes)} yes, {len(ballot.no)} no, of {len(ballot.voters)}.")
        if context.address in ballot.voters and context.address not in (*ballot.yes, *ballot.no):
            lines.append(f"You have not voted: {context.prefix}vote {ballot.ballot_id} yes or no.")
    if group.queued:
        lines.append(f"{group.queued} change(s) wait for the next round.")
    return Say("\n".join(lines))


COMMAND: Final = Command(CommandSpec("proposals", "show what is voted on and what waits"), run)
