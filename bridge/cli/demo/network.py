"""The two bridges together, and the people who type."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bridge.cli.demo.failures import SideFailed
from bridge.cli.demo.people import GROUP, ROOMS, Person
from bridge.cli.demo.side import TIMING, Side
from bridge.protocol.ports import Address
from bridge.protocol.types import GroupName


class Network:
    """Made by `running`. `sides` are bridge 1, which makes the group, and bridge 2, which joins it."""

    def __init__(self, folder: Path) -> None:
        self._news = asyncio.Event()
        self.sides = (Side(0, folder, self._news.set), Side(1, folder, self._news.set))

    async def start(self, timing: Mapping[str, int]) -> None:
        """Pair and start the bridges: 1 makes the group and lists 2, then 2 dials 1. Raises SideFailed."""
        first, second = self.sides
        making = {"name": GROUP, "create": True, "timing": timing}
        first.write_config(making, [])
        creator = await first.address()
        joining = {"name": str(GroupName(GROUP, Address(creator)))}
        second.write_config(joining, [])
        partner = "0x" + (await second.address()).hex()
        first.write_config({**making, "service_members": [partner], "steward_candidates": [partner]}, [])
        await first.start()
        if first.report is None or not first.report.listening:
            raise SideFailed(f"{first.name} does not say where it listens")
        second.write_config(joining, first.report.listening[:1])
        await second.start()

    async def watch(self) -> None:
        """Keep reports and rooms up to date. Raises SideFailed when a bridge ends."""
        async with asyncio.TaskGroup() as tasks:
            for side in self.sides:
                tasks.create_task(side.watch())

    async def stop(self) -> list[int]:
        """Stop both; returns their exit codes."""
        return list(await asyncio.gather(*(side.stop() for side in self.sides)))

    def side_of(self, person: Person) -> Side:
        """The bridge that hosts him."""
        return self.sides[person.side]

    async def say(self, person: Person, words: str) -> None:
        """Type for somebody. Raises RoomError."""
        await self.side_of(person).rooms.say(ROOMS[person.side], person.name, words)

    def address_of(self, person: Person) -> str:
        """His address ('0x...') when he is a member, else ''."""
        group = self.side_of(person).group
        names = group.names if group is not None else {}
        members = set(group.members) if group is not None else set()
        return next((who for who, name in names.items() if name == person.shown and who in members), "")

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


@asynccontextmanager
async def running(folder: Path, timing: Mapping[str, int] = TIMING) -> AsyncIterator[Network]:
    """Both bridges, started and watched; stopped at the end, whatever happens. `timing`: of the group, in
    seconds. Raises SideFailed."""
    network = Network(folder)
    try:
        await network.start(timing)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(network.watch())
            yield network
            watching.cancel()
    except* SideFailed as failed:
        raise SideFailed(_first(failed)) from None
    finally:
        await network.stop()


def _first(group: BaseExceptionGroup[SideFailed]) -> str:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else str(inner)
