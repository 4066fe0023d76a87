"""`!members`: who is in the group."""

from __future__ import annotations

from typing import Final

from bridge.model.commands import CommandSpec
from bridge.rooms.commands.command import Command, Context
from bridge.rooms.ports import Outcome, Say

MAX_LISTED: Final = 100


def run(context: Context) -> Outcome:
    """Names with addresses; bridges and the steward are marked."""
    members = sorted(context.group.members, key=lambda member: context.people.name(member).casefold())
    lines = [f"{len(members)} member(s), {len(context.group.voters)} with a vote:"]
    lines += [_line(member, context) for member in members[:MAX_LISTED]]
    if len(members) > MAX_LISTED:
        lines.append(f"… and {len(members) - MAX_LISTED} more")
    return Say("\n".join(lines))


def _line(member: bytes, context: Context) -> str:
    group = context.group
    marks = [
        mark
        for mark, holds in (
            ("you", member == context.address),
            ("this bridge", member == group.own),
            ("bridge", member in group.service and member != group.own),
            ("steward", member == group.steward),
        )
        if holds
    ]
    return f"• {context.people.full(member)}" + (f" – {', '.join(marks)}" if marks else "")


COMMAND: Final = Command(CommandSpec("members", "list the members of the group"), run)
