"""`!status`: how the group is."""

from __future__ import annotations

from typing import Final

from bridge.model.commands import CommandSpec
from bridge.model.notices import State
from bridge.model.text import duration, one_line
from bridge.protocol.types import Coordination
from bridge.rooms.commands.command import Command, Context
from bridge.rooms.ports import Outcome, Say

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
        if group.ballot.transaction:
            lines.append(f"Opened on the chain by transaction 0x{group.ballot.transaction.hex()}")
    lines += _coordination(context)
    if group.transport:
        lines.append(f"Waku: {one_line(group.transport, 200)}")
    return Say("\n".join(lines))


def _coordination(context: Context) -> list[str]:
    """Who counts the votes, and whether the chain does its part."""
    group = context.group
    if group.coordination is Coordination.WAKU:
        return ["Votes: counted by the members (waku)"]
    if group.chain_trouble:
        lines = [f"Votes: counted by the contract, but not now: {group.chain_trouble}"]
    else:
        lines = [f"Votes: counted by the contract; {group.number} commit(s) on record"]
    return [*lines, f"Chain: {one_line(group.chain, 200)}"] if group.chain else lines


COMMAND: Final = Command(CommandSpec("status", "show the state of the group"), run)
