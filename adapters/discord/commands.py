"""Slash commands, made of the commands' declarations (`GroupView.commands`)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Optional

import discord
from discord import app_commands

from adapters.discord.places import room_of
from bridge.model.commands import PEOPLE, Arguments, BadValue, CommandSpec, Kind, Parameter, Value
from bridge.model.ids import RoomRef
from bridge.model.view import Group, GroupView

MAX_CHOICES: Final = 25
"""Of an option (Discord, "Application Commands")."""
MAX_LABEL: Final = 100
MAX_LENGTH: Final = 6_000
"""Characters of an option's text (Discord)."""
_MENTION: Final = re.compile(r"<@!?([0-9]{1,20})>")

Asked = Callable[[discord.Interaction[Any], str, Arguments], Awaitable[None]]
"""Takes interaction, the command's name and its arguments."""
Linked = Callable[[RoomRef], bool]
Given = str | int
"""What Discord hands over for an option."""


def arguments(spec: CommandSpec, given: Mapping[str, Given | None]) -> dict[str, Value]:
    """Typed values of what was filled in. Raises BadValue."""
    found: dict[str, Value] = {}
    for parameter in spec.parameters:
        value = given.get(parameter.name)
        if value is None or value == "":
            continue
        if isinstance(value, str) and parameter.kind in PEOPLE:
            value = _MENTION.sub(r"\1", value)
        found[parameter.name] = parameter.check(value) if isinstance(value, int) else parameter.read(value)
    return spec.check(found)


def install(
    tree: app_commands.CommandTree[Any], view: GroupView, asked: Asked, linked: Linked, guilds: Iterable[int]
) -> None:
    """Put the commands into the tree, for these servers. No IO."""
    tree.clear_commands(guild=None)
    families: dict[str, list[CommandSpec]] = {}
    for spec in view.commands:
        families.setdefault(spec.family, []).append(spec)
    for family, specs in families.items():
        if [spec.name for spec in specs] == [family]:
            tree.add_command(_command(family, specs[0], view, asked, linked))
        else:
            tree.add_command(_group(family, specs, view, asked, linked))
    for guild in guilds:
        tree.copy_global_to(guild=discord.Object(guild))


def _group(
    family: str, specs: Sequence[CommandSpec], view: GroupView, asked: Asked, linked: Linked
) -> app_commands.Group:
    """`/propose add`, `/propose remove`: on Discord, what has commands below it is none itself."""
    below = [(spec.name.partition(" ")[2] or "now", spec) for spec in specs]
    text = f"{family}: {', '.join(name for name, _ in below)}"[:MAX_LABEL]
    group = app_commands.Group(name=family, description=text, guild_only=True)
    for name, spec in below:
        group.add_command(_command(name, spec, view, asked, linked))
    return group


def _command(
    name: str, spec: CommandSpec, view: GroupView, asked: Asked, linked: Linked
) -> app_commands.Command[Any, ..., Any]:
    async def callback(interaction: discord.Interaction[Any], **given: Given | None) -> None:
        try:
            values = arguments(spec, given)
        except BadValue as problem:
            text = f"/{spec.name}: {problem}."
            await interaction.response.send_message(text, ephemeral=True)
            return
        await asked(interaction, spec.name, values)

    # The library reads a command's options from its signature.
    callback.__signature__ = _signature(spec, view)  # type: ignore[attr-defined]
    callback.__discord_app_commands_param_description__ = {  # type: ignore[attr-defined]
        each.name: each.description[:MAX_LABEL] for each in spec.parameters
    }
    command: app_commands.Command[Any, ..., Any] = app_commands.Command(
        name=name, description=spec.summary[:MAX_LABEL], callback=callback
    )
    command.guild_only = True
    for parameter in spec.parameters:
        if parameter.kind in (Kind.MEMBER, Kind.BALLOT):
            command.autocomplete(parameter.name)(_completion(parameter.kind, view, linked))
    return command


def _signature(spec: CommandSpec, view: GroupView) -> inspect.Signature:
    """Discord wants required options first."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first = inspect.Parameter("interaction", kind, annotation=discord.Interaction)
    rest = [
        inspect.Parameter(
            parameter.name,
            kind,
            default=None if parameter.optional else inspect.Parameter.empty,
            annotation=_annotation(parameter, view),
        )
        for parameter in sorted(spec.parameters, key=lambda each: each.optional)
    ]
    return inspect.Signature([first, *rest])


def _annotation(parameter: Parameter, view: GroupView) -> Any:
    """The library's type for a kind. A ballot's number is text: it may be larger than Discord's integers."""
    plain: Any
    match parameter.kind:
        case Kind.CHOICE:
            plain = Literal[parameter.words[:MAX_CHOICES]]
        case Kind.COMMAND:
            plain = Literal[tuple(dict.fromkeys(spec.family for spec in view.commands))[:MAX_CHOICES]]
        case Kind.DURATION:
            plain = app_commands.Range[int, parameter.low, parameter.high]
        case Kind.TEXT:
            plain = app_commands.Range[str, 1, min(parameter.high, MAX_LENGTH)]
        case _:
            plain = str
    return Optional[plain] if parameter.optional else plain  # noqa: UP045 - the library wants this form


def _completion(kind: Kind, view: GroupView, linked: Linked) -> Any:
    async def complete(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        room = room_of(interaction.channel, linked)
        group = await view.group(room) if room is not None else None
        if group is None:
            return []
        found = members(group, current) if kind is Kind.MEMBER else ballots(group, current)
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


def ballots(group: Group, current: str) -> list[tuple[str, str]]:
    """(label, number) of the open ballot, when it fits what was typed."""
    if group.ballot is None:
        return []
    number = str(group.ballot.number)
    label = f"{number}: {' '.join(group.ballot.lines)}"
    return [(label[:MAX_LABEL], number)] if current.casefold().strip() in label.casefold() else []
