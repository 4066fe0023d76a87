"""The engine's status, with what only the shell knows."""

from __future__ import annotations

from dataclasses import fields

from bridge.conversation.loaded import LoadedGroup
from bridge.conversation.ports import GroupStatus


def of(live: LoadedGroup, transport: str, chain: str = "") -> GroupStatus:
    """`transport` and `chain`: their health, in words."""
    engine = live.engine.status()
    known = {field.name: getattr(engine, field.name) for field in fields(engine)}
    return GroupStatus(**known, transport=transport, chain=chain, refused=dict(live.refused))
