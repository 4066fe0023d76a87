"""When and for what is asked; when the past counts as complete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bridge.conversation.asking import Asker
from bridge.conversation.tuning import Tuning
from bridge.protocol.history import MAX_PREFIXES, PREFIX_BYTES, HistoryRequest
from bridge.protocol.wire.codec import decode_app
from bridge.waku.errors import NoPeers
from tests.support.waiting import until
from tests.support.world import Wallet, Wallets

NOW = 1_800_000_000
OWN = Wallet("asker")
TUNING = Tuning(ask_settling=0.001, ask_least=0.0, ask_busy=0.001, ask_idle=0.001)


class Side:
    """An asker over a given archive; keeps its requests, on a clock that stands until it is set."""

    def __init__(
        self, rows: list[tuple[int, bytes]] | None = None, wallet: Wallet = OWN, tuning: Tuning = TUNING
    ) -> None:
        self.rows, self.now, self.deaf = rows or [], float(NOW), False
        self.brings = 0
        self.requests: list[HistoryRequest] = []
        self.member = True
        self.asker = Asker(
            b"room",
            OWN.address,
            Wallets(wallet),
            self._digests,
            self._send,
            lambda: self.member,
            lambda: self.now,
            tuning,
        )

    async def _digests(self, since: int) -> list[tuple[int, bytes]]:
        return [each for each in self.rows if each[0] >= since]

    async def _send(self, payload: bytes) -> None:
        if self.deaf:
            raise NoPeers("nobody")
        self.requests.append(HistoryRequest.from_wire(decode_app(payload).history_request))
        self.asker.used(brought=self.brings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.asker.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_asks_at_once_signed_and_names_what_it_has() -> None:
    old, new = (NOW - 5_000, b"o" * 32), (NOW - 10, b"n" * 32)
    side = Side([old, new])
    side.asker.spare.note(b"s" * 32, NOW - 5)
    async with side.running():
        await until(lambda: side.requests, "asked")
    request = side.requests[0]
    request.verify(NOW)
    assert request.requester == OWN.address
    assert request.since == NOW - TUNING.overlap
    assert request.have == {b"n" * PREFIX_BYTES, b"s" * PREFIX_BYTES}


async def test_asks_from_where_it_was_complete_however_long_ago() -> None:
    side = Side()
    side.asker.resume(NOW - 100_000)
    async with side.running():
        await until(lambda: side.requests, "asked")
    assert side.requests[0].since == NOW - 100_000 - TUNING.overlap


async def test_never_asks_for_more_than_the_archives_hold() -> None:
    side = Side()
    side.asker.resume(0)
    async with side.running():
        await until(lambda: side.requests, "asked")
    assert side.requests[0].since == NOW - TUNING.archive_age


async def test_the_past_is_complete_when_nothing_comes_any_more() -> None:
    side = Side()
    side.asker.resume(NOW - 100_000)
    async with side.running():
        await until(lambda: side.asker.complete_until > NOW - 10, "settled")
    first = side.requests[: TUNING.settled_after]
    assert {request.since for request in first} == {NOW - 100_000 - TUNING.overlap}


async def test_the_past_is_not_complete_while_answers_bring_something() -> None:
    side = Side()
    side.asker.resume(NOW - 100_000)
    side.brings = 1
    async with side.running():
        await until(lambda: len(side.requests) > 2 * TUNING.settled_after, "asked again and again")
    assert side.asker.complete_until == NOW - 100_000


async def test_the_past_is_not_complete_while_nobody_hears() -> None:
    side = Side()
    side.asker.resume(NOW - 100_000)
    side.deaf = True
    async with side.running():
        await asyncio.sleep(0.05)
        assert side.asker.complete_until == NOW - 100_000
        side.deaf = False
        await until(lambda: side.requests, "asked when somebody hears")
    assert side.requests[0].since == NOW - 100_000 - TUNING.overlap


async def test_a_gap_is_asked_for_from_where_it_begins() -> None:
    side = Side()
    async with side.running():
        await until(lambda: side.asker.complete_until and len(side.requests) > 3, "settled")
        side.asker.press(NOW - 50_000)
        gap = NOW - 50_000 - TUNING.overlap
        await until(lambda: any(request.since == gap for request in side.requests), "asked for the gap")


async def test_names_the_newest_when_there_is_too_much_to_name() -> None:
    rows = [(NOW - 500 + number // 100, number.to_bytes(32)) for number in range(MAX_PREFIXES + 50)]
    side = Side([(time, digest[::-1]) for time, digest in rows])
    async with side.running():
        await until(lambda: side.requests, "asked")
    request = side.requests[0]
    assert len(request.have) == MAX_PREFIXES
    assert request.since == NOW - 500 + 1  # the second in which the first named one came


async def test_without_its_wallet_it_does_not_ask() -> None:
    side = Side(wallet=Wallet("another"))
    async with side.running():
        await asyncio.sleep(0.02)
    assert not side.requests


async def test_a_stranger_asks_only_now_and_then_and_at_once_when_let_in() -> None:
    side = Side(tuning=Tuning(ask_settling=0.001, ask_least=0.0, ask_idle=3_600))
    side.member = False
    async with side.running():
        for _ in range(3):
            side.asker.press(NOW)
            await asyncio.sleep(0.01)
        assert not side.requests
        side.member = True
        side.asker.press(NOW)
        await until(lambda: side.requests, "asked")


async def test_a_stranger_whose_welcome_was_lost_asks_in_the_end() -> None:
    side = Side()
    side.member = False
    async with side.running():
        await until(lambda: side.requests, "asked")
