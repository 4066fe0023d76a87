"""Errors of this adapter, and the one place where nio's, aiohttp's and the homeserver's are translated.

DeliveryError (bridge.model)
├── RetryLater      connection lost, timeout, 429, 5xx
└── Rejected        any other refusal; carries the Matrix code
    ├── TokenRevoked    M_UNKNOWN_TOKEN, M_MISSING_TOKEN: the account must be logged in again
    └── AnswerTooLarge  more bytes than we are willing to read
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from bridge.model.adapter import DeliveryError, Rejected, RetryLater

MAX_RETRY_AFTER: Final = 600.0
"""Seconds; a server that asks for more is asked again after this long (own choice)."""


class MatrixRejected(Rejected):
    """Refused by the homeserver; `code` is the Matrix error code ('' when it gave none)."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class TokenRevoked(MatrixRejected):
    """The access token is not (or no longer) valid."""


class AnswerTooLarge(MatrixRejected):
    """The answer exceeds the size we read."""


def from_exception(error: Exception) -> DeliveryError:
    """Translate what the HTTP layer raised."""
    if isinstance(error, DeliveryError):
        return error
    if isinstance(error, asyncio.TimeoutError):
        return RetryLater("the homeserver did not answer in time")
    if isinstance(error, aiohttp.InvalidURL):
        return Rejected("the homeserver's address is not valid; correct the setting 'homeserver'")
    if isinstance(error, aiohttp.ClientError | OSError):
        return RetryLater(f"the homeserver cannot be reached ({type(error).__name__})")
    return Rejected(f"the homeserver's answer cannot be understood ({type(error).__name__})")


def from_answer(status: int, body: Mapping[str, Any], retry_after: str = "") -> DeliveryError:
    """Translate an HTTP error answer: its status, JSON body ({} when it was none) and `Retry-After` header."""
    code = str(body.get("errcode", ""))[:100]
    said = str(body.get("error", ""))[:300]
    if status == 429 or code == "M_LIMIT_EXCEEDED":
        return RetryLater("the homeserver limits our rate", _seconds(body, retry_after))
    if status >= 500 or status in {408, 425}:
        return RetryLater(f"the homeserver has trouble (HTTP {status})", _seconds({}, retry_after))
    if code in {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"}:
        return TokenRevoked(
            "the homeserver does not accept the access token (it was revoked or has expired); "
            "create a new one and set 'access_token', or set 'password' instead",
            code,
        )
    # Without a Matrix code it is a proxy in front that speaks, as while the homeserver restarts.
    if not 400 <= status < 500 or (not code and status in {401, 403, 404}):
        return RetryLater(f"something that is no homeserver answered (HTTP {status})")
    return MatrixRejected(f"the homeserver refused: {said or code or f'HTTP {status}'}", code)


def _seconds(body: Mapping[str, Any], header: str) -> float:
    """The wait asked for, bounded; 0 when absent or nonsense. The header supersedes `retry_after_ms`."""
    if header.isdecimal() and len(header) < 10:
        return min(float(header), MAX_RETRY_AFTER)
    value = body.get("retry_after_ms", 0)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return 0.0
    return min(max(float(value) / 1000, 0.0), MAX_RETRY_AFTER)
