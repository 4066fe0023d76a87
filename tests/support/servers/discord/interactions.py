"""Interactions: a person's button or command, the token that answers it, and what the bot answers."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.servers.discord import errors, wire
from tests.support.servers.discord.model import DIRECT, EPHEMERAL, LOADING, Channel, Message, User
from tests.support.servers.discord.world import World

COMMAND: Final = 2
COMPONENT: Final = 3
AUTOCOMPLETE: Final = 4
MODAL: Final = 5

TOKEN_SECONDS: Final = 15 * 60
"""How long an interaction's token answers. Source: documentation, "Receiving and Responding"."""


class InteractionFailed(Exception):
    """The person reads "This interaction failed": the bot did not answer in time."""


@dataclass
class Interaction:
    """One thing that a person did."""

    id: int
    kind: int
    token: str = field(repr=False)
    user: User
    channel: Channel
    data: dict[str, Any]
    source: Message | None
    made: float
    wanted_by: float
    answer_kind: int = 0
    answered: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    original: Message | None = None
    """The message that answers it (kinds 4 and 5), or that carries the button (6 and 7)."""
    sent: list[Message] = field(default_factory=list)
    choices: list[dict[str, Any]] = field(default_factory=list)
    modal: dict[str, Any] | None = None


class Answer:
    """What the bot answered, as the person sees it now."""

    def __init__(self, interaction: Interaction) -> None:
        self._interaction = interaction

    @property
    def kind(self) -> int:
        """4 message, 5 deferred message, 6 deferred update, 7 update, 8 choices, 9 modal."""
        return self._interaction.answer_kind

    @property
    def interaction(self) -> Interaction:
        """What it answers."""
        return self._interaction

    @property
    def message(self) -> Message | None:
        """The answer's message, with edits; of an update the message with the button."""
        return self._interaction.original

    @property
    def ephemeral(self) -> bool:
        """Whether only the person sees it."""
        return self.message is not None and self.message.ephemeral

    @property
    def text(self) -> str:
        """The message's text, or ''."""
        return self.message.content if self.message else ""

    @property
    def choices(self) -> list[dict[str, Any]]:
        """The completions: name and value."""
        return self._interaction.choices

    @property
    def modal(self) -> dict[str, Any] | None:
        """The form that the bot opened: custom_id, title, components."""
        return self._interaction.modal

    @property
    def followups(self) -> list[Message]:
        """Messages that the bot sent besides, oldest first."""
        return list(self._interaction.sent)


class Interactions:
    """The interactions of the server; `answer_seconds` is how soon the bot has to answer (Discord: 3)."""

    def __init__(self, world: World, answer_seconds: float, changed: Callable[[], None]) -> None:
        self._world = world
        self.answer_seconds = answer_seconds
        self._changed = changed
        self._by_token: dict[str, Interaction] = {}

    async def ask(
        self, kind: int, user: User, channel: Channel, data: dict[str, Any], source: Message | None = None
    ) -> Interaction:
        """Show the bot what a person did, and wait for its answer; raises InteractionFailed without one."""
        world = self._world
        now = world.now()
        made = Interaction(
            world.new_id(),
            kind,
            secrets.token_urlsafe(48),
            user,
            channel,
            data,
            source,
            now,
            now + self.answer_seconds,
        )
        self._by_token[made.token] = made
        world.emit("INTERACTION_CREATE", self._wire(made), channel.guild_id, 0)
        try:
            async with asyncio.timeout(self.answer_seconds):
                await made.answered.wait()
        except TimeoutError:
            raise InteractionFailed(f"no answer to {data} in {self.answer_seconds} s") from None
        return made

    def find(self, token: str, interaction_id: int | None = None) -> Interaction:
        """The interaction of a token that still lives; raises 10062, or 50027 for a dead or foreign token."""
        found = self._by_token.get(token)
        if found is None or self._world.now() > found.made + TOKEN_SECONDS:
            raise errors.ApiError(401, 50027, "Invalid Webhook Token")
        if interaction_id is not None and found.id != interaction_id:
            raise errors.unknown("interaction")
        return found

    def require_open(self, interaction: Interaction) -> None:
        """Whether a first answer may still come: once only (40060), and in time (10062)."""
        if interaction.answer_kind:
            raise errors.ApiError(400, 40060, "Interaction has already been acknowledged.")
        if self._world.now() > interaction.wanted_by:
            raise errors.unknown("interaction")

    def settle(self, interaction: Interaction) -> None:
        """The first answer is complete: let the person see it."""
        interaction.answered.set()
        self._changed()

    def _wire(self, this: Interaction) -> dict[str, Any]:
        world, channel = self._world, this.channel
        shown: dict[str, Any] = {
            "id": str(this.id),
            "application_id": str(world.application_id),
            "type": this.kind,
            "data": this.data,
            "token": this.token,
            "version": 1,
            "channel_id": str(channel.id),
            "channel": wire.channel(world, channel),
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {},
            "attachment_size_limit": 10 * 2**20,
            "app_permissions": str(int(world.permissions(channel, world.bot.id))),
            "context": 1 if channel.kind == DIRECT else 0,
        }
        if this.source:
            shown["message"] = wire.message(world, this.source)
        if channel.kind == DIRECT:
            return {**shown, "user": wire.user(this.user)}
        guild = world.guilds[channel.guild_id]
        may = str(int(world.permissions(channel, this.user.id)))
        return {
            **shown,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": {**wire.full_member(guild.members[this.user.id]), "permissions": may},
        }


def waits(interaction: Interaction) -> bool:
    """Whether the person still sees "thinking ..."."""
    return interaction.original is not None and bool(interaction.original.flags & LOADING)


def visible_flags(flags: int) -> int:
    """The flags that a bot may set on an answer: ephemeral, no embeds, silent, components v2."""
    return flags & (EPHEMERAL | 1 << 2 | 1 << 12 | 1 << 15)
