"""What a command is: one object of the typed table, and what it gets to work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.conversation.ports import GroupStatus
from bridge.model.ids import UserRef
from bridge.rooms.commands.grammar import Call
from bridge.rooms.commands.linker import Linker
from bridge.rooms.commands.sentences import say
from bridge.rooms.people import People
from bridge.rooms.ports import Asker, Outcome, Say


@dataclass(frozen=True, slots=True)
class Context:
    """One call's surroundings. `wallet_address` gives the 20-byte address of a hosted wallet."""

    call: Call
    asker: Asker
    group: GroupStatus
    people: People
    now: float
    prefix: str
    wallet_address: Callable[[UserRef], bytes]
    commands: tuple[Command, ...]
    key_package: Callable[[str, bytes], bytes | None] | None = None
    """A key package published for a group (short name) by an address, not used yet; None where no chain is
    configured."""
    linker: Linker | None = None

    @property
    def address(self) -> bytes:
        """The asker's address; empty when he never joined."""
        return self.asker.account.address if self.asker.account else b""


@dataclass(frozen=True, slots=True)
class Command:
    """`arguments` as shown in the help; `run` is pure."""

    name: str
    arguments: str
    summary: str
    run: Callable[[Context], Outcome]

    def usage(self, prefix: str) -> str:
        """`!vote [number] yes|no`."""
        return f"{prefix}{self.name} {self.arguments}".rstrip()


def answer(code: str, **facts: str) -> Say:
    """An answer from the table of sentences."""
    return Say(say(code, facts))


def usage(command: Command, context: Context) -> Say:
    """How to write it."""
    return answer("usage", usage=command.usage(context.prefix))
