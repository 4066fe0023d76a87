"""What a command is here: its declaration and what it does, and what it gets to work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bridge.conversation.ports import GroupStatus
from bridge.model.commands import Arguments, CommandSpec
from bridge.model.ids import UserRef
from bridge.rooms.commands.linker import Linker
from bridge.rooms.commands.sentences import say
from bridge.rooms.people import People
from bridge.rooms.ports import Asker, Outcome, Say, Written


@dataclass(frozen=True, slots=True)
class Context:
    """One call's surroundings. `arguments` have passed `CommandSpec.check`.

    `wallet_address` gives the 20-byte address of a hosted wallet.
    """

    arguments: Arguments
    written: Written
    asker: Asker
    group: GroupStatus
    people: People
    now: float
    prefix: str
    wallet_address: Callable[[UserRef], bytes]
    specs: tuple[CommandSpec, ...]
    key_package: Callable[[str, bytes], bytes | None] | None = None
    """A key package published for a group (short name) by an address, not used yet; None where no chain is
    configured."""
    linker: Linker | None = None

    @property
    def address(self) -> bytes:
        """The asker's address; empty when they never joined."""
        return self.asker.account.address if self.asker.account else b""

    def text(self, name: str) -> str:
        """An argument in words; '' when it was left out."""
        value = self.arguments.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int | None:
        """An argument in numbers; None when it was left out."""
        value = self.arguments.get(name)
        return value if isinstance(value, int) else None

    def data(self, name: str) -> bytes:
        """An argument in bytes; b'' when it was left out."""
        value = self.arguments.get(name, b"")
        return value if isinstance(value, bytes) else b""


@dataclass(frozen=True, slots=True)
class Command:
    """`run` is pure: nothing has happened when it returns."""

    spec: CommandSpec
    run: Callable[[Context], Outcome]


def answer(code: str, **facts: str) -> Say:
    """An answer from the table of sentences."""
    return Say(say(code, facts))


def usage(specs: Sequence[CommandSpec], prefix: str, detail: str = "") -> Say:
    """How to write it, in each of its forms."""
    return answer(
        "usage", usage=" or ".join(spec.usage(prefix) for spec in specs), detail=f"({detail})" if detail else ""
    )
