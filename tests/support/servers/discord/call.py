"""A REST request as the handlers see it: parsed, bounded, and with whom it comes from."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import BodyPartReader, web

from tests.support.servers.discord import checks
from tests.support.servers.discord.errors import ApiError, invalid_form
from tests.support.servers.discord.interactions import Interactions
from tests.support.servers.discord.model import Attachment, Guild
from tests.support.servers.discord.world import World


@dataclass(frozen=True)
class Upload:
    """A file of a multipart request."""

    filename: str
    content_type: str
    data: bytes


@dataclass
class Call:
    """One request. `payload` is the JSON body, or the part `payload_json` of a multipart one."""

    world: World
    interactions: Interactions
    params: Mapping[str, str]
    query: Mapping[str, str]
    payload: Any = None
    files: dict[int, Upload] = field(default_factory=dict)
    reason: str | None = None

    def id(self, name: str) -> int:
        """An id in the path; raises 50035 when it is none."""
        return snowflake(self.params[name], name)

    def guild(self) -> Guild:
        """The guild in the path."""
        return self.world.guild(self.id("guild_id"))

    def limit(self, default: int, most: int) -> int:
        """The query's `limit`; raises 50035 when it is not between 1 and `most`."""
        limit = snowflake(self.query.get("limit", str(default)), "limit")
        if not 1 <= limit <= most:
            raise invalid_form("limit", "NUMBER_TYPE_MAX", f"int value should be between 1 and {most}.")
        return limit

    def attachments(self) -> list[Attachment]:
        """The request's new files, in order, with the descriptions that the payload gives them."""
        described = {str(each.get("id")): each for each in (self.payload or {}).get("attachments") or []}
        found = []
        for number, upload in sorted(self.files.items()):
            about = described.get(str(number), {})
            name = about.get("filename") or upload.filename
            new = Attachment(
                self.world.new_id(), name, upload.content_type, upload.data, about.get("description")
            )
            found.append(new)
        return found


Handler = Callable[[Call], Awaitable[Any]]
"""Returns the answer's JSON; None is 204."""

Route = tuple[str, str, Handler]
"""(method, path below /api/v10, handler)."""


def snowflake(text: str, name: str) -> int:
    """An id, or another number; raises 50035."""
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise invalid_form(name, "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
    return int(text)


async def read_body(request: web.Request, call: Call) -> None:
    """Fill `payload`, `files` and `reason`; raises ApiError for what is too large or not understood."""
    if reason := request.headers.get("X-Audit-Log-Reason"):
        call.reason = unquote(reason)
        if len(call.reason) > 512:
            raise invalid_form("reason", "BASE_TYPE_BAD_LENGTH", "Must be 512 or fewer in length.")
    if (request.content_length or 0) > checks.REQUEST_BYTES:
        raise ApiError(413, 40005, "Request entity too large")
    kind = request.headers.get("Content-Type", "")
    if kind.startswith("multipart/form-data"):
        await _read_parts(request, call)
    elif kind == "application/json":
        call.payload = _parsed(await request.read())
    elif request.can_read_body and await request.read():
        message = "Expected \"Content-Type\" header to be one of {'application/json'}."
        raise invalid_form("_", "CONTENT_TYPE_INVALID", message)


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None


async def _read_parts(request: web.Request, call: Call) -> None:
    total = 0
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = bytes(await part.read())
        total += len(data)
        if total > checks.REQUEST_BYTES or len(data) > checks.FILE_BYTES:
            raise ApiError(413, 40005, "Request entity too large")
        name = part.name or ""
        if name == "payload_json":
            call.payload = _parsed(data)
        elif name.startswith("files[") and name.endswith("]"):
            kind = part.headers.get("Content-Type", "application/octet-stream")
            call.files[snowflake(name[6:-1], "files")] = Upload(part.filename or "unknown", kind, data)
        else:
            raise invalid_form(name, "UNKNOWN", "Unknown part.")
    if len(call.files) > checks.FILES:
        raise ApiError(400, 30015, f"Maximum number of attachments in a message reached ({checks.FILES})")
