"""The table of commands, and the way from one to its outcome: implements `bridge.rooms.ports.Commands`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bridge.conversation.ports import GroupStatus
from bridge.model import command_text
from bridge.model.adapter import Inbound, InboundCommand, InboundMessage
from bridge.model.commands import BadValue, CommandSpec, Value
from bridge.model.ids import UserRef
from bridge.model.text import duration
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
from bridge.rooms.commands.command import Command, Context, answer, usage
from bridge.rooms.commands.find import boundary
from bridge.rooms.commands.linker import Linker
from bridge.rooms.people import People
from bridge.rooms.ports import Asker, Outcome, Written

MAX_AGE: Final = 3_600.0
"""Seconds after which a command about the moment (`CommandSpec.is_about_now`) is not carried out any more: a
bridge that is updated or restarted is back sooner, and what was meant yesterday may be wrong today."""

COMMANDS: Final[tuple[Command, ...]] = (
    join.COMMAND,
    keypackage.COMMAND,
    leave.COMMAND,
    link.COMMAND,
    ban.COMMAND,
    unban.COMMAND,
    vote.COMMAND,
    *propose.COMMANDS,
    proposals.COMMAND,
    members.COMMAND,
    status.COMMAND,
    help.COMMAND,
)


SPECS: Final = tuple(command.spec for command in COMMANDS)


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
        commands: tuple[Command, ...] = COMMANDS,
    ) -> None:
        if not prefix or prefix[-1].isalnum() or prefix != prefix.strip():
            raise ValueError("the prefix of commands must end in a sign, for example !")
        self.specs = tuple(command.spec for command in commands)
        self._wallet_address = wallet_address
        self._prefix = prefix
        self._key_package = key_package
        self._linker = linker
        self._commands = {command.spec.name: command for command in commands}

    def is_command(self, event: Inbound) -> bool:
        """Whether an event is meant for the bridge and not for the room."""
        match event:
            case InboundCommand():
                return True
            case InboundMessage(is_literal=False):
                return command_text.read(event.body.plain, self._prefix, self.specs) is not None
            case _:
                return False

    def carry_out(
        self,
        event: InboundMessage | InboundCommand,
        asker: Asker,
        group: GroupStatus,
        people: People,
        written: Written,
        now: float,
    ) -> Outcome:
        """What the command leads to; how it is written, when it was not written so."""
        candidates = self.specs
        try:
            if isinstance(event, InboundCommand):
                candidates = tuple(spec for spec in self.specs if spec.name == event.name)
                arguments = candidates[0].check(event.arguments) if candidates else {}
            else:
                call = command_text.read(event.body.plain, self._prefix, self.specs)
                candidates = call.specs if call else ()
                arguments = call.arguments(boundary(asker, group, people))[1] if call else {}
        except BadValue as problem:
            return usage(candidates, self._prefix, str(problem))
        if not candidates:
            return answer("unknown_command", hint=f"{self._prefix}help lists them.")
        return self._run(candidates[0], arguments, asker, group, people, written, now)

    def _run(
        self,
        spec: CommandSpec,
        arguments: dict[str, Value],
        asker: Asker,
        group: GroupStatus,
        people: People,
        written: Written,
        now: float,
    ) -> Outcome:
        if spec.is_about_now and now - written.at > MAX_AGE:
            return answer("command_old", age=duration(now - written.at))
        context = Context(
            arguments,
            written,
            asker,
            group,
            people,
            now,
            self._prefix,
            self._wallet_address,
            self.specs,
            self._key_package,
            self._linker,
        )
        return self._commands[spec.name].run(context)
