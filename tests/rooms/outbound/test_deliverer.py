"""The queues: order, retries, refusals, and that one room holds up no other."""

import asyncio

import pytest

from bridge.model.adapter import Capabilities, DeliveryError, Rejected, RetryLater
from bridge.model.ids import RoomRef
from bridge.rooms.tuning import Tuning
from bridge.storage import counters, deliveries
from tests.support.mirrors import GROUP, ROOM_A, ROOM_B, Bench
from tests.support.waiting import guard

ROOM_C = RoomRef("paper", "c")


@pytest.fixture
def three_rooms(bench: Bench) -> Bench:
    bench.rooms = (ROOM_A, ROOM_B, ROOM_C)
    return bench


async def test_a_held_room_holds_up_no_other(three_rooms: Bench) -> None:
    bench = three_rooms
    await bench.restart()
    bench.paper.hold[ROOM_B] = asyncio.Event()
    for i in range(30):
        await bench.say(ROOM_A, "Alice", f"{i}")
    await bench.until(lambda: len(bench.paper.texts(ROOM_C)) == 30)
    assert bench.paper.texts(ROOM_B) == []
    waiting = {queue.room_id: queue.waiting for queue in await bench.mirror.queues()}
    assert waiting["b"] == 30
    bench.paper.hold[ROOM_B].set()
    await bench.until(lambda: bench.paper.texts(ROOM_B) == bench.paper.texts(ROOM_C))


@pytest.mark.parametrize("trouble", [RetryLater("busy"), DeliveryError("odd"), OSError("bug"), TimeoutError()])
async def test_passing_trouble_keeps_the_order(bench: Bench, trouble: Exception) -> None:
    left = {"Alice (guest): 3": 3, "Alice (guest): 7": 2}

    def script(room: RoomRef, text: str) -> None:
        if left.get(text, 0):
            left[text] -= 1
            raise trouble

    bench.paper.script = script
    for i in range(10):
        await bench.say(ROOM_A, "Alice", f"{i}")
    await bench.until(lambda: len(bench.paper.texts(ROOM_B)) == 10)
    assert bench.paper.texts(ROOM_B) == [f"Alice (guest): {i}" for i in range(10)]
    assert not any(left.values())


async def test_the_platforms_own_wait_is_honoured(bench: Bench) -> None:
    bench.paper.script = lambda room, text: (_ for _ in ()).throw(RetryLater("slow down", 1_000_000.0))
    await bench.say(ROOM_A, "Alice", "hello")
    await bench.until(lambda: len(bench.paper.calls) == 1)
    async with guard():
        while not (queues := await bench.mirror.queues()) or not queues[0].attempts:
            await asyncio.sleep(0.005)
    import time

    [queue] = queues
    assert queue.error == "slow down"
    assert 3_000 < queue.due - time.time() <= Tuning().wait_most  # bounded: nobody parks a room for ever
    await bench.restart()  # the wait outlives the process
    await asyncio.sleep(0.05)
    assert len(bench.paper.calls) == 1


async def test_a_refusal_is_reported_once_and_blocks_nothing(bench: Bench) -> None:
    def script(room: RoomRef, text: str) -> None:
        if room == ROOM_B and "bad" in text:
            raise Rejected("too rude\0 for us")

    bench.paper.script = script
    for text in ("bad 1", "bad 2", "good", "bad 3"):
        await bench.say(ROOM_A, "Alice", text)
        await bench.settled()
    await bench.until(lambda: len(bench.paper.texts(ROOM_A)) == 2)
    assert bench.paper.texts(ROOM_B) == ["Alice (guest): good"]
    assert all("could not be shown in paper:b: too rude for us" in text for text in bench.paper.texts(ROOM_A))
    assert (await bench.store.read(lambda tx: counters.all_of(tx, GROUP)))["delivery_rejected"] == 3
    states = await bench.store.read(
        lambda tx: [row[0] for row in tx.conn.exec_driver_sql("select state from deliveries where kind='post'")]
    )
    assert states.count(int(deliveries.State.FAILED)) == 3


async def test_a_refused_report_is_not_reported(bench: Bench) -> None:
    def script(room: RoomRef, text: str) -> None:
        raise Rejected("gone")

    bench.paper.script = script
    await bench.say(ROOM_A, "Alice", "hello")
    await bench.until(lambda: len(bench.paper.calls) == 2)
    await bench.settled()
    await asyncio.sleep(0.05)
    assert len(bench.paper.calls) == 2


async def test_an_adapter_that_always_fails_is_given_up(bench: Bench) -> None:
    def script(room: RoomRef, text: str) -> None:
        if "poison" in text and room == ROOM_B:
            raise KeyError("a bug")

    bench.paper.script = script
    await bench.say(ROOM_A, "Alice", "poison")
    await bench.say(ROOM_A, "Alice", "fine")
    await bench.until(lambda: bench.paper.texts(ROOM_B) == ["Alice (guest): fine"])


async def test_a_retry_goes_on_with_the_part_that_failed(bench: Bench) -> None:
    bench.paper.capabilities = Capabilities(max_bytes=100)
    failures = 3

    def script(room: RoomRef, text: str) -> None:
        nonlocal failures
        if "w40" in text and failures:
            failures -= 1
            raise RetryLater("busy")

    bench.paper.script = script
    await bench.say(ROOM_A, "Alice", " ".join(f"w{i}" for i in range(100)))
    await bench.until(lambda: any("w99" in text for text in bench.paper.texts(ROOM_B)))
    assert failures == 0
    assert len(bench.paper.calls) == len(bench.paper.texts(ROOM_B)) + 3
