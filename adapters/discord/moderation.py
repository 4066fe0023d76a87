"""Bans both ways: the group's are carried out, moderators' are told to the group."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import discord
import structlog

from adapters.discord.errors import (
    MISSING_PERMISSIONS,
    TROUBLE,
    UNKNOWN_BAN,
    UNKNOWN_USER,
    translate,
)
from adapters.discord.places import PLATFORM, Place, linked_places, room_of, snowflake
from adapters.discord.store import Store
from adapters.discord.translate import author_of, moment
from bridge.model.adapter import InboundBan, Inbox, Rejected
from bridge.model.ids import UserRef
from bridge.model.message import Author

MAX_REASON = 500
"""Characters; Discord's audit log takes 512, and percent-encoding counts there."""
LOOKED_AT = 20
"""Newest entries of the audit log in which a ban's author is looked for."""

log: Final = structlog.get_logger("adapters.discord.moderation")


class Enforcer:
    """Carries out the group's bans. Raises `RetryLater` or `Rejected`."""

    def __init__(self, store: Store, delete_message_seconds: int) -> None:
        self._store = store
        self._seconds = delete_message_seconds

    async def ban(self, place: Place, user: str, reason: str) -> None:
        """Remove from the server and keep out. Banning the banned, or nobody, is no error."""
        target = discord.Object(_user(user))
        guild = place.guild
        count = self._store.ban_news(guild.id, target.id, True)
        # Noted first: the gateway's echo may come before the answer.
        await self._store.save(self._store.note_ban(guild.id, target.id, True, count or 1))
        try:
            await guild.ban(target, reason=reason[:MAX_REASON], delete_message_seconds=self._seconds)
        except Exception as error:
            await self._store.save(self._store.forget_ban(guild.id, target.id))
            if isinstance(error, discord.HTTPException) and error.code == UNKNOWN_USER:
                return
            raise _explained(error, "ban", user, guild) from error

    async def unban(self, place: Place, user: str) -> None:
        """Lift a ban. Lifting none is no error."""
        target = discord.Object(_user(user))
        guild = place.guild
        count = self._store.ban_news(guild.id, target.id, False)
        await self._store.save(self._store.note_ban(guild.id, target.id, False, count or 1))
        try:
            await guild.unban(target, reason="the group lifted the ban")
        except Exception as error:
            if isinstance(error, discord.HTTPException) and error.code in {UNKNOWN_BAN, UNKNOWN_USER}:
                return
            await self._store.save(self._store.forget_ban(guild.id, target.id))
            raise _explained(error, "unban", user, guild) from error


def _user(user: str) -> int:
    number = snowflake(user)
    if not number:
        raise Rejected(f"{user[:80]!r} is no Discord user id")
    return number


def _explained(error: Exception, act: str, user: str, guild: discord.Guild) -> Exception:
    if isinstance(error, discord.HTTPException) and (error.code == MISSING_PERMISSIONS or error.status == 403):
        return Rejected(
            f"cannot {act} {user} on server {guild.id}: the bot needs the permission 'Ban Members' and a role "
            "above that person's highest role (Server Settings, Roles)"
        )
    return translate(error, f"{act} {user} on server {guild.id}")


@dataclass(frozen=True, slots=True)
class _Change:
    guild: discord.Guild
    user: discord.User | discord.Member
    banned: bool


class BanNews:
    """Tells the group of bans that moderators made; in order, our own left out."""

    def __init__(self, inbox: Callable[[], Inbox], store: Store, own_id: Callable[[], int]) -> None:
        self._inbox = inbox
        self._store = store
        self._own_id = own_id
        self._queue: asyncio.Queue[_Change] = asyncio.Queue()

    def put(self, guild: discord.Guild, user: discord.User | discord.Member, banned: bool) -> None:
        """Hand a gateway event in."""
        self._queue.put_nowait(_Change(guild, user, banned))

    async def run(self) -> None:
        """Work until cancelled. Raises what the inbox raises."""
        while True:
            await self._tell(await self._queue.get())

    async def _tell(self, change: _Change) -> None:
        guild, user = change.guild, change.user
        count = self._store.ban_news(guild.id, user.id, change.banned)
        if not count:
            return  # our own, or told before
        entry = await self._entry(change)
        if entry is not None and entry.user_id == self._own_id():
            await self._store.save(self._store.note_ban(guild.id, user.id, change.banned, count))
            return
        number = entry.id if entry else f"{user.id}.{count}"
        moderator = entry.user if entry and entry.user else None
        rooms = sorted({r for each in linked_places(guild) if (r := room_of(each, self._inbox().linked))})
        events = [
            InboundBan(
                event_id=f"ban:{guild.id}:{number}",
                room=room,
                author=author_of(moderator) if moderator else Author(PLATFORM, str(guild.id), "a moderator"),
                target=UserRef(PLATFORM, str(user.id)),
                target_name=user.display_name,
                time_ms=moment(entry.created_at if entry else discord.utils.utcnow()),
                reason=(entry.reason or "") if entry else "",
                lifted=not change.banned,
            )
            for room in rooms
        ]
        noted = self._store.note_ban(guild.id, user.id, change.banned, count)
        if events:
            await self._inbox().accept(f"discord:bans:{guild.id}", str(number), events, noted)
        else:
            await self._store.save(noted)

    async def _entry(self, change: _Change) -> discord.AuditLogEntry | None:
        """Who did it, when the bot may see that."""
        action = discord.AuditLogAction.ban if change.banned else discord.AuditLogAction.unban
        try:
            async for entry in change.guild.audit_logs(action=action, limit=LOOKED_AT):
                if entry.target is not None and getattr(entry.target, "id", 0) == change.user.id:
                    return entry
        except discord.Forbidden:
            log.info("no permission 'View Audit Log': a ban's author stays unknown", guild=change.guild.id)
        except TROUBLE as error:
            log.warning("the audit log cannot be read", guild=change.guild.id, error=type(error).__name__)
        return None
