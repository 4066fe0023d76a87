"""Requests to one homeserver: nio builds paths and holds the session; time, size and errors are ours.

nio's own retry loop is not used: it retries connection errors and 429 for ever and turns a 5xx into an
error without a status. Every failure leaves here as a `DeliveryError` (see `adapters.matrix.errors`).
"""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from nio import AsyncClient, AsyncClientConfig

from adapters.matrix.errors import AnswerTooLarge, from_answer, from_exception

REQUEST_SECONDS = 30.0
CONNECT_SECONDS = 10.0
MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""Room for 500 events of 64 KiB (a full timeline of one room)."""

Built = tuple[str, ...]
"""What nio's `Api` makes: method, path and, for some, the JSON body."""


class MatrixHttp:
    """One account's requests. `token` is sent as a header only and never logged."""

    def __init__(self, homeserver: str, user_id: str) -> None:
        # Encryption would need nio's store; plain rooms only for now, the client is where it would live.
        config = AsyncClientConfig(encryption_enabled=False, store_sync_tokens=False)
        self._client = AsyncClient(homeserver, user_id, config=config)
        self.token = ""
        self.requests = 0

    async def call(self, built: Built, seconds: float = REQUEST_SECONDS) -> dict[str, Any]:
        """Perform a request made by `nio.Api` and return the JSON object of a 2xx answer.

        `seconds` bounds the whole request. Raises `RetryLater` or `Rejected`.
        """
        method, path, *body = built
        timeout = aiohttp.ClientTimeout(total=seconds, connect=CONNECT_SECONDS)
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = body[0] if body else ("{}" if method in {"POST", "PUT"} else None)
        self.requests += 1
        try:
            response = await self._client.send(
                method, _without_token(path), data, headers, timeout=cast("float", timeout)
            )
            async with response:
                raw = await _read(response)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise from_exception(error) from error
        answer = _decode(raw)
        if response.status // 100 != 2:
            raise from_answer(response.status, answer or {}, response.headers.get("Retry-After", ""))
        if answer is None:
            # A proxy's page with status 200, or a cut answer: not the homeserver's word, so ask again.
            raise from_answer(502, {})
        return answer

    async def close(self) -> None:
        """Close the session. Idempotent."""
        await self._client.close()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, refused when larger than `MAX_ANSWER_BYTES`."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise AnswerTooLarge(f"the homeserver's answer exceeds {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _decode(raw: bytes) -> dict[str, Any] | None:
    """The JSON object, or None when it is none."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _without_token(path: str) -> str:
    """nio's path without the `access_token` parameter, which would end up in access logs."""
    parts = urlsplit(path)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != "access_token"]
    return parts.path + (f"?{urlencode(query)}" if query else "")
