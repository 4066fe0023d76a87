"""The two bridges together, and the people at their pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from bridge.cli.demo.failures import DemoFailed, SideFailed
from bridge.cli.demo.people import GROUP, PEOPLE, Person
from bridge.cli.demo.side import CHAIN, TIMING, Side
from bridge.cli.demo.visitor import Visitor
from bridge.process.report import Chain
from bridge.protocol.ports import Address
from bridge.protocol.types import Coordination, GroupName


class Network:
    """Made by `running`. `sides` are client1, which makes the group, and client2, which joins it."""

    def __init__(self, folder: Path, ports: tuple[int, int], coordination: Coordination) -> None:
        self.coordination = coordination
        self._news = asyncio.Event()
        self.sides = (Side(0, folder, ports[0], self._news.set), Side(1, folder, ports[1], self._news.set))
        self.visitors: dict[str, Visitor] = {}
        """Those who were let in by `visits`, by name."""

    async def start(self, timing: Mapping[str, int]) -> None:
        """Pair and start the bridges: 1 makes the group and lists 2, then 2 dials 1. Raises SideFailed.

        In contract coordination 1 runs the chain for both.
        """
        first, second = self.sides
        on_chain = self.coordination is Coordination.CONTRACT
        chain = {**CHAIN, "development_port": 0} if on_chain else {}
        making = {"name": GROUP, "create": True, "timing": timing, "coordination": self.coordination.value}
        first.write_config(making, [], chain)
        creator = await first.address()
        joining = {"name": str(GroupName(GROUP, Address(creator)))}
        second.write_config(joining, [])
        partner = "0x" + (await second.address()).hex()
        first.write_config({**making, "service_members": [partner], "steward_candidates": [partner]}, [], chain)
        await first.start()
        report = first.report
        if report is None or not report.listening or (on_chain and report.chain is None):
            raise SideFailed(f"{first.name} does not say where it listens")
        second.write_config(joining, report.listening[:1], _same_chain(report.chain))
        await second.start()

    async def watch(self) -> None:
        """Keep reports and rooms up to date. Raises SideFailed when a bridge ends."""
        async with asyncio.TaskGroup() as tasks:
            for side in self.sides:
                tasks.create_task(side.watch())

    async def stop(self) -> list[int]:
        """Stop both; returns their exit codes."""
        return list(await asyncio.gather(*(side.stop() for side in self.sides)))

    @asynccontextmanager
    async def visits(self) -> AsyncIterator[None]:
        """Everybody sits at their page while the block runs, signed in by script. Raises PageError."""
        tasks = []
        try:
            for person in PEOPLE.values():
                visitor = Visitor(self.sides[person.side].url, person.name, self._news.set)
                self.visitors[person.name] = visitor
                await visitor.sign_in()
                tasks.append(asyncio.create_task(visitor.run()))
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for visitor in self.visitors.values():
                await visitor.close()

    def visitor(self, person: Person) -> Visitor:
        """The one who sits at the page for them."""
        return self.visitors[person.name]

    async def news(self) -> None:
        """Wait until something has changed."""
        await self._news.wait()
        self._news.clear()

    async def until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Wait until `true()`; False when it was not within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    await self.news()
        except TimeoutError:
            return true()
        return True


def _same_chain(chain: Chain | None) -> dict[str, Any]:
    """[chain] of a bridge that uses the chain that another one runs."""
    if chain is None:
        return {}
    known = {key: value for key, value in msgspec.structs.asdict(chain).items() if key != "url"}
    return {**CHAIN, **known, "node_url": chain.url}


@asynccontextmanager
async def running(
    folder: Path,
    timing: Mapping[str, int] = TIMING,
    ports: tuple[int, int] = (0, 0),
    coordination: Coordination = Coordination.WAKU,
) -> AsyncIterator[Network]:
    """Both bridges, started and watched; stopped at the end, whatever happens. `timing`: of the group, in
    seconds; `ports`: of the pages. Raises SideFailed."""
    network = Network(folder, ports, coordination)
    try:
        await network.start(timing)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(network.watch())
            yield network
            watching.cancel()
    except* DemoFailed as failed:
        raise _first(failed) from None
    finally:
        await network.stop()


def _first(group: BaseExceptionGroup[DemoFailed]) -> DemoFailed:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
