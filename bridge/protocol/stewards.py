"""Whose turn it is to be steward (protocol.md section 8)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import TypeVar

Member = TypeVar("Member", bound=bytes)
"""How a member is named: an Address with us; four bytes in the vectors of the later protocol."""


def rank(member: bytes, group_id: bytes, epoch: int, retry: int) -> bytes:
    """SHA-256(epoch BE64 || retry BE32 || member || group id); the smallest goes first."""
    return hashlib.sha256(epoch.to_bytes(8, "big") + retry.to_bytes(4, "big") + member + group_id).digest()


def order(
    policy_candidates: Iterable[Member],
    members: Collection[Member],
    group_id: bytes,
    epoch: int,
    retry: int,
    present: Member | None,
) -> tuple[Member, ...]:
    """The candidates that are members, in the order in which they steward at (epoch, retry round).

    At retry 0 the `present` steward stays first, if he still is a candidate and a member.
    """
    there = set(policy_candidates).intersection(members)
    ranked = sorted(there, key=lambda member: (rank(member, group_id, epoch, retry), member))
    if retry == 0 and present in there:
        ranked.sort(key=lambda member: member != present)  # stable: only the present one moves
    return tuple(ranked)
