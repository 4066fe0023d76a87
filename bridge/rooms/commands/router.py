"""The table of commands, and the way from a text to its outcome: implements `bridge.rooms.ports.Commands`."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Final

from bridge.conversation.ports import GroupStatus
from bridge.model.ids import UserRef
from bridge.rooms.commands import (
    ban,
    help,  # noqa: A004
    join,
    keypackage,
    leave,
    link,
    members,
    proposals,
    propose,
    status,
    unban,
    vote,
)
from bridge.rooms.commands.command import Command, Context, answer
from bridge.rooms.commands.grammar import Call, parse
from bridge.rooms.commands.linker import Linker
from bridge.rooms.people import People
from bridge.rooms.ports import Asker, Outcome

COMMANDS: Final[tuple[Command, ...]] = (
    join.COMMAND,
    keypackage.COMMAND,
    leave.COMMAND,
    link.COMMAND,
    ban.COMMAND,
    unban.COMMAND,
    vote.COMMAND,
    propose.COMMAND,
    proposals.COMMAND,
    members.COMMAND,
    status.COMMAND,
    help.COMMAND,
)


class Router:
    """`wallet_address` gives a platform user's hosted address (20 bytes); `prefix` is not empty.

    `key_package` gives a key package that an address has published for a group (its short name), or None when
    there is none. Without a `linker`, people have no wallets of their own.
    """

    def __init__(
        self,
        wallet_address: Callable[[UserRef], bytes],
        prefix: str = "!",
        key_package: Callable[[str, bytes], bytes | None] | None = None,
        linker: Linker | None = None,
    ) -> None:
        if not prefix or prefix[-1].isalnum() or prefix != prefix.strip():
            raise ValueError("the prefix of commands must end in a sign, for example !")
        self._wallet_address = wallet_address
        self._prefix = prefix
        self._key_package = key_package
        self._linker = linker
        self._commands = {command.name: command for command in COMMANDS}

    def is_command(self, text: str) -> bool:
        """Whether a message is meant for the bridge."""
        return parse(text, self._prefix) is not None

    def carry_out(self, text: str, asker: Asker, group: GroupStatus, people: People, now: float) -> Outcome:
        """What the command leads to; a hint for one that does not exist."""
        call = parse(text, self._prefix)
        command = self._commands.get(call.name) if call else None
        if call is None or command is None:
            return self._unknown(call)
        context = Context(
            call,
            asker,
            group,
            people,
            now,
            self._prefix,
            self._wallet_address,
            COMMANDS,
            self._key_package,
            self._linker,
        )
        return command.run(context)

    def _unknown(self, call: Call | None) -> Outcome:
        name = call.name if call else ""
        close = difflib.get_close_matches(name, self._commands, n=1)
        hint = f"Did you mean {self._prefix}{close[0]}?" if close else f"{self._prefix}help lists them."
        return answer("unknown_command", name=f"{self._prefix}{name}", hint=hint)
