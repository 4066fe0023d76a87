"""A change that somebody asked for: plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.protocol.ballots.claims import LeaveClaim, RejoinClaim, claims_from_wire


@dataclass(slots=True)
class QueuedChange:
    """A change that waits for a steward epoch (stewards only). `kind`: add, remove, policy, leave, rejoin."""

    kind: str
    address: bytes
    key_package: bytes = b""
    policy: bytes = b""
    name: str = ""
    requester: bytes = b""
    reason: str = ""
    claim: bytes = b""
    """Leave or rejoin claim, in wire form."""
    attempts: int = 0


def claims_of(items: Iterable[QueuedChange]) -> tuple[tuple[LeaveClaim, ...], tuple[RejoinClaim, ...]]:
    """The claims of those who act for themselves. Raises Malformed."""
    items = list(items)
    return claims_from_wire(
        [item.claim for item in items if item.kind == "leave"],
        [item.claim for item in items if item.kind == "rejoin"],
    )
