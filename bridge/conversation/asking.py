"""Anti-entropy, the asking side: "since then I have these; publish the others again".

Everything before `complete_until` is thought to be here already. It moves forward only when several requests
in a row brought nothing new; it is stored with the group. So what was published while this bridge was down, or
cut off, is asked for however long ago that was and however soon newer messages come in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from bridge.conversation.ports import Signer
from bridge.conversation.tuning import Tuning
from bridge.conversation.wirelog import WireLog
from bridge.protocol.history import MAX_PREFIXES, PREFIX_BYTES, HistoryRequest
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb
from bridge.waku.transport import TransportError

log: Final = structlog.get_logger("bridge.conversation.history")

REPLAY_FLOOD: Final = 50
"""New payloads from one answer after which there is probably more: ask again at once."""

Digests = Callable[[int], Awaitable[list[tuple[int, bytes]]]]
"""since -> (time, SHA-256) of the archived payloads, oldest first."""
Send = Callable[[bytes], Awaitable[None]]
"""Publish these bytes on the app topic, once. Raises TransportError."""


class Asker:
    """When to ask, and for what. One per group."""

    def __init__(
        self,
        group_id: bytes,
        own: Address,
        signer: Signer,
        digests: Digests,
        send: Send,
        is_member: Callable[[], bool],
        clock: Callable[[], float],
        tuning: Tuning,
    ) -> None:
        self._group_id = group_id
        self._own = own
        self._signer = signer
        self._digests = digests
        self._send = send
        self._is_member = is_member
        self._clock = clock
        self._tuning = tuning
        self._wake = asyncio.Event()
        self._pressing = True
        self._asked = False
        self._quiet = 0
        self._brought = 0
        self._last_use = clock()
        self.complete_until = int(clock())
        self.spare = WireLog()
        """Payloads that are known but not archived (refused, or their archive row is gone)."""

    def resume(self, complete_until: int) -> None:
        """Take up from the stored mark."""
        self.complete_until = complete_until
        self.press(complete_until)

    def press(self, since: int) -> None:
        """Something is missing since then, or may be: ask soon."""
        self.complete_until = min(self.complete_until, since)
        self._pressing = True
        self._asked = False
        self._quiet = 0
        self._wake.set()

    def used(self, *, brought: int = 0) -> None:
        """New messages came or went; `brought` of them by an answer, so the past was not complete."""
        self._last_use = self._clock()
        self._brought += brought

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            if not (self._pressing and self._is_member()):
                await self._pause()
            woken = self._wake.is_set()
            self._wake.clear()
            if woken and not self._is_member():
                continue  # nobody answers a stranger; only now and then, should the Welcome have been lost
            self._pressing = False
            self._account()
            self._asked = await self._ask()
            self._pressing |= not self._asked
            await asyncio.sleep(self._tuning.ask_least)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._interval()):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _interval(self) -> float:
        if not self._is_member():
            return self._tuning.ask_idle
        if self._brought >= REPLAY_FLOOD:
            return self._tuning.ask_least
        if self._quiet < self._tuning.settled_after:
            return self._tuning.ask_settling
        busy = self._clock() - self._last_use < self._tuning.busy_for
        return self._tuning.ask_busy if busy else self._tuning.ask_idle

    async def _ask(self) -> bool:
        """Publish one request; False when nobody can be reached."""
        now = int(self._clock())
        since, have = await self._inventory(now)
        request = HistoryRequest(self._group_id, self._own, since, now, have)
        signature = self._signer.sign(self._own, request.signing_bytes())
        if signature is None:
            log.error("no wallet to ask with", group=self._group_id.decode())
            return True
        try:
            message = pb.AppMessage(history_request=request.with_signature(signature).to_wire())
            await self._send(message.SerializeToString(deterministic=True))
        except TransportError as error:
            log.debug("cannot ask", group=self._group_id.decode(), error=str(error))
            return False
        log.debug("asked", group=self._group_id.decode(), since=since, have=len(have))
        return True

    def _account(self) -> None:
        """What the last request brought: nothing several times in a row means that the past is complete."""
        if self._brought:
            self._quiet = 0
        elif self._asked:
            self._quiet += 1
        self._brought = 0
        if self._quiet >= self._tuning.settled_after:
            # Each request reached `overlap` further back than this, so the rounding does not matter.
            self.complete_until = max(self.complete_until, int(self._clock() - self._tuning.ask_busy))

    async def _inventory(self, now: int) -> tuple[int, frozenset[bytes]]:
        """(since, prefixes). When there is too much to name, the newest are named and `since` moves up."""
        since = max(0, self.complete_until - self._tuning.overlap, now - self._tuning.archive_age)
        rows = await self._digests(since)
        spare = self.spare.digests(since)[-MAX_PREFIXES // 2 :]
        room = MAX_PREFIXES - len(spare)
        if len(rows) > room:
            rows = rows[-room:]
            since = rows[0][0] + 1
        return since, frozenset(d[:PREFIX_BYTES] for d in [*spare, *(d for _, d in rows)])
