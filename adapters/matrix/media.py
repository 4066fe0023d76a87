"""Files: read from the homeserver for others, and uploaded to it when they come from elsewhere."""

from __future__ import annotations

import hashlib
import re
from typing import Final
from urllib.parse import quote

import structlog
from nio import Api

from adapters.matrix.errors import MatrixRejected, TokenRevoked
from adapters.matrix.fields import integer, text
from adapters.matrix.http import Built, MatrixHttp
from bridge.model.adapter import Rejected
from bridge.model.message import Attachment
from bridge.model.view import GroupView, ViewError

MEDIA_SECONDS: Final = 90.0
"""For one file; below the mirror's limit of 120 s for one delivery."""
MAX_FILE: Final = 50 * 1024 * 1024
"""Bytes of a file that is uploaded, whatever the server allows: it is held in memory (Synapse's default)."""
_ADDRESS: Final = re.compile(r"mxc://([A-Za-z0-9.\-:\[\]]{1,255})/([A-Za-z0-9_\-]{1,255})")
_MEDIA_TYPE: Final = re.compile(r"[a-z]{1,20}/[A-Za-z0-9.+_\-]{1,100}")

log: Final = structlog.get_logger(__name__)


class Media:
    """Content repository of one account's homeserver."""

    def __init__(self, http: MatrixHttp) -> None:
        self._http = http
        self._limit = 0
        """Bytes that the server takes; 0: not asked yet."""

    def holds(self, attachment: Attachment) -> bool:
        """Whether the reference is a Matrix address (of any homeserver: ours fetches it)."""
        return _ADDRESS.fullmatch(attachment.reference) is not None

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """The content, at most `limit` bytes, its hash compared when one is known.

        Raises `RetryLater`, or `Rejected` for what is too large, not there, encrypted or altered.
        """
        found = _ADDRESS.fullmatch(attachment.reference)
        if found is None or attachment.key:
            raise Rejected("the file is encrypted" if found else "that is no Matrix file")
        content = await self._download(found[1], found[2], limit)
        if attachment.sha256 and hashlib.sha256(content).digest() != attachment.sha256:
            raise Rejected("the file was altered: its hash is another")
        return content

    async def place(self, file: Attachment, view: GroupView | None) -> str:
        """The file's Matrix address, uploaded first if it lies elsewhere; '' for one out of reach or too large.

        Raises `RetryLater`, and `TokenRevoked`.
        """
        if self.holds(file) and not file.key:
            return file.reference
        if view is None:
            return ""
        limit = await self._upload_limit()
        if file.size > limit:
            return ""
        try:
            content = await view.fetch(file, limit)
            return await self._upload(file, content)
        except TokenRevoked:
            raise
        except (ViewError, Rejected) as error:
            log.info("a file is named instead of shown", bytes=file.size, error=str(error))
            return ""

    async def _download(self, server: str, media_id: str, limit: int) -> bytes:
        method, path = Api.download(server, media_id)
        try:
            return await self._http.download((method, path), limit, MEDIA_SECONDS)
        except MatrixRejected as refusal:
            if refusal.code != "M_UNRECOGNIZED":
                raise
        # A server from before authenticated media (specification 1.11).
        old = f"/_matrix/media/v3/download/{quote(server, safe='')}/{quote(media_id, safe='')}"
        return await self._http.download(("GET", old), limit, MEDIA_SECONDS)

    async def _upload(self, file: Attachment, content: bytes) -> str:
        media_type = file.media_type if _MEDIA_TYPE.fullmatch(file.media_type) else "application/octet-stream"
        built: Built = Api.upload("", text(file.name, 255) or "file")
        answer = await self._http.upload(built, content, media_type, MEDIA_SECONDS)
        address = text(answer.get("content_uri"), 512)
        if _ADDRESS.fullmatch(address) is None:
            raise Rejected("the homeserver's answer to an upload has no address")
        return address

    async def _upload_limit(self) -> int:
        if not self._limit:
            try:
                answer = await self._http.call(Api.content_repository_config(""))
            except MatrixRejected:  # a server that does not say
                answer = {}
            self._limit = integer(answer.get("m.upload.size"), MAX_FILE, 0, MAX_FILE)
        return self._limit
