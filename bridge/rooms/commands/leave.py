"""`!leave`: needs no vote."""

from __future__ import annotations

from typing import Final

from bridge.conversation.ports import LeaveMember
from bridge.model.commands import CommandSpec
from bridge.protocol.ports import Address
from bridge.rooms.commands.command import Command, Context, answer
from bridge.rooms.ports import Ask, Outcome


def run(context: Context) -> Outcome:
    """The account stays known: a ban that comes later still finds it."""
    if not context.address:
        return answer("not_a_member")
    return Ask(LeaveMember(Address(context.address), context.asker.reply_to))


COMMAND: Final = Command(CommandSpec("leave", "leave the group; no vote is needed", is_about_now=True), run)
