"""Limits on what may be sent. Source: documentation, "Message", "Webhook", "Components", "Commands"."""

from __future__ import annotations

from typing import Any, Final

from tests.support.servers.discord.errors import ApiError, invalid_form, too_long

CONTENT: Final = 2_000
"""Characters a message."""
FILE_BYTES: Final = 10 * 2**20
REQUEST_BYTES: Final = 25 * 2**20
FILES: Final = 10
NONCE: Final = 25
CUSTOM_ID: Final = 100
LABEL: Final = 80
EMBEDS: Final = 10
EMBED_TOTAL: Final = 6_000
"""Characters of all embeds of a message."""
EMBED_TEXTS: Final = {"title": 256, "description": 4_096}
EMBED_FIELDS: Final = 25
CHOICES: Final = 25
COMMAND_NAME: Final = 32
COMMAND_TEXT: Final = 100
WEBHOOK_NAME: Final = 80
WEBHOOKS: Final = 15
"""Webhooks a channel."""


def check_message(payload: dict[str, Any]) -> None:
    """Content, embeds, components and nonce of a message that is made or edited; raises ApiError."""
    content = payload.get("content")
    if content is not None and not isinstance(content, str):
        raise invalid_form("content", "BASE_TYPE_STRING", "Must be a string.")
    if content is not None and len(content) > CONTENT:
        raise too_long("content", CONTENT)
    if len(str(payload.get("nonce") or "")) > NONCE:
        raise too_long("nonce", NONCE)
    _check_embeds(payload.get("embeds") or [])
    seen: set[str] = set()
    for row, component in enumerate(payload.get("components") or []):
        _check_component(component, f"components.{row}", seen)


def _check_embeds(embeds: list[dict[str, Any]]) -> None:
    if len(embeds) > EMBEDS:
        raise too_long("embeds", EMBEDS)
    total = 0
    for index, embed in enumerate(embeds):
        place = f"embeds.{index}"
        for name, limit in EMBED_TEXTS.items():
            text = embed.get(name) or ""
            total += len(text)
            if len(text) > limit:
                raise too_long(f"{place}.{name}", limit)
        fields = embed.get("fields") or []
        if len(fields) > EMBED_FIELDS:
            raise too_long(f"{place}.fields", EMBED_FIELDS)
        for number, each in enumerate(fields):
            for name, limit in (("name", 256), ("value", 1_024)):
                if not 1 <= len(each.get(name, "")) <= limit:
                    raise too_long(f"{place}.fields.{number}.{name}", limit)
                total += len(each[name])
        for part, name, limit in (("footer", "text", 2_048), ("author", "name", 256)):
            text = (embed.get(part) or {}).get(name) or ""
            total += len(text)
            if len(text) > limit:
                raise too_long(f"{place}.{part}.{name}", limit)
    if total > EMBED_TOTAL:
        raise invalid_form("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum of {EMBED_TOTAL}")


def _check_component(component: dict[str, Any], place: str, seen: set[str]) -> None:
    children = component.get("components") or []
    if component.get("type") == 1 and not 1 <= len(children) <= 5:
        raise invalid_form(f"{place}.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    custom_id = component.get("custom_id")
    if custom_id is not None:
        if not 1 <= len(custom_id) <= CUSTOM_ID:
            raise too_long(f"{place}.custom_id", CUSTOM_ID)
        if custom_id in seen:
            raise invalid_form(
                f"{place}.custom_id",
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )
        seen.add(custom_id)
    if len(component.get("label") or "") > LABEL:
        raise too_long(f"{place}.label", LABEL)
    for index, child in enumerate(children):
        _check_component(child, f"{place}.components.{index}", seen)


def check_not_empty(content: str, *others: object) -> None:
    """50006 for a message with nothing in it."""
    if not content.strip() and not any(others):
        raise ApiError(400, 50006, "Cannot send an empty message")


def check_webhook_name(name: str, field: str) -> None:
    """The rules of names of webhooks and of the names that they send under."""
    plain = name.strip().lower()
    if not 1 <= len(name.strip()) <= WEBHOOK_NAME:
        raise invalid_form(field, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80 in length.")
    for word in ("discord", "clyde"):
        if word in plain:
            message = f'Username cannot contain "{word}"'
            raise invalid_form(field, "USERNAME_INVALID_CONTAINS", message)
    if plain in {"everyone", "here"}:
        raise invalid_form(field, "USERNAME_INVALID", f'Username cannot be "{plain}"')


def check_commands(commands: list[dict[str, Any]]) -> None:
    """Names and descriptions of application commands; at most 100 of them."""
    if len(commands) > 100:
        raise ApiError(400, 30032, "Maximum number of application commands reached (100)")
    names = [(each.get("type", 1), each["name"]) for each in commands]
    if len(set(names)) != len(names):
        raise ApiError(400, 50035, "Application command names must be unique")
    for index, command in enumerate(commands):
        _check_command(command, str(index))


def _check_command(command: dict[str, Any], place: str) -> None:
    name, chat = command["name"], command.get("type", 1) == 1
    if not 1 <= len(name) <= COMMAND_NAME or (chat and (name != name.lower() or " " in name)):
        raise invalid_form(f"{place}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if chat and not 1 <= len(command.get("description") or "") <= COMMAND_TEXT:
        raise invalid_form(
            f"{place}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."
        )
    options = command.get("options") or []
    if len(options) > 25:
        raise too_long(f"{place}.options", 25)
    required = [bool(each.get("required")) for each in options]
    if sorted(required, reverse=True) != required:
        message = "Required options must be placed before non-required options"
        raise invalid_form(f"{place}.options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
    for index, option in enumerate(options):
        _check_command({**option, "type": 1}, f"{place}.options.{index}")


def check_choices(choices: list[dict[str, Any]]) -> None:
    """An autocomplete answer: at most 25, names and texts of 1 to 100 characters."""
    if len(choices) > CHOICES:
        raise too_long("data.choices", CHOICES)
    for index, choice in enumerate(choices):
        for name in ("name", "value"):
            if not 1 <= len(str(choice.get(name, ""))) <= COMMAND_TEXT:
                raise invalid_form(
                    f"data.choices.{index}.{name}",
                    "BASE_TYPE_BAD_LENGTH",
                    "Must be between 1 and 100 in length.",
                )
