"""The server's state as Discord writes it in JSON. Source: documentation, "Resources"."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

from tests.support.servers.discord.intents import APPLICATION_FLAGS
from tests.support.servers.discord.model import (
    DIRECT,
    PUBLIC_THREAD,
    Attachment,
    AuditEntry,
    Channel,
    Guild,
    Member,
    Message,
    Role,
    Sticker,
    User,
    Webhook,
    iso,
    made_at,
)
from tests.support.servers.discord.world import World

Json = dict[str, Any]


def picture(source: str | None) -> str | None:
    """A picture's hash, as in `avatar`: made of what it was made of."""
    return hashlib.sha256(source.encode()).hexdigest()[:32] if source else None


def user(this: User) -> Json:
    """A user, or a webhook as a message's author."""
    return {
        "id": str(this.id),
        "username": this.name,
        "discriminator": "0000" if this.webhook else "0",
        "global_name": None if this.webhook else this.display_name,
        "avatar": picture(this.avatar),
        "bot": this.bot or this.webhook,
        "public_flags": 0,
    }


def member(this: Member) -> Json:
    """A member without `user`."""
    return {
        "nick": this.nick,
        "avatar": None,
        "roles": [str(role) for role in this.roles],
        "joined_at": iso(this.joined_at),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
    }


def full_member(this: Member) -> Json:
    """A member with `user`."""
    return {**member(this), "user": user(this.user)}


def role(this: Role) -> Json:
    """A guild's role."""
    return {
        "id": str(this.id),
        "name": this.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": this.position,
        "permissions": str(int(this.permissions)),
        "managed": bool(this.managed_by),
        "mentionable": False,
        "flags": 0,
        **({"tags": {"bot_id": str(this.managed_by)}} if this.managed_by else {}),
    }


def sticker(this: Sticker, guild_id: int) -> Json:
    """A guild's sticker."""
    return {
        "id": str(this.id),
        "name": this.name,
        "description": "",
        "tags": "",
        "type": 2,
        "format_type": this.format,
        "available": True,
        "guild_id": str(guild_id),
    }


def guild(world: World, this: Guild) -> Json:
    """A guild as `GET /guilds/{id}` shows it."""
    return {
        "id": str(this.id),
        "name": this.name,
        "icon": None,
        "owner_id": str(this.owner_id),
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": [role(each) for each in this.roles.values()],
        "emojis": [],
        "stickers": [sticker(each, this.id) for each in this.stickers.values()],
        "features": [],
        "mfa_level": 0,
        "premium_tier": 0,
        "nsfw_level": 0,
        "preferred_locale": "en-US",
        "system_channel_id": None,
        "system_channel_flags": 0,
        "approximate_member_count": len(this.members),
    }


def guild_create(world: World, this: Guild, *, everybody: bool) -> Json:
    """GUILD_CREATE. Without the presences intent `everybody` is false: only the bot, others by chunks."""
    shown = [each for each in this.members.values() if everybody or each.user.id == world.bot.id]
    return {
        **guild(world, this),
        "joined_at": iso(made_at(this.id)),
        "large": len(this.members) >= 250,
        "unavailable": False,
        "member_count": len(this.members),
        "members": [full_member(each) for each in shown],
        "channels": [channel(world, each) for each in world.channels_of(this.id, threads=False)],
        "threads": [
            channel(world, each) for each in world.channels_of(this.id, threads=True) if not each.archived
        ],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def channel(world: World, this: Channel) -> Json:
    """A channel of any kind."""
    last = max(this.messages, default=None)
    common: Json = {"id": str(this.id), "type": this.kind, "last_message_id": last and str(last), "flags": 0}
    if this.kind == DIRECT:
        return {**common, "recipients": [user(this.recipient)] if this.recipient else []}
    common |= {"guild_id": str(this.guild_id), "name": this.name, "rate_limit_per_user": 0}
    common["parent_id"] = str(this.parent_id) if this.parent_id else None
    if this.kind == PUBLIC_THREAD:
        return common | _thread(this)
    return common | {
        "topic": None,
        "position": this.position,
        "nsfw": False,
        "permission_overwrites": [
            {"id": str(each.id), "type": each.kind, "allow": str(int(each.allow)), "deny": str(int(each.deny))}
            for each in this.overwrites.values()
        ],
    }


def _thread(this: Channel) -> Json:
    made = made_at(this.id)
    return {
        "owner_id": str(this.owner_id),
        "message_count": len(this.messages),
        "total_message_sent": len(this.messages),
        "member_count": 1,
        "thread_metadata": {
            "archived": this.archived,
            "auto_archive_duration": 1440,
            "archive_timestamp": iso(this.archived_at or made),
            "locked": False,
            "create_timestamp": iso(made),
        },
    }


def attachment(world: World, channel_id: int, this: Attachment) -> Json:
    """A file with its signed address (the signature here is a constant: nothing is checked by it)."""
    path = f"/attachments/{channel_id}/{this.id}/{quote(this.filename)}"
    url = f"{world.url}{path}?ex=6a000000&is=69000000&hm={'0' * 64}&"
    return {
        "id": str(this.id),
        "filename": this.filename,
        "size": len(this.data),
        "url": url,
        "proxy_url": url,
        "content_type": this.content_type,
        **({"description": this.description} if this.description else {}),
    }


def emoji(key: str) -> Json:
    """An emoji from its form in paths: the character, or name:id."""
    name, _, ident = key.rpartition(":")
    return {"id": ident, "name": name} if name else {"id": None, "name": key}


def _reaction(world: World, key: str, users: list[int]) -> Json:
    return {
        "emoji": emoji(key),
        "count": len(users),
        "count_details": {"burst": 0, "normal": len(users)},
        "me": world.bot.id in users,
        "me_burst": False,
        "burst_colors": [],
    }


def message(world: World, this: Message, *, follow: bool = True) -> Json:
    """A message as REST shows it; `follow`: with the message that it answers."""
    place = world.channels[this.channel_id]
    shown: Json = {
        "id": str(this.id),
        "channel_id": str(this.channel_id),
        "type": this.kind,
        "author": user(this.author),
        "content": this.content,
        "timestamp": iso(made_at(this.id)),
        "edited_timestamp": iso(this.edited_at) if this.edited_at else None,
        "tts": False,
        "mention_everyone": this.pings_everyone,
        "mentions": [user(world.users[each]) for each in this.mentions if each in world.users],
        "mention_roles": [],
        "attachments": [attachment(world, this.channel_id, each) for each in this.attachments],
        "embeds": this.embeds,
        "components": this.components,
        "pinned": False,
        "flags": this.flags,
    }
    if this.stickers:
        shown["sticker_items"] = [
            {"id": str(each.id), "name": each.name, "format_type": each.format} for each in this.stickers
        ]
    if this.reactions:
        shown["reactions"] = [_reaction(world, key, users) for key, users in this.reactions.items()]
    if this.webhook_id:
        shown["webhook_id"] = str(this.webhook_id)
    if this.application_id:
        shown["application_id"] = str(this.application_id)
    if this.nonce is not None:
        shown["nonce"] = this.nonce
    if this.reference:
        shown["message_reference"] = {
            "type": 0,
            "message_id": str(this.reference),
            "channel_id": str(this.channel_id),
            "guild_id": str(place.guild_id),
        }
        target = place.messages.get(this.reference)
        if follow:
            shown["referenced_message"] = message(world, target, follow=False) if target else None
    return shown


def message_event(world: World, this: Message) -> Json:
    """A message as the gateway shows it: with guild and member."""
    shown = message(world, this)
    place = world.channels[this.channel_id]
    if not place.guild_id:
        return shown
    shown["guild_id"] = str(place.guild_id)
    found = world.guilds[place.guild_id].members.get(this.author.id)
    if found and not this.webhook_id:
        shown["member"] = member(found)
    return shown


def webhook(world: World, this: Webhook, *, token: bool) -> Json:
    """A webhook; `token` as Discord shows it to those who may manage it."""
    shown: Json = {
        "id": str(this.id),
        "type": 1,
        "name": this.name,
        "avatar": picture(this.avatar),
        "channel_id": str(this.channel_id),
        "guild_id": str(this.guild_id),
        "application_id": str(this.application_id) if this.application_id else None,
        "user": user(this.maker),
    }
    if token:
        shown |= {"token": this.token, "url": f"{world.url}/api/webhooks/{this.id}/{this.token}"}
    return shown


def audit_entry(this: AuditEntry) -> Json:
    """A line of the audit log."""
    return {
        "id": str(this.id),
        "action_type": this.action,
        "user_id": str(this.by),
        "target_id": str(this.target_id),
        "changes": [],
        **({"reason": this.reason} if this.reason else {}),
    }


def application(world: World) -> Json:
    """The bot's application; its flags say which privileged intents are on."""
    flags = sum(flag for intent, flag in APPLICATION_FLAGS.items() if intent & world.allowed_intents)
    return {
        "id": str(world.application_id),
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": flags,
        "owner": user(world.owner),
        "team": None,
        "bot": user(world.bot),
        "redirect_uris": [],
        "approximate_guild_count": len(world.guilds),
    }
