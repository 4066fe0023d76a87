"""`!ban <user|address> [reason]`, and the seed's `/ban <address>`: asks for a vote."""

from __future__ import annotations

from typing import Final

from bridge.conversation.ports import RequestBan
from bridge.model.text import one_line
from bridge.protocol.ports import Address
from bridge.rooms.commands.command import Command, Context, answer, usage
from bridge.rooms.commands.find import find_member
from bridge.rooms.ports import Ask, Outcome

MAX_REASON: Final = 200
"""Characters; four bytes each fit into the wire's bound for a reason."""
MAX_LISTED: Final = 10


def run(context: Context) -> Outcome:
    """Refuses here what the group would refuse; whom it concerns must be certain."""
    text = context.call.rest
    if not text:
        return usage(COMMAND, context)
    if not context.address:
        return answer("not_a_member", detail=f"Write {context.prefix}join first.")
    found = find_member(text, context)
    members = [address for address in found.addresses if address in context.group.members]
    if not members:
        return answer("cannot_ban_unknown", detail=f"{context.prefix}members lists them.")
    if len(members) > 1:
        who = ", ".join(f"0x{address.hex()}" for address in members[:MAX_LISTED])
        return answer("ambiguous_name", name=found.name, who=who)
    reason = one_line(found.rest, MAX_REASON)
    return Ask(RequestBan(Address(context.address), Address(members[0]), reason, context.asker.reply_to))


COMMAND = Command("ban", "<user|address> [reason]", "ask the group to vote on a ban", run)
