"""`!ban <member> [reason]`, and so the seed's `/ban <address>`: asks for a vote. So does `!propose remove`."""

from __future__ import annotations

from typing import Final

from bridge.conversation.ports import RequestBan
from bridge.model.commands import CommandSpec, Kind, Parameter
from bridge.protocol.ports import Address
from bridge.rooms.commands.command import Command, Context, answer
from bridge.rooms.commands.find import find_among
from bridge.rooms.ports import Ask, Outcome

MAX_REASON: Final = 200
"""Characters; four bytes each fit into the wire's bound for a reason."""
MAX_LISTED: Final = 10

PARAMETERS: Final = (
    Parameter("member", Kind.MEMBER, "whom: name, account or address"),
    Parameter("reason", Kind.TEXT, "why", optional=True, rest=True, high=MAX_REASON),
)


def run(context: Context) -> Outcome:
    """Refuses here what the group would refuse; whom it concerns must be certain."""
    if not context.address:
        return answer("not_a_member", detail=f"Write {context.prefix}join first.")
    name, group = context.text("member"), context.group
    members = [who for who in find_among(name, context, group.members) if who in group.members]
    if not members:
        return answer("cannot_ban_unknown", detail=f"{context.prefix}members lists them.")
    if len(members) > 1:
        who = ", ".join(f"0x{address.hex()}" for address in members[:MAX_LISTED])
        return answer("ambiguous_name", name=name, who=who)
    asker, target = Address(context.address), Address(members[0])
    return Ask(RequestBan(asker, target, context.text("reason"), context.asker.reply_to))


COMMAND: Final = Command(
    CommandSpec("ban", "ask the group to vote on a ban", PARAMETERS, is_about_now=True), run
)
