"""The group's log: transitions, members, ballots, refusals. Never a text that somebody wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from bridge.model.notices import (
    BallotClosed,
    BallotOpened,
    ChatDropped,
    MembersChanged,
    Notice,
    Refused,
    SelfRemoved,
    StateChanged,
)

log: Final = structlog.get_logger("bridge.conversation")


def record(group: str, notices: Sequence[Notice]) -> None:
    """Log what happened in a committed transaction."""
    bound = log.bind(group=group)
    for notice in notices:
        match notice:
            case StateChanged(old, new, deadline, is_steward, cause):
                bound.info(
                    "state", old=old.value, new=new.value, deadline=deadline, steward=is_steward, cause=cause
                )
            case MembersChanged(epoch, added, banned, left):
                bound.info("members", epoch=epoch, added=_hex(added), banned=_hex(banned), left=_hex(left))
            case BallotOpened(ballot_id, changes, _, voters, deadline):
                bound.info(
                    "ballot opened",
                    ballot=ballot_id,
                    changes=[f"{change.kind.value} {change.subject.hex()}" for change in changes],
                    voters=len(voters),
                    deadline=deadline,
                )
            case BallotClosed(ballot_id, _, passed, yes, no, voters, by_deadline):
                bound.info(
                    "ballot closed",
                    ballot=ballot_id,
                    passed=passed,
                    yes=yes,
                    no=no,
                    voters=voters,
                    by_deadline=by_deadline,
                )
            case SelfRemoved(epoch):
                bound.warning("removed from the group", epoch=epoch)
            case ChatDropped(message_id, reason):
                bound.warning("message dropped", message=message_id.hex(), reason=reason)
            case Refused(code, detail):
                bound.warning("refused", code=code, detail=detail)
            case _:
                pass  # chat, tallies and answers are no business of the log


def _hex(addresses: Sequence[bytes]) -> list[str]:
    return [address.hex() for address in addresses]
