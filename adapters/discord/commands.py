"""Slash commands, generated from the same table as the prefix commands (`GroupView.commands`)."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Optional

import discord
from discord import app_commands

from adapters.discord.places import room_of
from bridge.model.ids import RoomRef
from bridge.model.view import CommandHint, Group, GroupView

MAX_CHOICES = 25
"""Of an option (Discord, "Application Commands")."""
MAX_LABEL = 100
FORMS = " | "
"""Between the forms of a command in its help."""
_WORD = re.compile(r"<[^>]+>|\[[^\]]+\]|\S+")
_NAME = re.compile(r"[a-z0-9_-]{1,32}")
_MEMBER = {"user", "member", "address"}
_PROPOSAL = {"number", "proposal", "ballot"}

Asked = Callable[[discord.Interaction[Any], str, str], Awaitable[None]]
"""Takes interaction, command name and the rest of the command."""
Linked = Callable[[RoomRef], bool]


@dataclass(frozen=True, slots=True)
class Option:
    """One argument. `choices` are fixed words; `completes` is member, proposal or ''."""

    name: str
    required: bool
    choices: tuple[str, ...] = ()
    completes: str = ""


def options(hint: CommandHint, names: Sequence[str] = ()) -> list[Option]:
    """The options of a command, as its help writes them: `<user|address> [reason]`, `[number] yes|no`.

    Forms of a command (`add <0x…> | voting <seconds>`) become a choice of their first words, and one value.
    `names`: all commands, which an argument called `command` is one of.
    """
    if FORMS in hint.arguments:
        return _forms(hint.arguments.split(FORMS))
    found: list[Option] = []
    for word in _WORD.findall(hint.arguments)[:MAX_CHOICES]:
        bare = word.strip("<>[]")
        parts = [part.strip() for part in bare.split("|")]
        known = {part.casefold() for part in parts}
        required = not word.startswith("[")
        name = _option_name(parts[0], [each.name for each in found])
        if not word.startswith(("<", "[")):
            found.append(Option("choice", True, tuple(parts)))
        elif known & _MEMBER:
            found.append(Option(name, required, completes="member"))
        elif known & _PROPOSAL:
            found.append(Option(name, required, completes="proposal"))
        elif known == {"command"}:
            found.append(Option(name, required, tuple(names[:MAX_CHOICES])))
        else:
            found.append(Option(name, required))
    return found


def _forms(forms: Sequence[str]) -> list[Option]:
    words = tuple(form.split()[0] for form in forms if form.strip())[:MAX_CHOICES]
    named = {part for form in forms for word in _WORD.findall(form) for part in word.strip("<>[]").split("|")}
    return [Option("what", True, words), Option("value", True, completes="member" if named & _MEMBER else "")]


def _option_name(word: str, taken: Sequence[str]) -> str:
    """A name that Discord takes, and that can be a parameter's: the library reads options from a signature."""
    name = re.sub(r"[^a-z0-9_]", "", word.casefold())[:30]
    if not name.isidentifier() or keyword.iskeyword(name) or name == "interaction":
        name = "text"
    return name if name not in taken else f"{name}{len(taken)}"


def written(given: Sequence[Option], values: dict[str, str | None]) -> str:
    """The arguments as one would type them, in the order of the help."""
    words = []
    for option in given:
        value = " ".join((values.get(option.name) or "").split())
        if option.completes == "member" and " " in value:
            value = f'"{value}"'
        words.append(value)
    return " ".join(word for word in words if word)


def install(
    tree: app_commands.CommandTree[Any], view: GroupView, asked: Asked, linked: Linked, guilds: Iterable[int]
) -> None:
    """Put the commands into the tree, for these servers. No IO."""
    tree.clear_commands(guild=None)
    names = [hint.name for hint in view.commands]
    for hint in view.commands:
        if _NAME.fullmatch(hint.name):
            tree.add_command(_command(hint, options(hint, names), view, asked, linked))
    for guild in guilds:
        tree.copy_global_to(guild=discord.Object(guild))


def _command(
    hint: CommandHint, given: Sequence[Option], view: GroupView, asked: Asked, linked: Linked
) -> app_commands.Command[Any, ..., Any]:
    async def callback(interaction: discord.Interaction[Any], **values: str | None) -> None:
        await asked(interaction, hint.name, written(given, values))

    # The library reads a command's options from its signature.
    callback.__signature__ = _signature(given)  # type: ignore[attr-defined]
    command: app_commands.Command[Any, ..., Any] = app_commands.Command(
        name=hint.name, description=(hint.summary or hint.name)[:MAX_LABEL], callback=callback
    )
    command.guild_only = True
    for option in given:
        if option.completes:
            command.autocomplete(option.name)(_completion(option, view, linked))
    return command


def _signature(given: Sequence[Option]) -> inspect.Signature:
    """Discord wants required options first."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first = inspect.Parameter("interaction", kind, annotation=discord.Interaction)
    rest = [
        inspect.Parameter(
            option.name,
            kind,
            default=inspect.Parameter.empty if option.required else None,
            annotation=_annotation(option),
        )
        for option in sorted(given, key=lambda each: not each.required)
    ]
    return inspect.Signature([first, *rest])


def _annotation(option: Option) -> Any:
    plain: Any = Literal[option.choices] if option.choices else str
    return plain if option.required else Optional[plain]  # noqa: UP045 - the library wants this form


def _completion(option: Option, view: GroupView, linked: Linked) -> Any:
    async def complete(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        room = room_of(interaction.channel, linked)
        group = await view.group(room) if room is not None else None
        if group is None:
            return []
        found = members(group, current) if option.completes == "member" else proposals(group, current)
        return [app_commands.Choice(name=name, value=value) for name, value in found]

    return complete


def members(group: Group, current: str) -> list[tuple[str, str]]:
    """(label, address) of the members whose name or address contains what was typed; at most 25."""
    typed = current.casefold().removeprefix("@")
    found = []
    for member in group.members:
        address = f"0x{member.address.hex()}"
        if not member.is_bridge and (typed in member.name.casefold() or typed in address):
            found.append((f"{member.name[:80]} ({address[:6]}…{address[-4:]})"[:MAX_LABEL], address))
    return found[:MAX_CHOICES]


def proposals(group: Group, current: str) -> list[tuple[str, str]]:
    """(label, number) of the open ballot, when it fits what was typed."""
    if group.ballot is None:
        return []
    number = str(group.ballot.number)
    label = f"{number}: {' '.join(group.ballot.lines)}"
    return [(label[:MAX_LABEL], number)] if current.casefold().strip() in label.casefold() else []
