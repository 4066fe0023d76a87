"""`demls-bridge check`: tries everything that the settings name, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bridge.model.adapter import Adapter, DeliveryError
from bridge.model.ids import RoomRef
from bridge.process import compose, plugins
from bridge.process.run import CannotStart, own_address
from bridge.process.status import NotRunning, ask
from bridge.settings import Settings
from bridge.waku.errors import WakuError
from bridge.waku.transport import TransportState

WAKU_LIMIT: Final = 15.0
"""Seconds for a first peer: several attempts with backoff."""
ADAPTER_LIMIT: Final = 60.0

Result = tuple[str, list[str]]
"""(what was tried, what is wrong with it: sentences that say what to do)."""


async def check(settings: Settings) -> list[Result]:
    """Try database, Waku, and every adapter with its rooms. Raises WrongSettings, before anything is tried
    or when the names of the groups do not fit this bridge's address."""
    adapters = plugins.make_adapters(settings)
    if await _runs(settings.status_socket):
        text = "a bridge runs with this configuration; stop it first, or see `demls-bridge status`"
        return [("bridge", [text])]
    results = [await _check_database(settings), (f"Waku, {settings.waku.mode}", await _check_waku(settings))]
    for platform, adapter in adapters.items():
        rooms = [room.ref for group in settings.groups for room in group.rooms if room.platform == platform]
        results.append((f"{platform}, {len(rooms)} rooms", await _check_adapter(adapter, rooms)))
    nothing = [] if settings.groups else ["none is configured: add a [[groups]] table"]
    results.append((f"groups: {len(settings.groups)}", nothing))
    return results


async def _runs(socket: Path) -> bool:
    try:
        await ask(socket)
    except NotRunning:
        return False
    return True


async def _check_database(settings: Settings) -> Result:
    try:
        own = await own_address(settings)
    except CannotStart as error:
        return "database", [str(error)]
    compose.check_creators(settings, own)
    return f"database; this bridge is 0x{own.hex()}", []


async def _check_waku(settings: Settings) -> list[str]:
    """Whether a peer (or the external node) is reached. Without configured peers only that the node starts."""
    transport = compose.make_transport(settings)
    rest = settings.waku.mode == "rest"
    try:
        await transport.start()
    except WakuError as error:
        return [str(error)]
    try:
        async with asyncio.timeout(WAKU_LIMIT):
            while True:
                health = transport.health()
                waits = rest or settings.waku.peer_addresses
                if health.state is TransportState.OK or (not waits and health.state is TransportState.DEGRADED):
                    return []
                await asyncio.sleep(0.1)
    except TimeoutError:
        detail = transport.health().detail
        keys = "waku.rest_url, and whether that node runs" if rest else "waku.peer_addresses and the firewall"
        return [f"nobody reached within {WAKU_LIMIT:.0f} s ({detail}): check {keys}"]
    finally:
        await transport.stop()


async def _check_adapter(adapter: Adapter, rooms: Sequence[RoomRef]) -> list[str]:
    try:
        async with asyncio.timeout(ADAPTER_LIMIT):
            return await adapter.check(rooms)
    except DeliveryError as error:
        return [str(error)]
    except TimeoutError:
        return [f"no answer within {ADAPTER_LIMIT:.0f} s: check address and network"]
    finally:
        await adapter.stop()
