"""Two embedded Waku nodes on loopback, connected by TCP and Noise: messages of 1 KiB.

Twice: with the settings of production, which bound the rate and hold what is received for a moment to put it
in order (`publish_rate`, `settle`), and without these two, which shows what the node itself can do.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace

from bridge.waku.embedded import EmbeddedConfig, EmbeddedTransport
from bridge.waku.transport import TransportState, WakuMessage
from tests.bench.table import Table, milliseconds, progress, quantile

TOPIC = "/bench/1/app_msg/proto"
SIZE = 1024
PATIENCE = 60.0
"""Seconds until a bench that hangs is given up."""
CONFIGS = {
    "as in production": EmbeddedConfig(),
    "unbounded": EmbeddedConfig(publish_rate=1_000_000, settle=0),
}


async def run(quick: bool) -> Table:
    """One row per configuration."""
    burst, single = (200, 20) if quick else (3_000, 100)
    rows = []
    for name, config in CONFIGS.items():
        async with asyncio.timeout(PATIENCE):
            progress(f"{name}: {burst:,} messages at once, then {single} one by one")
            rate, delays = await _measure(config, burst, single)
        rows.append(
            (
                name,
                f"{rate:,.0f}",
                milliseconds(quantile(delays, 0.5)),
                milliseconds(quantile(delays, 0.95)),
            )
        )
    heads = ("settings", "messages/s", "p50 ms", "p95 ms")
    return Table(f"waku: two embedded nodes on loopback, {SIZE} bytes", heads, tuple(rows))


async def _measure(config: EmbeddedConfig, burst: int, single: int) -> tuple[float, list[float]]:
    """Messages per second in a burst, and the seconds on the way of each that is sent alone."""
    far = EmbeddedTransport(config)
    far.subscribe([TOPIC])
    await far.start()
    near = EmbeddedTransport(replace(config, peers=far.health().listening))
    try:
        await near.start()
        while any(side.health().state is not TransportState.OK for side in (near, far)):
            await asyncio.sleep(0.01)
        return await _burst(near, far, burst), [await _one(near, far) for _ in range(single)]
    finally:
        await near.stop()
        await far.stop()


async def _burst(near: EmbeddedTransport, far: EmbeddedTransport, count: int) -> float:
    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            tasks.create_task(near.publish(_message()))
        for _ in range(count):
            await far.receive()
    return count / (time.perf_counter() - start)


async def _one(near: EmbeddedTransport, far: EmbeddedTransport) -> float:
    message = _message()
    start = time.perf_counter()
    await near.publish(message)
    received = await far.receive()
    took = time.perf_counter() - start
    assert received == message
    return took


def _message() -> WakuMessage:
    return WakuMessage(TOPIC, os.urandom(SIZE), time.time_ns())
