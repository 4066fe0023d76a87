"""The engine's status, with what only the shell knows."""

from __future__ import annotations

from bridge.conversation.live import Live
from bridge.conversation.ports import BallotView, GroupStatus
from bridge.protocol.engine import BallotStatus


def of(live: Live, transport: str) -> GroupStatus:
    """`transport`: its health, in words."""
    engine = live.engine.status()
    return GroupStatus(
        group=engine.group,
        full_name=engine.full_name,
        state=engine.state,
        deadline=engine.deadline,
        epoch=engine.epoch,
        is_steward=engine.is_steward,
        steward=engine.steward,
        own=engine.own,
        members=engine.members,
        voters=engine.voters,
        hosted=engine.hosted,
        service=engine.service,
        queued=engine.queued,
        waiting_chat=engine.waiting_chat,
        ballot=_ballot(engine.ballot),
        transport=transport,
        refused=dict(live.refused),
    )


def _ballot(ballot: BallotStatus | None) -> BallotView | None:
    if ballot is None:
        return None
    return BallotView(
        ballot.ballot_id,
        ballot.changes,
        ballot.voters,
        ballot.yes,
        ballot.no,
        ballot.deadline,
        ballot.steward,
    )
