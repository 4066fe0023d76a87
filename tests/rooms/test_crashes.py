"""The process may die at any moment: nothing is lost, nothing is shown twice, the order stays."""

import asyncio
import random
from collections.abc import Callable

import pytest

from bridge.conversation.ports import Request
from bridge.model.adapter import Outgoing
from bridge.storage.tx import Tx
from tests.support.mirrors import ROOM_A, ROOM_B, Bench, ScriptedGroup, nothing
from tests.support.waiting import guard


async def forever(*_: object) -> None:
    await asyncio.Event().wait()


async def test_shown_but_not_yet_stored(bench: Bench) -> None:
    async def die_after(message: Outgoing) -> None:
        await forever()

    bench.paper.after = die_after
    await bench.say(ROOM_A, "Alice", "one")
    await bench.until(lambda: len(bench.paper.texts(ROOM_B)) == 1)
    bench.paper.after = nothing
    await bench.restart()
    await bench.say(ROOM_A, "Alice", "two")
    await bench.until(lambda: len(bench.paper.texts(ROOM_B)) > 1)
    await bench.settled()
    assert bench.paper.texts(ROOM_B) == ["Alice (guest): one", "Alice (guest): two"]


async def test_between_the_parts_of_a_long_text(bench: Bench) -> None:
    sent = 0

    async def die_at_the_third(message: Outgoing) -> None:
        nonlocal sent
        sent += 1
        if sent == 3:
            await forever()

    bench.paper.capabilities = type(bench.paper.capabilities)(max_bytes=100)
    bench.paper.after = die_at_the_third
    text = " ".join(f"w{i}" for i in range(100))
    await bench.say(ROOM_A, "Alice", text)
    await bench.until(lambda: sent == 3)
    bench.paper.after = nothing
    await bench.restart()
    await bench.settled()
    shown = [part.removeprefix("Alice (guest): ") for part in bench.paper.texts(ROOM_B)]
    assert " ".join(shown) == text


@pytest.mark.parametrize("stored", [True, False])
async def test_while_the_group_takes_it(bench: Bench, stored: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    submit = ScriptedGroup.submit
    reached = asyncio.Event()

    async def die(self: ScriptedGroup, request: Request, also: Callable[[Tx], None] | None = None) -> None:
        if stored:
            await submit(self, request, also)
        reached.set()
        await forever()

    with monkeypatch.context() as patch:
        patch.setattr(ScriptedGroup, "submit", die)
        await bench.say(ROOM_A, "Alice", "one")
        async with guard():
            await reached.wait()
    await bench.restart()
    await bench.say(ROOM_A, "Alice", "two")
    await bench.until(lambda: len(bench.paper.texts(ROOM_B)) > 1)
    await bench.settled()
    assert bench.paper.texts(ROOM_B) == ["Alice (guest): one", "Alice (guest): two"]


@pytest.mark.parametrize("seed", range(3))
async def test_at_random_moments(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)

    async def slow(message: Outgoing) -> None:
        await asyncio.sleep(chance.random() * 0.004)

    bench.paper.after = slow
    for i in range(100):
        await bench.say(ROOM_A, "Alice", f"{i}")
        if chance.random() < 0.08:
            await asyncio.sleep(chance.random() * 0.02)
            await bench.restart()
    await bench.until(lambda: len(bench.paper.texts(ROOM_B)) >= 100)
    await bench.settled()
    assert bench.paper.texts(ROOM_B) == [f"Alice (guest): {i}" for i in range(100)]


async def test_an_answer_is_given_once(bench: Bench) -> None:
    async def die_after(message: Outgoing) -> None:
        await forever()

    bench.paper.after = die_after
    await bench.say(ROOM_A, "Alice", "!help")
    await bench.until(lambda: len(bench.paper.texts(ROOM_A)) == 1)
    bench.paper.after = nothing
    await bench.restart()
    await bench.settled()
    assert len(bench.paper.texts(ROOM_A)) == 1
