"""`!join`: the account gets a wallet and asks for a leaf of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bridge.conversation.ports import JoinMember
from bridge.model.commands import CommandSpec
from bridge.protocol.ports import Address
from bridge.rooms.commands.command import Command, Context
from bridge.rooms.ports import Ask, Outcome
from bridge.storage import accounts
from bridge.storage.tx import Tx


def run(context: Context) -> Outcome:
    """Also for the banned: the group decides, as for everybody."""
    address, create_account = account_of(context)
    return Ask(JoinMember(address, context.asker.name, context.asker.reply_to), create_account)


def account_of(context: Context) -> tuple[Address, Callable[[Tx, float], None]]:
    """The asker's address, and what makes their account of it once the request is taken."""
    asker = context.asker
    address = context.address or context.wallet_address(asker.user)

    def create_account(tx: Tx, now: float) -> None:
        accounts.put(tx, asker.user.platform, asker.user.user_id, address, asker.name, now)

    return Address(address), create_account


COMMAND: Final = Command(CommandSpec("join", "ask to become a member of the group"), run)
