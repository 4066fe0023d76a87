"""Rate limits: which bucket a request counts in, and whether it may pass. The real clock; fixed windows.

The figures of REAL are what Discord is seen to answer in headers, and its documented global limit; Discord asks
clients to hard-code none of them, and this server's tests hold the client to that.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Rate:
    """So many requests in so many seconds."""

    limit: int
    seconds: float


FREE: Final = Rate(100_000, 1.0)


@dataclass(frozen=True)
class Rates:
    """The limits of a server."""

    everything: Rate = FREE
    """All of the bot's requests but those with a webhook's or an interaction's token."""
    other: Rate = FREE
    """Each bucket that has no limit of its own here."""
    messages: Rate = FREE
    """POST to a channel."""
    edits: Rate = FREE
    reactions: Rate = FREE
    webhooks: Rate = FREE
    """Each webhook's sends; told by headers."""
    webhooks_hidden: Rate = FREE
    """All webhook sends of a channel; no header tells."""


OFF: Final = Rates()
REAL: Final = Rates(
    everything=Rate(50, 1.0),
    other=Rate(10, 1.0),
    messages=Rate(5, 5.0),
    edits=Rate(5, 5.0),
    reactions=Rate(1, 0.25),
    webhooks=Rate(5, 2.0),
    webhooks_hidden=Rate(30, 60.0),
)


@dataclass
class _Window:
    rate: Rate
    began: float
    used: int = 0


@dataclass(frozen=True)
class Refusal:
    """Why a request gets 429: how long to wait, and whose limit it is (user, shared, global)."""

    retry_after: float
    scope: str

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        return {
            "message": "You are being rate limited.",
            "retry_after": round(self.retry_after, 3),
            "global": self.scope == "global",
        }


class Limiter:
    """Counts requests in windows that begin with their first request."""

    def __init__(self, rates: Rates) -> None:
        self.rates = rates
        self._windows: dict[str, _Window] = {}
        self.refused = 0
        """How many requests got 429."""

    def _window(self, key: str, rate: Rate, now: float) -> _Window:
        window = self._windows.get(key)
        if window is None or now >= window.began + window.rate.seconds or window.rate != rate:
            window = self._windows[key] = _Window(rate, now)
        return window

    def _rate(self, method: str, route: str) -> Rate:
        if "/reactions/" in route:
            return self.rates.reactions
        if route == "/webhooks/{webhook_id}/{token}":
            return self.rates.webhooks
        if route == "/channels/{channel_id}/messages" and method == "POST":
            return self.rates.messages
        if route == "/channels/{channel_id}/messages/{message_id}" and method == "PATCH":
            return self.rates.edits
        return self.rates.other

    def admit(
        self, method: str, route: str, major: str, *, bot: bool, channel_id: int = 0
    ) -> tuple[dict[str, str], Refusal | None]:
        """Count one request: the headers of its answer, and the refusal if it may not pass.

        `route` is the pattern, `major` what Discord calls major parameters, `channel_id` the channel of a
        webhook's send.
        """
        now = time.monotonic()
        rate = self._rate(method, route)
        name = "reactions" if "/reactions/" in route else f"{method} {route}"
        window = self._window(f"{name} {major}", rate, now)
        checks = [(window, "user")]
        if bot:
            checks.append((self._window("global", self.rates.everything, now), "global"))
        if channel_id:
            checks.append((self._window(f"hidden {channel_id}", self.rates.webhooks_hidden, now), "shared"))
        refusal = None
        for each, scope in checks:
            if each.used >= each.rate.limit:
                refusal = Refusal(each.began + each.rate.seconds - now, scope)
        if refusal is None:
            for each, _ in checks:
                each.used += 1
        else:
            self.refused += 1
        return _headers(name, window, now), refusal


def _headers(name: str, window: _Window, now: float) -> dict[str, str]:
    left = window.began + window.rate.seconds - now
    return {
        "X-RateLimit-Limit": str(window.rate.limit),
        "X-RateLimit-Remaining": str(max(0, window.rate.limit - window.used)),
        "X-RateLimit-Reset": f"{time.time() + left:.3f}",
        "X-RateLimit-Reset-After": f"{left:.3f}",
        "X-RateLimit-Bucket": hashlib.sha256(name.encode()).hexdigest()[:32],
    }
