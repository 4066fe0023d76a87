"""Attachments: out (fetched through the view, uploaded when small enough), and in (from Discord's CDN)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp
import discord
import structlog

from adapters.discord.errors import translate
from adapters.discord.places import Place
from bridge.model.adapter import DeliveryError, Rejected, RetryLater
from bridge.model.message import Attachment
from bridge.model.view import GroupView, ViewError

MAX_FILES = 10
"""Of one message (Discord, "Create Message")."""
MAX_REQUEST = 25 * 1024 * 1024 - 64 * 1024
"""Bytes of all files of one request, with room for its text."""
FETCH_SECONDS = 60.0
_HOSTS = ("https://cdn.discordapp.com/", "https://media.discordapp.net/")

log: Final = structlog.get_logger("adapters.discord.files")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file's name and content."""

    name: str
    content: bytes

    def file(self) -> discord.File:
        """For one request: discord.py reads and closes it."""
        return discord.File(io.BytesIO(self.content), filename=self.name)


async def collect(
    files: Sequence[Attachment], place: Place, view: GroupView | None
) -> tuple[list[Upload], list[Attachment]]:
    """(what is uploaded, what becomes a link): by size, and by whether its content can be had now."""
    uploads: list[Upload] = []
    links: list[Attachment] = []
    limit = place.guild.filesize_limit
    room = MAX_REQUEST
    for file in files:
        content = None
        if view is not None and len(uploads) < MAX_FILES and file.size <= min(limit, room):
            content = await _content(view, file, min(limit, room))
        if content is None:
            links.append(file)
        else:
            uploads.append(Upload(" ".join(file.name.split())[:200] or "file", content))
            room -= len(content)
    return uploads, links


async def _content(view: GroupView, file: Attachment, limit: int) -> bytes | None:
    try:
        return await view.fetch(file, limit)
    except ViewError as error:
        log.info("a file is shown as a link", name=file.name[:80], reason=str(error))
        return None


class Cdn:
    """Reads files of Discord's own, for other platforms. Only from its hosts, and no redirects."""

    def __init__(self, cdn_url: str) -> None:
        self._hosts = (*_HOSTS, cdn_url.rstrip("/") + "/")

    def holds(self, attachment: Attachment) -> bool:
        """Whether the reference is an address there."""
        return attachment.reference.startswith(self._hosts)

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """The content, at most `limit` bytes. Raises `RetryLater` or `Rejected`."""
        if not self.holds(attachment):
            raise Rejected("that file does not lie on Discord")
        timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(attachment.reference, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise _refused(answer.status)
                content = await answer.content.read(limit + 1)
                while len(content) <= limit and (more := await answer.content.read(limit + 1 - len(content))):
                    content += more
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise translate(error, "fetch a file from Discord") from error
        if len(content) > limit:
            raise Rejected(f"the file is larger than {limit} bytes")
        return content


def _refused(status: int) -> DeliveryError:
    if status == 429 or status >= 500:
        return RetryLater(f"Discord's file server has trouble (HTTP {status})", 1.0)
    return Rejected(f"Discord does not give the file any more (HTTP {status}); its links live for a day")
