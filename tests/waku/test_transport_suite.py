"""One behaviour for every way to Waku: in memory, embedded, REST to a real go-waku, and mixed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bridge.waku.errors import BadMessage, NoPeers, TooLarge, TransportDown, TransportError
from bridge.waku.limits import MAX_ENCODED, encoded_size
from bridge.waku.transport import TransportState
from tests.support.servers.common import free_port
from tests.support.transports import (
    EmbeddedPair,
    MemoryPair,
    MixedPair,
    Pair,
    RestPair,
    message,
    receive,
)
from tests.support.waiting import attempt

OTHER = "/suite/1/welcome/proto"


@pytest.fixture(params=["memory", "embedded", "rest", "mixed"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    made: Pair
    match request.param:
        case "memory":
            made = MemoryPair()
        case "embedded":
            made = EmbeddedPair(free_port())
        case "rest":
            made = RestPair(request.getfixturevalue("gowaku"))
        case _:
            made = MixedPair(request.getfixturevalue("gowaku"))
    await made.open()
    yield made
    await made.close()


async def test_both_ways_with_every_field(pair: Pair) -> None:
    there = message(bytes(range(256)), meta=b"\x00\xfe\xff")
    await pair.near.publish(there)
    assert await pair.far.receive() == there
    back = message(bytes(range(255, -1, -1)))
    await pair.far.publish(back)
    assert await pair.near.receive() == back


async def test_order_of_200(pair: Pair) -> None:
    """As many at once as every relay between them can hold: more may be lost there, which history repairs."""
    sent = [b"%d" % number for number in range(200)]
    for sender, receiver in ((pair.near, pair.far), (pair.far, pair.near)):
        got = []
        for start in range(0, len(sent), pair.at_once):
            burst = sent[start : start + pair.at_once]
            for payload in burst:
                await sender.publish(message(payload))
            got += [await receive(receiver) for _ in burst]
        assert got == sent


async def test_sizes_up_to_the_limit(pair: Pair) -> None:
    room = MAX_ENCODED - encoded_size(message(b"x" * 140_000)) + 140_000
    for size in (1, 127, 128, 16_384, 100_000, room):
        for sender, receiver in ((pair.near, pair.far), (pair.far, pair.near)):
            payload = size.to_bytes(4) * (size // 4) + b"." * (size % 4)
            await sender.publish(message(payload))
            assert await receive(receiver) == payload


async def test_too_large_is_refused_and_disturbs_nothing(pair: Pair) -> None:
    room = MAX_ENCODED - encoded_size(message(b"x" * 140_000)) + 140_000
    for sender in (pair.near, pair.far):
        with pytest.raises(TooLarge) as caught:
            await sender.publish(message(b"x" * (room + 1)))
        assert (caught.value.size, caught.value.limit, caught.value.retry) == (
            MAX_ENCODED + 1,
            MAX_ENCODED,
            False,
        )
    await pair.near.publish(message(b"still there"))
    assert await receive(pair.far) == b"still there"


@pytest.mark.parametrize(
    "bad", [message(b"x", "nonsense"), message(b"x", "/a/1/b/\n"), message(b"x", meta=b"m" * 65)]
)
async def test_what_breaks_the_rules_is_refused(pair: Pair, bad: object) -> None:
    with pytest.raises(BadMessage):
        await pair.near.publish(bad)  # type: ignore[arg-type]


async def test_other_topics_are_ignored_until_subscribed(pair: Pair) -> None:
    await pair.near.publish(message(b"unheard", OTHER))
    await pair.near.publish(message(b"heard"))
    assert await receive(pair.far) == b"heard"
    pair.far.subscribe([OTHER])
    await pair.near.publish(message(b"heard now", OTHER))
    assert await receive(pair.far) == b"heard now"
    assert pair.far.health().counters["filtered"] == 1


async def test_nothing_of_one_s_own_comes_back(pair: Pair) -> None:
    await pair.near.publish(message(b"mine"))
    assert await receive(pair.far) == b"mine"
    # Came over the same way after a possible echo, so the echo would have come first.
    await pair.far.publish(message(b"answer"))
    assert await receive(pair.near) == b"answer"


async def test_the_same_payload_from_both_sides(pair: Pair) -> None:
    """Only the echo of one's own is suppressed, not what others happen to say alike."""
    await pair.near.publish(message(b"alike"))
    assert await receive(pair.far) == b"alike"
    await pair.far.publish(message(b"alike"))
    assert await receive(pair.near) == b"alike"


async def test_a_cancelled_receive_loses_nothing(pair: Pair) -> None:
    waiting = asyncio.create_task(pair.far.receive())
    await asyncio.sleep(0)
    waiting.cancel()
    await pair.near.publish(message(b"kept"))
    assert await receive(pair.far) == b"kept"


async def test_cut_off_then_connected_again(pair: Pair) -> None:
    await pair.sever()
    with pytest.raises((NoPeers, TransportDown)) as caught:
        await pair.near.publish(message(b"too early"))
    assert caught.value.retry
    await pair.restore()
    for number in range(3):
        await _insist(pair, message(b"back %d" % number))
    await pair.far.publish(message(b"and forth"))
    assert await receive(pair.near) == b"and forth"


async def _insist(pair: Pair, wanted: object) -> None:
    """Publish as an outbox does, until the far side has it."""
    while True:
        try:
            await pair.near.publish(wanted)  # type: ignore[arg-type]
            async with attempt(2):
                got = await pair.far.receive()
                while got.payload != wanted.payload:  # type: ignore[attr-defined]
                    got = await pair.far.receive()
            return
        except TransportError as error:
            assert error.retry  # noqa: PT017
            await asyncio.sleep(0.05)
        except TimeoutError:
            continue


async def test_stop_and_start_again(pair: Pair) -> None:
    await pair.near.stop()
    assert pair.near.health().state is TransportState.DOWN
    with pytest.raises(TransportDown):
        await pair.near.publish(message(b"nowhere"))
    await pair.near.stop()
    await pair.open()
    await pair.far.publish(message(b"again"))
    assert await receive(pair.near) == b"again"
