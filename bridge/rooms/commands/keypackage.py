"""`!keypackage`: with it the group can add somebody (`!propose add`) who is away, or whose bridge is."""

from __future__ import annotations

from typing import Final

from bridge.conversation.ports import PublishPackage
from bridge.model.commands import CommandSpec
from bridge.rooms.commands.command import Command, Context
from bridge.rooms.commands.join import account_of
from bridge.rooms.ports import Ask, Outcome


def run(context: Context) -> Outcome:
    """The account gets a wallet, as by `!join`; the group decides when a member proposes to add them."""
    address, create_account = account_of(context)
    return Ask(PublishPackage(address, context.asker.reply_to), create_account)


COMMAND: Final = Command(
    CommandSpec("keypackage", "publish a key package: the group can add you while you are away"), run
)
