"""REST: the first answer to an interaction."""

from __future__ import annotations

from typing import Any

from tests.support.servers.discord import actions, wire
from tests.support.servers.discord.call import Call, Route
from tests.support.servers.discord.checks import CUSTOM_ID, check_choices
from tests.support.servers.discord.compose import changes
from tests.support.servers.discord.errors import invalid_form, too_long
from tests.support.servers.discord.interactions import (
    AUTOCOMPLETE,
    COMPONENT,
    Interaction,
    visible_flags,
)
from tests.support.servers.discord.model import LOADING, Message
from tests.support.servers.discord.rest_followups import answer_message, own

ALLOWED = {AUTOCOMPLETE: {8}}
"""Kinds of answers by kind of interaction; 6 and 7 need a component besides."""


async def answer(call: Call) -> Any:
    """Kinds 4 message, 5 defer, 6 defer an update, 7 update, 8 choices, 9 modal."""
    interaction = call.interactions.find(call.params["token"], call.id("interaction_id"))
    kind, data = call.payload.get("type"), call.payload.get("data") or {}
    if kind not in ALLOWED.get(interaction.kind, {4, 5, 6, 7, 9}):
        raise invalid_form("type", "INTERACTION_TYPE_INVALID", f"Not an answer to this interaction: {kind}")
    if kind in (6, 7) and interaction.kind != COMPONENT:
        raise invalid_form("type", "INTERACTION_TYPE_INVALID", "Only a component's message can be updated.")
    _check(kind, data)
    call.interactions.require_open(interaction)
    message = _message(call, interaction, kind, data)
    interaction.answer_kind = kind
    if message:
        interaction.original = message
    interaction.choices = data.get("choices") or []
    interaction.modal = data if kind == 9 else None
    if kind in (4, 5) and message:
        actions.post(call.world, message)
    elif kind == 7 and message:
        actions.edit(call.world, message, changes(call, message, data))
    call.interactions.settle(interaction)
    if call.query.get("with_response") not in ("true", "1", "True"):
        return None
    return _resource(call, interaction, kind, message)


def _check(kind: int, data: dict[str, Any]) -> None:
    if kind == 8:
        check_choices(data.get("choices") or [])
    if kind == 9:
        for name, limit in (("custom_id", CUSTOM_ID), ("title", 45)):
            if not 1 <= len(data.get(name) or "") <= limit:
                raise too_long(f"data.{name}", limit)


def _message(call: Call, interaction: Interaction, kind: int, data: dict[str, Any]) -> Message | None:
    if kind == 4:
        return answer_message(call, interaction, data)
    if kind == 5:
        message = Message(call.world.new_id(), interaction.channel.id, call.world.bot)
        message.flags = visible_flags(data.get("flags") or 0) | LOADING
        own(call, interaction, message)
        return message
    return interaction.source if kind in (6, 7) else None


def _resource(call: Call, interaction: Interaction, kind: int, message: Message | None) -> dict[str, Any]:
    about: dict[str, Any] = {"id": str(interaction.id), "type": interaction.kind}
    resource: dict[str, Any] = {"type": kind}
    if message:
        about |= {
            "response_message_id": str(message.id),
            "response_message_loading": bool(message.flags & LOADING),
            "response_message_ephemeral": message.ephemeral,
        }
        resource["message"] = wire.message(call.world, message)
    return {"interaction": about, "resource": resource}


ROUTES: list[Route] = [("POST", "/interactions/{interaction_id}/{token}/callback", answer)]
