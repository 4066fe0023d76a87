"""`!vote [number] yes|no`."""

from __future__ import annotations

from typing import Final

from bridge.conversation.ports import CastVote
from bridge.protocol.ports import Address
from bridge.rooms.commands.command import Command, Context, answer, usage
from bridge.rooms.ports import Ask, Outcome

CHOICES: Final = {"yes": True, "y": True, "no": False, "n": False}
MAX_NUMBER: Final = 2**64


def run(context: Context) -> Outcome:
    """The number may be left out when a vote is open: there is never more than one."""
    words = [word.lower() for word in context.call.words]
    if not words or len(words) > 2 or words[-1] not in CHOICES:
        return usage(COMMAND, context)
    if not context.address:
        return answer("not_a_member", detail=f"Write {context.prefix}join first.")
    ballot = context.group.ballot
    if len(words) == 1:
        if ballot is None:
            return answer("no_ballot")
        number = ballot.ballot_id
    else:
        digits = words[0].removeprefix("#")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 20 and int(digits) < MAX_NUMBER):
            return usage(COMMAND, context)
        number = int(digits)
    yes = CHOICES[words[-1]]
    return Ask(CastVote(Address(context.address), number, yes, context.asker.reply_to))


COMMAND = Command("vote", "[number] yes|no", "vote; without a number in the vote that is open", run)
