"""REST: messages that answer an interaction, below `/webhooks/{application}/{token}`."""

from __future__ import annotations

from typing import Any

from tests.support.servers.discord import actions, wire
from tests.support.servers.discord.call import Call
from tests.support.servers.discord.compose import changes, new_message
from tests.support.servers.discord.errors import unknown
from tests.support.servers.discord.interactions import Interaction
from tests.support.servers.discord.model import EPHEMERAL, LOADING, Message


def answer_message(call: Call, interaction: Interaction, payload: dict[str, Any]) -> Message:
    """A message of the bot in the interaction's channel; an ephemeral one is for its user alone."""
    message = new_message(call, interaction.channel, call.world.bot, payload)
    own(call, interaction, message)
    return message


def own(call: Call, interaction: Interaction, message: Message) -> None:
    """Mark a message as an answer to the interaction."""
    message.interaction_id, message.application_id = interaction.id, call.world.application_id
    message.webhook_id = call.world.application_id
    message.kind = 20 if interaction.source is None else 0
    message.seen_by = interaction.user.id if message.ephemeral else 0


async def create(call: Call) -> Any:
    """A further message. The first one fills a deferred answer, and is as ephemeral as that was."""
    interaction = call.interactions.find(call.params["token"])
    if not interaction.answer_kind:
        raise unknown("Webhook")
    original = interaction.original
    if interaction.answer_kind == 5 and original and original.flags & LOADING:
        return _fill(call, interaction, original)
    message = answer_message(call, interaction, call.payload or {})
    interaction.sent.append(actions.post(call.world, message))
    call.interactions.settle(interaction)
    return wire.message(call.world, message)


def _target(call: Call) -> tuple[Interaction, Message]:
    interaction = call.interactions.find(call.params["token"])
    if call.params["message_id"] == "@original":
        message = interaction.original
    else:
        mine = [*interaction.sent, interaction.original]
        message = next((each for each in mine if each and each.id == call.id("message_id")), None)
    if message is None or message.id not in call.world.channel(message.channel_id).messages:
        raise unknown("Message")
    return interaction, message


async def read(call: Call) -> Any:
    """An answer as it stands."""
    return wire.message(call.world, _target(call)[1])


async def edit(call: Call) -> Any:
    """Edit an answer, or fill a deferred one."""
    interaction, message = _target(call)
    if message.flags & LOADING:
        return _fill(call, interaction, message)
    actions.edit(call.world, message, changes(call, message, call.payload or {}))
    call.interactions.settle(interaction)
    return wire.message(call.world, message)


def _fill(call: Call, interaction: Interaction, message: Message) -> dict[str, Any]:
    payload = {**(call.payload or {}), "flags": message.flags & EPHEMERAL}
    filled = new_message(call, interaction.channel, call.world.bot, payload)
    fields = ("content", "embeds", "components", "attachments", "allowed_mentions", "flags")
    actions.edit(call.world, message, {name: getattr(filled, name) for name in fields})
    call.interactions.settle(interaction)
    return wire.message(call.world, message)


async def delete(call: Call) -> None:
    """Delete an answer."""
    interaction, message = _target(call)
    actions.delete(call.world, message)
    call.interactions.settle(interaction)
