"""REST: the application's commands, global ones and those of a guild."""

from __future__ import annotations

from typing import Any, Final

from tests.support.servers.discord.call import Call, Route
from tests.support.servers.discord.checks import check_commands
from tests.support.servers.discord.errors import missing_access, unknown


def _scope(call: Call) -> int:
    """The guild's id, or 0 for the global commands; the application in the path must be the bot's own."""
    if call.id("application_id") != call.world.application_id:
        raise missing_access()
    return call.guild().id if "guild_id" in call.params else 0


def _complete(call: Call, command: dict[str, Any], scope: int) -> dict[str, Any]:
    """A command with the fields that Discord adds; one of an earlier equal name keeps its id."""
    kind = command.get("type", 1)
    earlier = [
        e for e in call.world.commands.get(scope, []) if (e["type"], e["name"]) == (kind, command["name"])
    ]
    shown = {
        "description": "",
        "options": [],
        "default_member_permissions": None,
        "nsfw": False,
        "integration_types": [0],
        "contexts": None,
        **command,
        "id": earlier[0]["id"] if earlier else str(call.world.new_id()),
        "type": kind,
        "application_id": str(call.world.application_id),
        "version": str(call.world.new_id()),
    }
    return {**shown, "guild_id": str(scope)} if scope else shown


async def read(call: Call) -> Any:
    """The registered commands."""
    return call.world.commands.get(_scope(call), [])


async def overwrite(call: Call) -> Any:
    """Register these commands and no others."""
    scope = _scope(call)
    check_commands(call.payload)
    made = [_complete(call, each, scope) for each in call.payload]
    call.world.commands[scope] = made
    return made


async def add(call: Call) -> Any:
    """Register one command, or replace that of its name."""
    scope = _scope(call)
    check_commands([call.payload])
    made = _complete(call, call.payload, scope)
    others = [each for each in call.world.commands.get(scope, []) if each["id"] != made["id"]]
    call.world.commands[scope] = [*others, made]
    return made


async def remove(call: Call) -> None:
    """Take one command away."""
    scope, ident = _scope(call), call.params["command_id"]
    every = call.world.commands.get(scope, [])
    if ident not in [each["id"] for each in every]:
        raise unknown("application command")
    call.world.commands[scope] = [each for each in every if each["id"] != ident]


_GLOBAL: Final = "/applications/{application_id}/commands"
_GUILD: Final = "/applications/{application_id}/guilds/{guild_id}/commands"

ROUTES: list[Route] = [
    (method, path + rest, handler)
    for path in (_GLOBAL, _GUILD)
    for method, rest, handler in (
        ("GET", "", read),
        ("PUT", "", overwrite),
        ("POST", "", add),
        ("DELETE", "/{command_id}", remove),
    )
]
