"""What the server keeps: guilds, channels, people, messages, webhooks, bans. Plain state; no IO."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from tests.support.servers.discord.permissions import Permission

TEXT: Final = 0
DIRECT: Final = 1
PUBLIC_THREAD: Final = 11
EPHEMERAL: Final = 1 << 6
LOADING: Final = 1 << 7
HAS_THREAD: Final = 1 << 5
EPOCH_MS: Final = 1_420_070_400_000
"""The first millisecond of 2015, where Discord's ids (snowflakes) begin."""


class Snowflakes:
    """Ids that rise: milliseconds since 2015 shifted by 22 bits, then a counter."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, now: float) -> int:
        """The next id; `now` is Unix time in seconds."""
        self._last = max(self._last + 1, (int(now * 1000) - EPOCH_MS) << 22)
        return self._last


def made_at(snowflake: int) -> float:
    """Unix time in seconds of an id."""
    return ((snowflake >> 22) + EPOCH_MS) / 1000


def iso(now: float) -> str:
    """Unix time in seconds as Discord writes it."""
    return datetime.fromtimestamp(now, UTC).isoformat()


@dataclass(frozen=True)
class User:
    """A user; of a webhook's message the name and picture that it was sent under."""

    id: int
    name: str
    display_name: str | None = None
    avatar: str | None = None
    bot: bool = False
    webhook: bool = False


@dataclass(frozen=True)
class Overwrite:
    """A channel's exception for a role (kind 0) or a member (kind 1)."""

    id: int
    kind: int
    allow: Permission
    deny: Permission


@dataclass
class Role:
    """A guild's role; the one with the guild's id is @everyone."""

    id: int
    name: str
    permissions: Permission
    position: int
    managed_by: int = 0
    """The bot that the role belongs to, or 0."""


@dataclass
class Member:
    """A user in a guild."""

    user: User
    roles: list[int]
    joined_at: float
    nick: str | None = None


@dataclass(frozen=True)
class Ban:
    """A ban that stands."""

    user_id: int
    reason: str | None
    by: int
    delete_message_seconds: int


@dataclass(frozen=True)
class AuditEntry:
    """A line of a guild's audit log. Actions: 20 kick, 22 ban, 23 unban, 50 webhook made."""

    id: int
    action: int
    by: int
    target_id: int
    reason: str | None


@dataclass
class Guild:
    """A server, as people call it."""

    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    bans: dict[int, Ban] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)
    stickers: dict[int, Sticker] = field(default_factory=dict)


@dataclass
class Channel:
    """A text channel, a public thread, or a direct conversation (`guild_id` 0)."""

    id: int
    kind: int
    name: str
    guild_id: int = 0
    parent_id: int | None = None
    owner_id: int = 0
    position: int = 0
    archived: bool = False
    archived_at: float = 0.0
    recipient: User | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)


@dataclass(frozen=True)
class Sticker:
    """A picture of a guild that is sent as a message."""

    id: int
    name: str
    format: int = 1


@dataclass(frozen=True)
class Attachment:
    """A file of a message."""

    id: int
    filename: str
    content_type: str
    data: bytes = field(repr=False)
    description: str | None = None


@dataclass
class Message:
    """A message as it stands now."""

    id: int
    channel_id: int
    author: User
    content: str = ""
    kind: int = 0
    """0 plain, 18 thread made, 19 reply, 20 slash command's answer."""
    attachments: list[Attachment] = field(default_factory=list)
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    stickers: list[Sticker] = field(default_factory=list)
    mentions: list[int] = field(default_factory=list)
    pings_everyone: bool = False
    reference: int | None = None
    webhook_id: int | None = None
    application_id: int | None = None
    interaction_id: int | None = None
    edited_at: float = 0.0
    flags: int = 0
    nonce: str | int | None = None
    allowed_mentions: dict[str, Any] | None = None
    """As it was sent; Discord does not show it, tests want it."""
    reactions: dict[str, list[int]] = field(default_factory=dict)
    """Emoji (as in paths: the character, or name:id) to the users, in order."""
    seen_by: int = 0
    """Of an ephemeral message: the one user who sees it."""

    @property
    def ephemeral(self) -> bool:
        """Whether one person only sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def edited(self) -> bool:
        """Whether it was edited."""
        return self.edited_at > 0


@dataclass
class Webhook:
    """A channel's webhook."""

    id: int
    token: str = field(repr=False)
    channel_id: int
    guild_id: int
    name: str
    maker: User
    application_id: int | None = None
    avatar: str | None = None
