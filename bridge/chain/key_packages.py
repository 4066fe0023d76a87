"""The key packages that wait for one group, by owner: in memory, from the logs of confirmed blocks.

    blocks read so far still the chain's? ──► logs up to head - confirmations ──► waiting, by owner
      no: forget all, read from the first block on

Anybody can publish for any group, so what is kept is bounded: of one owner what the contract lets wait, and
`MAX_PACKAGES` in all. Beyond that, the owner unheard of for longest is forgotten; they can publish
another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import structlog
from web3 import Web3
from web3.types import LogReceipt

from bridge.chain import abi
from bridge.chain.errors import ChainUnavailable
from bridge.chain.node import Block, Node
from bridge.chain.place import Addresses
from bridge.chain.ranges import MAX_RANGE, block_of, logs_of

MAX_BYTES: Final = 1_024
"""Of one package, as in the contract."""
MAX_WAITING: Final = 16
"""Of one owner, as in the contract."""
MAX_PACKAGES: Final = 20_000
"""Of one group: 30 MB at worst."""
BREATH: Final = 25
"""Logs read without letting others run: 10 ms."""
PUBLISHED: Final = "KeyPackagePublished"
EVENTS: Final = frozenset({PUBLISHED, "KeyPackageUsed", "KeyPackageRevoked"})

log: Final = structlog.get_logger("bridge.chain.key_packages")


class KeyPackages:
    """Of the group with this key (32 bytes). `first_block`: of the contracts. `refresh` before asking."""

    def __init__(
        self, node: Node, addresses: Addresses, group_key: bytes, confirmations: int, first_block: int
    ) -> None:
        self._node = node
        self._key = group_key
        self._confirmations = confirmations
        self._first_block = first_block
        self._addresses: Sequence[str] = [Web3.to_checksum_address(addresses.key_packages)]
        wanted = [topic for topic, name in abi.topics(abi.KEY_PACKAGES).items() if name in EVENTS]
        self._topics: Sequence[Any] = [["0x" + topic.hex() for topic in wanted], "0x" + group_key.hex()]
        self._lock = asyncio.Lock()
        self._range = MAX_RANGE
        self._waiting = _Waiting()
        self._end: Block | None = None
        """The last block that was read."""

    def of(self, owner: bytes) -> bytes | None:
        """The newest key package of `owner` that waits (bare TLS form), as of the last `refresh`.

        It is bytes that somebody published: check it like any key package from outside.
        """
        return self._waiting.newest(owner)

    async def refresh(self) -> None:
        """Read what has been confirmed since the last time. Raises ChainError, and what was read stays."""
        async with self._lock:
            head = await block_of(self._node, "latest")
            await self._check_branch(head)
            confirmed = head.number - self._confirmations
            while (first := self._next()) <= confirmed:
                await self._read(first, min(confirmed, first + self._range - 1))

    def _next(self) -> int:
        return self._first_block if self._end is None else self._end.number + 1

    async def _check_branch(self, head: Block) -> None:
        """Nothing is lost by starting again: unlike facts, key packages have no consequences by themselves."""
        if self._end is None:
            return
        if head.number < self._end.number:
            raise ChainUnavailable(f"the node is at block {head.number}, {self._end.number} was read before")
        if (await block_of(self._node, self._end.number)).hash != self._end.hash:
            log.warning("a confirmed block has changed; reading all key packages again", block=self._end.number)
            self._waiting, self._end = _Waiting(), None

    async def _read(self, first: int, last: int) -> None:
        """One range, wholly or not at all."""
        events = []
        try:
            logs, end = await logs_of(self._node, self._addresses, self._topics, first, last)
            for log in logs:
                events.append(self._event(log))
                if len(events) % BREATH == 0:
                    await asyncio.sleep(0)
        except ChainUnavailable:
            # Nodes refuse answers that are too long, and anybody may fill blocks with publications.
            self._range = max(1, self._range // 2)
            raise
        for event in events:
            self._waiting.take(event)
        self._end, self._range = end, min(2 * self._range, MAX_RANGE)

    def _event(self, log: LogReceipt) -> _Event:
        """Raises ChainUnavailable for what the contract cannot have said, or not of this group."""
        name, values = abi.event(abi.KEY_PACKAGES, log)
        if name not in EVENTS or bytes(values["group"]) != self._key:
            raise ChainUnavailable("a log of another group, or of an event that was not asked for")
        package, digest = bytes(values.get("package", b"")), bytes(values["hash"])
        if name == PUBLISHED and (not 0 < len(package) <= MAX_BYTES or sha256(package).digest() != digest):
            raise ChainUnavailable("a key package of a forbidden size, or of another hash than its log says")
        return _Event(bytes.fromhex(values["owner"][2:]), digest, package)


@dataclass(frozen=True, slots=True)
class _Event:
    """`package` is empty when it does not wait any more."""

    owner: bytes
    hash: bytes
    package: bytes


class _Waiting:
    """Packages by owner and hash, the oldest first; first the owner of whom nothing was heard for longest."""

    def __init__(self) -> None:
        self._of: dict[bytes, dict[bytes, bytes]] = {}
        self._count = 0

    def newest(self, owner: bytes) -> bytes | None:
        return next(reversed(self._of.get(owner, {}).values()), None)

    def take(self, event: _Event) -> None:
        """An end of a package that is not here is of one that was forgotten."""
        mine = self._of.pop(event.owner, {})
        self._count -= len(mine)
        mine.pop(event.hash, None)
        if event.package:
            mine[event.hash] = event.package
            if len(mine) > MAX_WAITING:
                # The contract does not let it happen: the node has kept an end to itself.
                del mine[next(iter(mine))]
        if mine:
            self._of[event.owner] = mine
            self._count += len(mine)
        while self._count > MAX_PACKAGES:
            oldest = next(iter(self._of))
            self._count -= len(self._of.pop(oldest))
