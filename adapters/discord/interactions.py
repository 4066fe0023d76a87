"""Slash commands and buttons: handed over as commands; their answers are shown to the one who asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import discord
import structlog

from adapters.discord import markdown
from adapters.discord.compose import NO_MENTIONS, ephemeral
from adapters.discord.errors import TROUBLE, translate
from adapters.discord.places import room_of
from adapters.discord.translate import author_of, moment, thread_event
from bridge.model.adapter import InboundCommand, Inbox, Outgoing, RetryLater
from bridge.model.commands import Arguments

TOKEN_SECONDS = 840.0
"""An interaction's token lives 15 minutes (Discord, "Receiving and Responding"); one less for us."""
SWEEP_SECONDS = 15.0
ACCOUNT = "discord:interactions"
NO_ANSWER = "No answer came in time. If there is one, it will stand in the channel."
NOT_LINKED = "This channel is linked to no group."

log: Final = structlog.get_logger("adapters.discord.interactions")


def event_id(interaction: discord.Interaction[Any]) -> str:
    """Of the command that it stands for."""
    return f"i:{interaction.id}"


@dataclass(slots=True)
class _Pending:
    interaction: discord.Interaction[Any]
    until: float
    texts: dict[str, str] = field(default_factory=dict)
    """By delivery key: what was answered so far."""


class Interactions:
    """Keeps the tokens of the last minutes, in memory only: they are secrets."""

    def __init__(self, inbox: Callable[[], Inbox]) -> None:
        self._inbox = inbox
        self._pending: dict[str, _Pending] = {}

    async def asked(self, interaction: discord.Interaction[Any], name: str, arguments: Arguments) -> None:
        """Somebody gives a command by slash command or button."""
        room = room_of(interaction.channel, self._inbox().linked)
        if room is None:
            await interaction.response.send_message(NOT_LINKED, ephemeral=True)
            return
        if await self._defer(interaction):
            until = asyncio.get_running_loop().time() + TOKEN_SECONDS
            self._pending[event_id(interaction)] = _Pending(interaction, until)
        event = InboundCommand(
            event_id=event_id(interaction),
            room=room,
            author=author_of(interaction.user),
            name=name,
            arguments=arguments,
            time_ms=moment(interaction.created_at),
            thread_event=thread_event(interaction.channel, room),
        )
        await self._inbox().accept(ACCOUNT, str(interaction.id), [event])

    async def _defer(self, interaction: discord.Interaction[Any]) -> bool:
        """Within three seconds. When it fails the command counts all the same, answered in the channel."""
        try:
            await interaction.response.defer(ephemeral=True, thinking=True)
        except TROUBLE as error:
            log.warning("an interaction could not be deferred", error=type(error).__name__)
            return False
        return True

    async def answer(self, message: Outgoing) -> str:
        """Show an answer to the one who asked; '' when that is no longer possible. Idempotent in the key.

        All answers to one interaction stand in its one message: an edit repeats nothing.
        """
        pending = self._pending.get(message.reply_to_event)
        if pending is None or asyncio.get_running_loop().time() > pending.until:
            return ""
        pending.texts[message.key] = markdown.escape(message.body.plain)
        try:
            await pending.interaction.edit_original_response(
                content=ephemeral(tuple(pending.texts.values())), allowed_mentions=NO_MENTIONS
            )
        except Exception as error:
            translated = translate(error, "answer")
            if isinstance(translated, RetryLater):
                raise translated from error
            log.info("an answer goes to the channel", reason=str(translated))
            del self._pending[message.reply_to_event]
            return ""
        return f"a:{pending.interaction.id}:{len(pending.texts)}"

    async def run(self) -> None:
        """End what was never answered, and forget what cannot be answered any more."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = asyncio.get_running_loop().time()
            for key, pending in list(self._pending.items()):
                if now > pending.until:
                    self._pending.pop(key, None)
                    if not pending.texts:
                        await self._give_up(pending)

    async def _give_up(self, pending: _Pending) -> None:
        try:
            await pending.interaction.edit_original_response(content=NO_ANSWER)
        except TROUBLE as error:
            log.debug("no goodbye to an interaction", error=type(error).__name__)
