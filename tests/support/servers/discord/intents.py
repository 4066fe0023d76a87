"""Gateway intents: which events a session gets, and whose content it sees. Source: documentation, "Gateway"."""

from __future__ import annotations

from enum import IntFlag
from typing import Any, Final


class Intent(IntFlag):
    """Bits of the intents field of IDENTIFY."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MODERATION = 1 << 2
    GUILD_WEBHOOKS = 1 << 5
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED: Final = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
"""Those that an operator has to switch on in Discord's portal; else IDENTIFY is closed with 4014."""

APPLICATION_FLAGS: Final = {
    Intent.GUILD_PRESENCES: 1 << 13,
    Intent.GUILD_MEMBERS: 1 << 15,
    Intent.MESSAGE_CONTENT: 1 << 19,
}
"""The application's flags that say what was switched on (the "limited" ones, of bots in few guilds)."""

NEEDED: Final[dict[str, Intent]] = {
    "GUILD_CREATE": Intent.GUILDS,
    "GUILD_UPDATE": Intent.GUILDS,
    "GUILD_DELETE": Intent.GUILDS,
    "GUILD_ROLE_CREATE": Intent.GUILDS,
    "GUILD_ROLE_UPDATE": Intent.GUILDS,
    "CHANNEL_CREATE": Intent.GUILDS,
    "CHANNEL_UPDATE": Intent.GUILDS,
    "CHANNEL_DELETE": Intent.GUILDS,
    "THREAD_CREATE": Intent.GUILDS,
    "THREAD_UPDATE": Intent.GUILDS,
    "THREAD_DELETE": Intent.GUILDS,
    "GUILD_MEMBER_ADD": Intent.GUILD_MEMBERS,
    "GUILD_MEMBER_UPDATE": Intent.GUILD_MEMBERS,
    "GUILD_MEMBER_REMOVE": Intent.GUILD_MEMBERS,
    "GUILD_BAN_ADD": Intent.GUILD_MODERATION,
    "GUILD_BAN_REMOVE": Intent.GUILD_MODERATION,
    "GUILD_AUDIT_LOG_ENTRY_CREATE": Intent.GUILD_MODERATION,
    "WEBHOOKS_UPDATE": Intent.GUILD_WEBHOOKS,
    "MESSAGE_CREATE": Intent.GUILD_MESSAGES,
    "MESSAGE_UPDATE": Intent.GUILD_MESSAGES,
    "MESSAGE_DELETE": Intent.GUILD_MESSAGES,
    "MESSAGE_DELETE_BULK": Intent.GUILD_MESSAGES,
    "MESSAGE_REACTION_ADD": Intent.GUILD_MESSAGE_REACTIONS,
    "MESSAGE_REACTION_REMOVE": Intent.GUILD_MESSAGE_REACTIONS,
    "MESSAGE_REACTION_REMOVE_ALL": Intent.GUILD_MESSAGE_REACTIONS,
}
"""Events not named here (READY, INTERACTION_CREATE, GUILD_MEMBERS_CHUNK) need no intent."""

_DIRECT: Final = {
    Intent.GUILD_MESSAGES: Intent.DIRECT_MESSAGES,
    Intent.GUILD_MESSAGE_REACTIONS: Intent.DIRECT_MESSAGE_REACTIONS,
}


def wanted(event: str, intents: Intent, direct: bool) -> bool:
    """Whether a session with these intents gets the event; `direct`: it is of a direct message."""
    needed = NEEDED.get(event, Intent(0))
    if direct:
        needed = _DIRECT.get(needed, needed)
    return needed & intents == needed


def redacted(message: dict[str, Any], bot_id: int) -> dict[str, Any]:
    """The message as an application without MESSAGE_CONTENT sees it.

    Its own messages and those that mention it stay whole (and direct ones, which the caller knows).
    """
    shown = dict(message)
    if isinstance(shown.get("referenced_message"), dict):
        shown["referenced_message"] = redacted(shown["referenced_message"], bot_id)
    own = message.get("author", {}).get("id") == str(bot_id) or message.get("application_id") == str(bot_id)
    mentioned = any(each["id"] == str(bot_id) for each in message.get("mentions", ()))
    if own or mentioned:
        return shown
    return {**shown, "content": "", "embeds": [], "attachments": [], "components": []}
