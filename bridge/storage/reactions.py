"""Reactions that stand, and the bridge's own event that shows them in a room.

A bridge's account reacts once however many people did: its event goes when the last of them takes theirs back.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select

from bridge.storage.schema import own_reactions, reactions
from bridge.storage.tx import PRUNE_ROWS, Tx, insert_new, prune_where, upsert


@dataclass(frozen=True, slots=True)
class Reaction:
    """`reaction` on the message `target`; platform and room are where one of our own people did it."""

    target: bytes
    reaction: str
    platform: str = ""
    room_id: str = ""


def note(tx: Tx, group: str, reaction_id: bytes, made: Reaction, now: float) -> bool:
    """A reaction was made; False when it was known."""
    values = {
        "group_name": group,
        "reaction_id": reaction_id,
        "target": made.target,
        "reaction": made.reaction,
        "platform": made.platform,
        "room_id": made.room_id,
        "created_at": now,
    }
    return insert_new(tx, reactions, values)


def get(tx: Tx, group: str, reaction_id: bytes) -> Reaction | None:
    """The reaction with this id, if it stands."""
    columns = (reactions.c.target, reactions.c.reaction, reactions.c.platform, reactions.c.room_id)
    row = tx.conn.execute(select(*columns).where(_is(group, reaction_id))).first()
    return None if row is None else Reaction(*row)


def take_back(tx: Tx, group: str, reaction_id: bytes) -> None:
    """It does not stand any more."""
    tx.conn.execute(delete(reactions).where(_is(group, reaction_id)))


def standing(tx: Tx, target: bytes, reaction: str, platform: str, room_id: str) -> int:
    """How many made this reaction elsewhere than in that room, where theirs are shown without us."""
    alike = (reactions.c.target == target) & (reactions.c.reaction == reaction)
    here = (reactions.c.platform == platform) & (reactions.c.room_id == room_id)
    return tx.conn.scalar(select(func.count()).select_from(reactions).where(alike & ~here)) or 0


def show(tx: Tx, platform: str, room_id: str, target: bytes, reaction: str, event_id: str, now: float) -> None:
    """The bridge's account reacted in this room, by this event."""
    values = {
        "platform": platform,
        "room_id": room_id,
        "target": target,
        "reaction": reaction,
        "event_id": event_id,
        "created_at": now,
    }
    upsert(tx, own_reactions, values)


def shown(tx: Tx, platform: str, room_id: str, target: bytes, reaction: str) -> str:
    """The bridge's event in this room; empty when there is none."""
    row = _shown(platform, room_id, target, reaction)
    return tx.conn.scalar(select(own_reactions.c.event_id).where(row)) or ""


def hide(tx: Tx, platform: str, room_id: str, target: bytes, reaction: str) -> None:
    """The bridge's event is gone."""
    tx.conn.execute(delete(own_reactions).where(_shown(platform, room_id, target, reaction)))


def prune(tx: Tx, before: float, limit: int = PRUNE_ROWS) -> int:
    """Forget at most `limit` reactions made before `before`; returns how many."""
    return prune_where(tx, reactions, reactions.c.created_at < before, limit)


def prune_shown(tx: Tx, before: float, limit: int = PRUNE_ROWS) -> int:
    """Forget at most `limit` of the bridge's own events made before `before`; returns how many."""
    return prune_where(tx, own_reactions, own_reactions.c.created_at < before, limit)


def _is(group: str, reaction_id: bytes) -> ColumnElement[bool]:
    return (reactions.c.group_name == group) & (reactions.c.reaction_id == reaction_id)


def _shown(platform: str, room_id: str, target: bytes, reaction: str) -> ColumnElement[bool]:
    room = (own_reactions.c.platform == platform) & (own_reactions.c.room_id == room_id)
    return room & (own_reactions.c.target == target) & (own_reactions.c.reaction == reaction)
