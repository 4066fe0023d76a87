"""What `demls-bridge check` asks: token, intents, and per channel the permissions that are missing."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from adapters.discord.config import DiscordConfig
from adapters.discord.errors import INTENT_TEXT, translate
from adapters.discord.places import PLACES, Place, snowflake
from bridge.model.adapter import DeliveryError
from bridge.model.ids import RoomRef

IN_CHANNELS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "read_message_history": "Read Message History",
    "add_reactions": "Add Reactions",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}
WEBHOOKS = {"manage_webhooks": "Manage Webhooks"}
ON_SERVER = {"ban_members": "Ban Members", "view_audit_log": "View Audit Log"}


def needed(config: DiscordConfig) -> discord.Permissions:
    """Exactly what the bot needs with these settings."""
    wanted = {**IN_CHANNELS, **ON_SERVER, **(WEBHOOKS if config.webhooks else {})}
    return discord.Permissions(**dict.fromkeys(wanted, True))


def invite_link(application_id: int, config: DiscordConfig) -> str:
    """The address at which a server's owner adds the bot."""
    return discord.utils.oauth_url(
        application_id, permissions=needed(config), scopes=("bot", "applications.commands")
    )


def intent_problem(client: discord.Client) -> str:
    """What is wrong with the privileged intents, '' when nothing."""
    flags = client.application_flags
    return "" if flags.gateway_message_content or flags.gateway_message_content_limited else INTENT_TEXT


async def check_rooms(client: discord.Client, config: DiscordConfig, rooms: Sequence[RoomRef]) -> list[str]:
    """Problems, each a sentence that says what to do; the last one is the invite link when it would help."""
    problems: list[str] = []
    if intent := intent_problem(client):
        problems.append(intent[0].upper() + intent[1:] + ".")
    lacking = False
    guilds: dict[int, _Server] = {}
    for room in rooms:
        try:
            found = await _check_room(client, config, room, guilds)
        except DeliveryError as error:
            found = [f"Channel {room.room_id}: {error}."]
        lacking = lacking or bool(found)
        problems += found
    if lacking:
        link = invite_link(client.application_id or 0, config)
        problems.append(f"This link gives the bot all that it needs: {link}")
    return problems


class _Server:
    """A server's roles, channels, and the bot as its member, fetched once."""

    def __init__(self, guild: discord.Guild, me: discord.Member, channels: dict[int, Place]) -> None:
        self.guild = guild
        self.me = me
        self.channels = channels


async def _check_room(
    client: discord.Client, config: DiscordConfig, room: RoomRef, guilds: dict[int, _Server]
) -> list[str]:
    number = snowflake(room.room_id)
    if not number:
        return [f"{room.room_id!r} is no Discord channel id: it is a number (right click, Copy Channel ID)."]
    try:
        channel = await client.fetch_channel(number)
    except discord.NotFound:
        return [f"There is no channel {number}: check the id (right click on the channel, Copy Channel ID)."]
    except discord.Forbidden:
        return [
            f"The bot cannot see channel {number}: invite it to the server and give it 'View Channel' there."
        ]
    except Exception as error:
        raise translate(error, f"look at channel {number}") from error
    if not isinstance(channel, PLACES):
        return [f"Channel {number} holds no messages: link a text channel or a thread."]
    if not config.allows(channel.guild.id):
        return [f"Channel {number} is on server {channel.guild.id}, which the setting 'guilds' leaves out."]
    server = guilds.get(channel.guild.id) or await _server(client, channel.guild.id)
    guilds[channel.guild.id] = server
    place = channel.parent_id if isinstance(channel, discord.Thread) else channel.id
    return _missing(config, channel.name, server, server.channels.get(place))


async def _server(client: discord.Client, guild_id: int) -> _Server:
    try:
        guild = await client.fetch_guild(guild_id)
        assert client.user is not None
        me = await guild.fetch_member(client.user.id)
        channels = {each.id: each for each in await guild.fetch_channels()}
    except Exception as error:
        raise translate(error, f"look at server {guild_id}") from error
    return _Server(guild, me, channels)  # type: ignore[arg-type]


def _missing(config: DiscordConfig, name: str, server: _Server, place: Place | None) -> list[str]:
    problems = []
    if place is None:
        return [f"The bot cannot see #{name}: give it 'View Channel' there."]
    here = place.permissions_for(server.me)
    lacks = [words for key, words in IN_CHANNELS.items() if not getattr(here, key)]
    if lacks:
        problems.append(
            f"In #{name} the bot lacks {_listed(lacks)}: edit the channel's permissions for its role."
        )
    if config.webhooks and not here.manage_webhooks:
        problems.append(
            f"In #{name} the bot lacks 'Manage Webhooks': people from elsewhere are shown as a name prefix; "
            "give the permission, or set 'webhooks = false'."
        )
    everywhere = server.me.guild_permissions
    lacks = [words for key, words in ON_SERVER.items() if not getattr(everywhere, key)]
    if lacks:
        problems.append(
            f"On {server.guild.name} the bot lacks {_listed(lacks)}: bans cannot be enforced, or their author "
            "not be seen; edit the bot's role (Server Settings, Roles)."
        )
    return problems


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
