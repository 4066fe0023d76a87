"""`!vote [ballot] yes|no`: in the ballot that is named, that it answers, or that was open when written."""

from __future__ import annotations

from typing import Final

from bridge.conversation.ports import CastVote
from bridge.model.commands import CommandSpec, Kind, Parameter
from bridge.protocol.ports import Address
from bridge.rooms.commands.command import Command, Context, answer
from bridge.rooms.ports import Ask, Outcome, Say

PARAMETERS: Final = (
    Parameter("ballot", Kind.BALLOT, "which vote; the open one when left out", optional=True),
    Parameter("choice", Kind.CHOICE, "your vote", words=("yes", "no"), aliases={"y": "yes", "n": "no"}),
)


def run(context: Context) -> Outcome:
    """Whether the ballot is (still) open, and whether one may vote in it, the group says."""
    if not context.address:
        return answer("not_a_member", detail=f"Write {context.prefix}join first.")
    ballot = _ballot(context)
    if isinstance(ballot, Say):
        return ballot
    is_yes = context.text("choice") == "yes"
    return Ask(CastVote(Address(context.address), ballot, is_yes, context.asker.reply_to))


def _ballot(context: Context) -> int | Say:
    """Which ballot is meant, or why that is not certain.

    A vote may come late (the bridge was away). It then counts for the ballot that its writer had before them,
    or for none: the one that is open now may be about something else.
    """
    named, written = context.number("ballot"), context.written
    if named is not None:
        return named
    if written.answers is not None:
        return written.answers
    now_open = context.group.ballot
    if written.open_then is not None:
        is_open = now_open is not None and now_open.ballot_id == written.open_then
        return written.open_then if is_open else answer("ballot_expired")
    if now_open is None:
        return answer("no_ballot")
    return answer("vote_before_ballot", ballot=str(now_open.ballot_id), prefix=context.prefix)


COMMAND: Final = Command(CommandSpec("vote", "vote in the vote that is open", PARAMETERS), run)
