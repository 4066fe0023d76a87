"""Files of messages, read through the adapter that holds them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from bridge.model.adapter import Adapter, DeliveryError
from bridge.model.message import Attachment
from bridge.model.view import FileSource, ViewError

log: Final = structlog.get_logger("bridge.rooms.view")

AT_ONCE: Final = 4
"""Files read at the same time: each may lie in memory whole."""
PATIENCE: Final = 60.0
"""Seconds for one file, the wait for others included."""


class Files:
    """Reads files for all windows; few at once."""

    def __init__(self, adapters: Mapping[str, Adapter], patience: float = PATIENCE) -> None:
        self._adapters = adapters
        self._patience = patience
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """The content, at most `limit` bytes. Raises ViewError."""
        if attachment.size > limit:
            raise ViewError(f"The file is too large: {attachment.size} bytes, at most {limit} are shown.")
        holder = self._holder(attachment)
        try:
            async with asyncio.timeout(self._patience), self._slots:
                content = await holder.fetch(attachment, limit)
        except TimeoutError as error:
            raise ViewError("The platform that holds the file does not answer.") from error
        except DeliveryError as error:
            raise ViewError(f"The file cannot be read: {error}") from error
        except Exception as error:
            log.exception("an adapter failed to read a file")
            raise ViewError("The file cannot be read because of a fault in the bridge.") from error
        if len(content) > limit:
            raise ViewError(f"The file is larger than it says: at most {limit} bytes are shown.")
        return content

    def _holder(self, attachment: Attachment) -> FileSource:
        for adapter in self._adapters.values():
            if isinstance(adapter, FileSource) and adapter.holds(attachment):
                return adapter
        raise ViewError("No platform of this bridge has that file.")
