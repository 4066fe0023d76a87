"""The one place where discord.py's and aiohttp's errors are translated.

DeliveryError (bridge.model)
├── RetryLater      connection lost, timeout, 429, 5xx, and a revoked token (the delivery waits for the new one)
└── Rejected        any other refusal, in words that name the permission or the setting
    └── Unusable    this bot cannot go on: token revoked, intent missing
"""

from __future__ import annotations

import math

import aiohttp
import discord

from bridge.model.adapter import DeliveryError, Rejected, RetryLater

MAX_RETRY_AFTER = 3_600.0
"""Seconds; Discord's longest known waits (invalid requests) are ten minutes."""
UNCERTAIN_SECONDS = 1.0
"""After a send without an answer: time for it to show in the channel, where it is looked up."""
REFUSED_SECONDS = 60.0
NO_TIME_SECONDS = 2.0
"""After a 429 that names no time (Cloudflare's, before Discord)."""

TROUBLE = (
    discord.DiscordException,
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    RuntimeError,
    LookupError,
    ValueError,
    TypeError,
)
"""What discord.py may raise when Discord or the network fails."""

UNKNOWN_MESSAGE = 10008
UNKNOWN_CHANNEL = 10003
UNKNOWN_USER = 10013
UNKNOWN_EMOJI = 10014
UNKNOWN_WEBHOOK = 10015
UNKNOWN_BAN = 10026
TOO_MANY_WEBHOOKS = 30007
MISSING_ACCESS = 50001
MISSING_PERMISSIONS = 50013

REFUSED_TEXT = (
    "Discord does not accept the bot's token (it was reset or is mistyped): make a new one in the Developer "
    "Portal (Bot, Reset Token) and set 'token'"
)
INTENT_TEXT = (
    "the bot lacks the intent 'Message Content': switch it on in the Developer Portal "
    "(Bot, Privileged Gateway Intents, Message Content Intent) and start again"
)


class Unusable(Rejected):
    """The bot's account or settings do not allow to go on; a person must act."""


class ServerTrouble(aiohttp.ClientError):
    """A 5xx answer to a webhook request, raised before the library repeats it."""


def translate(error: Exception, act: str) -> DeliveryError:
    """Translate what `act` ("post in <channel>") raised."""
    if isinstance(error, DeliveryError):
        return error
    if isinstance(error, discord.LoginFailure):
        return Unusable(REFUSED_TEXT)
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return Unusable(INTENT_TEXT)
    if isinstance(error, discord.RateLimited):
        return RetryLater("Discord limits our rate", _bounded(error.retry_after))
    if isinstance(error, discord.ConnectionClosed):
        return _closed(error)
    if isinstance(error, discord.HTTPException):
        return _answered(error, act)
    if isinstance(error, discord.DiscordException):
        return RetryLater(f"Discord cannot be reached ({type(error).__name__})", UNCERTAIN_SECONDS)
    if isinstance(error, TimeoutError | aiohttp.ClientError | OSError):
        return RetryLater(f"Discord did not answer ({type(error).__name__})", UNCERTAIN_SECONDS)
    if isinstance(error, RuntimeError):
        # The library's session was closed under us: a new client logs in.
        return RetryLater(f"no connection to Discord at the moment ({type(error).__name__})", UNCERTAIN_SECONDS)
    if isinstance(error, LookupError | ValueError | TypeError):
        # The library stumbled over an answer (a 429 without a time, say): whether it acted is not known.
        return RetryLater(f"Discord's answer cannot be understood ({type(error).__name__})", NO_TIME_SECONDS)
    return Rejected(f"cannot {act}: a fault in the Discord adapter ({type(error).__name__})")


def _closed(error: discord.ConnectionClosed) -> DeliveryError:
    """The gateway closed the connection (codes: Discord, "Gateway Close Event Codes")."""
    if error.code == 4004:
        return Unusable(REFUSED_TEXT)
    if error.code in {4013, 4014}:
        return Unusable(INTENT_TEXT)
    return RetryLater(f"Discord's gateway closed the connection (code {error.code})")


def _answered(error: discord.HTTPException, act: str) -> DeliveryError:
    if error.status == 429:
        return RetryLater("Discord limits our rate", _retry_after(error))
    if error.status >= 500 or error.status == 408:
        return RetryLater(f"Discord has trouble (HTTP {error.status})", UNCERTAIN_SECONDS)
    if error.status == 401:
        return Unusable(REFUSED_TEXT)
    if error.status == 403 and not error.code:
        # Not Discord's word but that of the protection in front of it.
        return RetryLater("something in front of Discord refuses us (HTTP 403)", REFUSED_SECONDS)
    if error.code == MISSING_PERMISSIONS:
        return Rejected(f"cannot {act}: the bot lacks the permission for it (Missing Permissions)")
    if error.code == MISSING_ACCESS or error.status == 403:
        return Rejected(f"cannot {act}: the bot has no access (Missing Access): it needs 'View Channel' there")
    if error.code == UNKNOWN_CHANNEL:
        return Rejected(f"cannot {act}: there is no such channel (Unknown Channel)")
    said = " ".join(error.text.split())[:300]
    return Rejected(f"cannot {act}: Discord refused ({said or f'HTTP {error.status}'})")


def _retry_after(error: discord.HTTPException) -> float:
    """The wait that the answer's headers ask for."""
    headers = error.response.headers
    for name in ("Retry-After", "X-RateLimit-Reset-After"):
        try:
            return _bounded(float(headers.get(name, "")))
        except ValueError:
            continue
    return NO_TIME_SECONDS


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.1), MAX_RETRY_AFTER) if math.isfinite(seconds) else MAX_RETRY_AFTER
