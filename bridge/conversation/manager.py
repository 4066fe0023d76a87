"""The groups of a process over one transport: who gets which message, who hears of a regained connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import structlog

from bridge.conversation.conversation import Conversation
from bridge.conversation.services import Services
from bridge.conversation.topics import content_topic, parse
from bridge.protocol.engine import EngineConfig
from bridge.protocol.events import Topic
from bridge.storage import archive, seen
from bridge.storage.store import Tx
from bridge.waku.transport import WakuMessage

log: Final = structlog.get_logger("bridge.conversation")

HEALTH_EVERY: Final = 1.0
"""Seconds between looks at the transport's health (no IO)."""
PRUNE_PAUSE: Final = 0.1


class Manager:
    """Opens the configured groups and runs them. Use: `open`, then `run` in a task."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._groups: dict[str, Conversation] = {}

    @property
    def groups(self) -> Mapping[str, Conversation]:
        """The open groups by name."""
        return self._groups

    async def open(self, configs: Iterable[EngineConfig]) -> None:
        """Load all groups. Raises ValueError when two have the same name."""
        for config in configs:
            name = config.name.name
            if name in self._groups:
                raise ValueError(f"the group {name} is configured twice")
            self._groups[name] = await Conversation.open(config, self._services)

    async def run(self) -> None:
        """Run all groups until cancelled. The transport must have been started. Raises what ends a group."""
        names = [content_topic(group, topic) for group in self._groups for topic in Topic]
        self._services.transport.subscribe(names)
        async with asyncio.TaskGroup() as tasks:
            for name, group in self._groups.items():
                tasks.create_task(group.run(), name=f"group {name}")
            tasks.create_task(self._dispatch(), name="dispatch")
            tasks.create_task(self._watch(), name="transport health")
            tasks.create_task(self._prune(), name="prune")

    async def _dispatch(self) -> None:
        while True:
            self.dispatch(await self._services.transport.receive())

    def dispatch(self, message: WakuMessage) -> None:
        """Hand a message to its group; others' are none of our business."""
        parsed = parse(message.content_topic)
        group = self._groups.get(parsed[0]) if parsed else None
        if parsed is not None and group is not None:
            group.receive(parsed[1], message)

    async def _watch(self) -> None:
        """Tell the groups when peers were gained: what waits goes out, what was missed is asked for."""
        before = 0
        while True:
            peers = self._services.transport.health().peers
            if peers > before:
                log.info("peers", count=peers, before=before)
                for group in self._groups.values():
                    group.connected()
            before = peers
            await asyncio.sleep(HEALTH_EVERY)

    async def _prune(self) -> None:
        while True:
            await self.forget_old()
            await asyncio.sleep(self._services.tuning.prune_every)

    async def forget_old(self) -> None:
        """Forget what is too old: seen marks, then the archive.

        A mark lives longer than what the archive holds, here and with peers: nothing from an archive is new.
        """
        tuning, now = self._services.tuning, self._services.clock()
        await self._drop_old(seen.prune, now - tuning.seen_age)
        await self._drop_old(archive.prune, now - tuning.archive_age)

    async def _drop_old(self, prune: Callable[[Tx, float], int], before: float) -> None:
        """In small transactions, so that nothing else waits for long."""
        while True:
            dropped = await self._services.store.write(lambda tx: prune(tx, before))
            if not dropped:
                return
            await asyncio.sleep(PRUNE_PAUSE)
