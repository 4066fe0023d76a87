"""Where the contracts are. Imports nothing slow: the status and the command line need it without a chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bridge.protocol.ports import Address

DEVELOPMENT_CHAIN: Final = 131_277_322_940_537
"""Id of the development chain (`devchain.py`): eth-tester's, and nobody else's."""
DEVELOPMENT_BLOCK_SECONDS: Final = 1.0
"""Between its blocks."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Of the contracts, 20 bytes each."""

    registry: Address
    ballots: Address
    key_packages: Address


@dataclass(frozen=True, slots=True)
class Place:
    """Chain, contracts and the block of their deployment. `url` is empty unless this process runs the chain."""

    chain_id: int
    addresses: Addresses
    first_block: int
    url: str = ""
