"""Logs of a range of blocks, all of one branch: what the readers of the chain have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from web3.types import LogReceipt

from bridge.chain.errors import ChainUnavailable
from bridge.chain.node import Block, Node

MAX_RANGE: Final = 2_000
"""Blocks asked for at once: what public nodes allow."""


async def block_of(node: Node, which: int | str) -> Block:
    """A block by number, or `latest`. Raises ChainUnavailable when the node does not have it."""
    block = await node.block(which)
    if block is None:
        raise ChainUnavailable(f"the node does not have block {which}: it is behind")
    return block


async def logs_of(
    node: Node, addresses: Sequence[str], topics: Sequence[Any], first: int, last: int
) -> tuple[list[LogReceipt], Block]:
    """The logs of the blocks `first` to `last`, and the last block. Raises ChainUnavailable.

    Each log's block is held against the node's: a node that mixes branches is not believed.
    """
    end = await block_of(node, last)
    logs = await node.logs(addresses, topics, first, last)
    for number in sorted({int(log["blockNumber"]) for log in logs}):
        block = await block_of(node, number)
        if any(bytes(log["blockHash"]) != block.hash for log in logs if int(log["blockNumber"]) == number):
            raise ChainUnavailable("the node's logs are of another branch than its blocks")
    if (await block_of(node, last)).hash != end.hash:
        raise ChainUnavailable("the chain was reorganised while it was read")
    return logs, end
