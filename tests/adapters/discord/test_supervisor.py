"""What the library does not give up by itself."""

from __future__ import annotations

import asyncio
from typing import cast

import discord
import pytest

from adapters.discord.errors import Unusable
from adapters.discord.supervisor import Supervisor


class Hanging:
    """A client that never gets a session, as in the library's long waits."""

    def __init__(self) -> None:
        self.cancelled = False

    async def connect(self, *, reconnect: bool) -> None:
        assert reconnect
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled = True


class Refused:
    """A client whose token is not taken."""

    async def connect(self, *, reconnect: bool) -> None:
        raise discord.LoginFailure("improper token")


async def test_a_client_that_does_not_come_back_is_replaced() -> None:
    first = Hanging()

    async def renew() -> discord.Client:
        return cast("discord.Client", Refused())

    supervisor = Supervisor(renew, patience=0.02, watch=0.01)
    with pytest.raises(Unusable):
        await supervisor.run(cast("discord.Client", first))
    assert first.cancelled
    assert supervisor.restarts == 1
    assert supervisor.health.state == "down"


async def test_a_client_with_a_session_is_left_alone() -> None:
    client = Hanging()

    async def renew() -> discord.Client:
        raise AssertionError("replaced")

    supervisor = Supervisor(renew, patience=0.02, watch=0.01)
    task = asyncio.create_task(supervisor.run(cast("discord.Client", client)))
    await asyncio.sleep(0)
    supervisor.connected()
    await asyncio.sleep(0.1)
    assert not client.cancelled
    task.cancel()
    await asyncio.wait({task})
    assert client.cancelled
