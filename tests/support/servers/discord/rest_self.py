"""REST: the bot itself, users, and the way to the gateway."""

from __future__ import annotations

from typing import Any

from tests.support.servers.discord import actions, wire
from tests.support.servers.discord.call import Call, Route, snowflake


async def me(call: Call) -> Any:
    """The bot as a user."""
    own = {"email": None, "verified": True, "mfa_enabled": False, "locale": "en-US", "flags": 0}
    return {**wire.user(call.world.bot), **own}


async def application(call: Call) -> Any:
    """The bot's application."""
    return wire.application(call.world)


async def user(call: Call) -> Any:
    """Any user."""
    return wire.user(call.world.user(call.id("user_id")))


async def my_guilds(call: Call) -> Any:
    """The guilds that the bot is in, in part."""
    after = snowflake(call.query.get("after", "0"), "after")
    world = call.world
    mine = [each for each in world.guilds.values() if world.bot.id in each.members and each.id > after]
    return [
        {
            "id": str(each.id),
            "name": each.name,
            "icon": None,
            "owner": False,
            "permissions": str(int(world.guild_permissions(each, world.bot.id))),
            "features": [],
        }
        for each in mine[: call.limit(200, 200)]
    ]


async def gateway(call: Call) -> Any:
    """Where the gateway is, how many shards it wants, and how many sessions may still be begun."""
    limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
    url = call.world.url.replace("http", "ws", 1) + "/gateway"
    return {"url": url, "shards": call.world.shards, "session_start_limit": limit}


async def open_direct(call: Call) -> Any:
    """The direct conversation with a user; made when there is none."""
    recipient = call.world.user(snowflake(str(call.payload["recipient_id"]), "recipient_id"))
    return wire.channel(call.world, actions.direct_channel(call.world, recipient))


ROUTES: list[Route] = [
    ("GET", "/users/@me", me),
    ("GET", "/users/@me/guilds", my_guilds),
    ("POST", "/users/@me/channels", open_direct),
    ("GET", "/users/{user_id}", user),
    ("GET", "/oauth2/applications/@me", application),
    ("GET", "/applications/@me", application),
    ("GET", "/gateway/bot", gateway),
]
