"""Requests to one homeserver: nio builds paths and holds the session; time, size and errors are ours.

nio's own retry loop is not used: it retries connection errors and 429 for ever and turns a 5xx into an
error without a status. Every failure leaves here as a `DeliveryError` (see `adapters.matrix.errors`).
"""

from __future__ import annotations

import json
import random
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from nio import AsyncClient, AsyncClientConfig

from adapters.matrix.errors import AnswerTooLarge, from_answer, from_exception
from bridge.model.backoff import Backoff

REQUEST_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 10.0
MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
"""Room for 500 events of 64 KiB (a full timeline of one room)."""

Built = tuple[str, ...]
"""What nio's `Api` makes: method, path and, for some, the JSON body."""


FIRST_WAIT: Final = 0.5
"""Seconds after the first failure."""
LONGEST_WAIT: Final = 60.0
"""Seconds at most; nio's own ceiling (max_timeout_retry_wait_time)."""


def new_backoff() -> Backoff:
    """How long to leave a server alone that fails."""
    return Backoff(FIRST_WAIT, LONGEST_WAIT, random.random)


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
        data = body[0] if body else ("{}" if method in {"POST", "PUT"} else None)
        return _object(await self._exchange((method, path), data, "application/json", seconds))

    async def upload(self, built: Built, data: bytes, media_type: str, seconds: float) -> dict[str, Any]:
        """Send a file; returns the JSON object of the answer. Raises as `call`."""
        return _object(await self._exchange(built, data, media_type, seconds))

    async def download(self, built: Built, limit: int, seconds: float) -> bytes:
        """The body of a 2xx answer, at most `limit` bytes. Raises as `call`, AnswerTooLarge among them."""
        return await self._exchange(built, None, "application/json", seconds, limit)

    async def _exchange(
        self, built: Built, data: str | bytes | None, media_type: str, seconds: float, limit: int = 0
    ) -> bytes:
        """One request; the body of a 2xx answer (`limit` 0: as large as any JSON may be)."""
        method, path = built
        timeout = aiohttp.ClientTimeout(total=seconds, connect=CONNECT_SECONDS)
        headers = {"Content-Type": media_type}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        self.requests += 1
        try:
            response = await self._client.send(
                method, _without_token(path), cast("str", data), headers, timeout=cast("float", timeout)
            )
            async with response:
                good = response.status // 100 == 2
                raw = await _read(response, limit if limit and good else MAX_ANSWER_BYTES)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise from_exception(error) from error
        if not good:
            raise from_answer(response.status, _decode(raw) or {}, response.headers.get("Retry-After", ""))
        return raw

    async def close(self) -> None:
        """Close the session. Idempotent."""
        await self._client.close()


def _object(raw: bytes) -> dict[str, Any]:
    answer = _decode(raw)
    if answer is None:
        # A proxy's page with status 200, or a cut answer: not the homeserver's word, so ask again.
        raise from_answer(502, {})
    return answer


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The body, refused when larger than `limit`."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > limit:
            raise AnswerTooLarge(f"the homeserver's answer exceeds {limit} bytes")
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
