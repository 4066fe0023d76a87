"""Keeps the gateway connected: what the library gives up on is tried again with a new client.

discord.py itself resumes sessions and answers op 7 and 9. It gives up when the first connect fails, when an
event is malformed, and on closing codes; of those, only a wrong token and missing intents end the bridge.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from typing import Final

import discord
import structlog

from adapters.discord.errors import Unusable, translate
from bridge.model.adapter import AdapterHealth, DeliveryError
from bridge.model.backoff import Backoff

PATIENCE = 90.0
"""Seconds without a session after which the client is replaced: the library's own waits grow to 17 minutes."""
WATCH_SECONDS = 5.0
FIRST_DELAY: Final = 1.0
MAX_DELAY: Final = 60.0
"""Seconds between tries; Discord allows 1,000 sessions a day."""

log: Final = structlog.get_logger("adapters.discord.gateway")


class Supervisor:
    """`run` until cancelled. Raises `Unusable` when only a person can help."""

    def __init__(
        self,
        renew: Callable[[], Awaitable[discord.Client]],
        patience: float = PATIENCE,
        watch: float = WATCH_SECONDS,
    ) -> None:
        self._renew = renew
        """Closes the old client and logs a new one in."""
        self._patience = patience
        self._watch = watch
        self._lost_at = math.inf
        """Loop time since when there is no session."""
        self._ready = False
        self.health = AdapterHealth("down", "not started")
        self.restarts = 0

    def connected(self) -> None:
        """A session is ready, or was resumed."""
        self._ready = True
        self._lost_at = math.inf
        self.health = AdapterHealth("ok")

    def lost(self) -> None:
        """The connection is gone; the library or we bring it back."""
        self._lost_at = min(self._lost_at, asyncio.get_running_loop().time())
        if self.health.state == "ok":
            self.health = AdapterHealth("degraded", "the connection to Discord's gateway is lost")

    async def run(self, client: discord.Client | None) -> None:
        """Connect `client`, then new ones for as long as it takes."""
        backoff = Backoff(FIRST_DELAY, MAX_DELAY, random.random)
        while True:
            try:
                self._ready = False
                if client is None:
                    client = await self._renew()
                await self._stay(client)
                trouble: DeliveryError = translate(ConnectionError("closed"), "connect")
            except Exception as error:
                trouble = translate(error, "connect to Discord's gateway")
                if isinstance(trouble, Unusable):
                    self.health = AdapterHealth("down", str(trouble))
                    raise trouble from error
                if not isinstance(error, DeliveryError | OSError | discord.DiscordException):
                    log.info("the gateway's client ended", error=type(error).__name__, exc_info=error)
            if self._ready:
                backoff.succeeded()
            client = None
            self.restarts += 1
            delay = backoff.failed()
            self.health = AdapterHealth("degraded", str(trouble))
            log.warning("gateway lost", reason=str(trouble), seconds=round(delay, 1))
            await asyncio.sleep(delay)

    async def _stay(self, client: discord.Client) -> None:
        """Be connected; raises what ended it, or TimeoutError when the library does not come back."""
        clock = asyncio.get_running_loop().time
        self._lost_at = clock()
        task = asyncio.create_task(client.connect(reconnect=True), name="discord-connection")
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=self._watch)
                if not task.done() and clock() - self._lost_at > self._patience:
                    raise TimeoutError
            await task
        finally:
            task.cancel()
            await asyncio.wait({task})
