"""What waits in a stream's queue, and in which order it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bridge.model.message import Author


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Read what was missed."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """These messages are gone."""

    messages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reacted:
    """A reaction came, or went."""

    message: int
    user: int
    emoji: str
    present: bool
    author: Author


Item = CatchUp | discord.Message | discord.RawMessageUpdateEvent | Deleted | Reacted
Arrived = tuple[float, Item]
"""When (loop time), and what."""


def is_before(item: Item, message: int) -> bool:
    """Whether it is a new message with a lower id."""
    return isinstance(item, discord.Message) and item.id < message


def in_order(items: Sequence[Item]) -> list[Item | list[discord.Message]]:
    """New messages by id, together, then what was done to messages; a catch-up stays where it is."""
    ordered: list[Item | list[discord.Message]] = []
    fresh: dict[int, discord.Message] = {}
    others: list[Item] = []

    def flush() -> None:
        if fresh:
            ordered.append([fresh[key] for key in sorted(fresh)])
        ordered.extend(others)
        fresh.clear()
        others.clear()

    for item in items:
        if isinstance(item, discord.Message):
            fresh[item.id] = item
            continue
        if isinstance(item, CatchUp):
            flush()
        others.append(item)
        if isinstance(item, CatchUp):
            flush()
    flush()
    return ordered
