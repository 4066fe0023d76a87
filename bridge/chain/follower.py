"""Reads one group's logs: only confirmed blocks, in order, each exactly once.

    cursor ──► are the blocks read so far still the chain's? ──► logs up to head - confirmations
                  no: a reorganisation deeper than that: stop,          │ facts
                      the operator has to act                           ▼
                                                     handed over with the new cursor, in one transaction

What lies less deep is not looked at, so a shallower reorganisation unwinds by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from bridge.chain.errors import ChainUnavailable, WrongChain
from bridge.chain.node import Block, Node
from bridge.chain.ports import Health, Reader, Seen
from bridge.chain.ranges import MAX_RANGE, block_of, logs_of
from bridge.protocol.chain import Fact
from bridge.storage import chain_cursors
from bridge.storage.store import Store
from bridge.storage.tx import Tx

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
"""Seconds between attempts while the node is away, doubled each time."""
MAX_AHEAD: Final = 900
"""Seconds that a block may be ahead of our clock: a node that says more talks nonsense."""

log: Final = structlog.get_logger("bridge.chain.follower")


@dataclass(frozen=True, slots=True)
class FollowerTuning:
    """`first_block`: of the contracts. `poll` and `stale` (age of a head that is behind) in seconds."""

    chain_id: int
    confirmations: int
    first_block: int = 0
    poll: float = 4.0
    stale: float = 120.0


class Follower:
    """Of one group. Run `run` in a task."""

    def __init__(
        self,
        group: str,
        store: Store,
        node: Node,
        reader: Reader,
        seen: Seen,
        clock: Callable[[], float],
        tuning: FollowerTuning,
    ) -> None:
        self._group = group
        self._store = store
        self._node = node
        self._reader = reader
        self._seen = seen
        self._clock = clock
        self._tuning = tuning
        self.health = Health("degraded", "the chain has not been read yet")

    async def run(self) -> None:
        """Follow until cancelled. Raises what `seen` and the store raise; a bad chain is its health."""
        pause = FIRST_PAUSE
        while True:
            try:
                more = await self.step()
            except (ChainUnavailable, WrongChain) as error:
                if self.health.detail != str(error):
                    log.warning("the chain cannot be followed", group=self._group, error=str(error))
                self.health = Health("down", str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            if not more:
                await asyncio.sleep(self._tuning.poll)

    async def step(self) -> bool:
        """Read one range; whether there is more to read at once. Raises ChainUnavailable, WrongChain."""
        await self._node.require_chain(self._tuning.chain_id)
        cursor = await self._store.read(lambda tx: chain_cursors.get(tx, self._group))
        head = await block_of(self._node, "latest")
        self._check_time(head)
        if cursor is not None:
            await self._check_branch(head, *cursor)
        first = self._tuning.first_block if cursor is None else cursor[0] + 1
        confirmed = head.number - self._tuning.confirmations
        if confirmed < first:
            self._judge(head)
            return False
        last = min(confirmed, first + MAX_RANGE - 1)
        facts, end = await self._read(first, last)

        def advance(tx: Tx) -> None:
            chain_cursors.put(tx, self._group, end.number, end.hash)

        await self._seen(end.number, end.timestamp, facts, advance)
        self._judge(head)
        return last < confirmed

    async def _read(self, first: int, last: int) -> tuple[list[Fact], Block]:
        """The facts of a range, all of one branch."""
        logs, end = await logs_of(self._node, self._reader.addresses, self._reader.topics, first, last)
        return self._reader.facts(logs), end

    async def _check_branch(self, head: Block, number: int, block_hash: bytes) -> None:
        """Raises WrongChain when what was read and acted on is not the chain's any more."""
        if head.number < number:
            raise ChainUnavailable(
                f"the node is at block {head.number}, {number} was read before: it is behind"
            )
        if (await block_of(self._node, number)).hash != block_hash:
            raise WrongChain(
                f"block {number} has changed although {self._tuning.confirmations} blocks were waited for: "
                "another chain, or a deeper reorganisation; nothing that follows is believed. Check the node, "
                "and raise [chain] confirmations"
            )

    def _check_time(self, head: Block) -> None:
        if head.timestamp > self._clock() + MAX_AHEAD:
            raise ChainUnavailable("the node's newest block is of the future")

    def _judge(self, head: Block) -> None:
        age = self._clock() - head.timestamp
        if age > self._tuning.stale:
            self.health = Health("degraded", f"the newest block is {age:.0f} s old: the node is behind")
        else:
            self.health = Health("ok", f"block {head.number}")
