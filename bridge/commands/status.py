"""`!status`: how the group is."""

from __future__ import annotations

from typing import Final

from bridge.commands.command import Command, Context
from bridge.mirror.ports import Outcome, Say
from bridge.mirror.text import duration, one_line
from bridge.model.notices import State

_STATES: Final = {
    State.WORKING: "Working: chat flows, wishes are collected",
    State.WAITING: "Waiting: a round has begun; chat waits until it is over",
    State.VOTING: "Voting: a vote is open; chat waits until it is over",
}


def run(context: Context) -> Outcome:
    """State, epoch, steward, and what waits."""
    group = context.group
    left = f" (at most {duration(group.deadline - context.now)} more)" if group.deadline else ""
    you = "a member" if context.address and context.address in group.members else "not a member"
    lines = [
        f"Group {group.full_name}",
        f"{_STATES[group.state]}{left}",
        f"Epoch {group.epoch}, {len(group.members)} member(s), {len(group.voters)} with a vote; you are {you}.",
        f"Steward: {'this bridge' if group.is_steward else context.people.full(group.steward)}",
    ]
    if group.queued or group.waiting_chat:
        lines.append(f"Waiting: {group.queued} change(s), {group.waiting_chat} message(s)")
    if group.ballot is not None:
        lines.append(f"Open vote: {group.ballot.ballot_id}")
    if group.transport:
        lines.append(f"Waku: {one_line(group.transport, 200)}")
    return Say("\n".join(lines))


COMMAND = Command("status", "", "show the state of the group", run)
