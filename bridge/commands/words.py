"""Every sentence with which the bridge answers a person, by code. Codes are stable; words may change.

Facts stand in braces; a fact that is not given stays empty. Facts are untrusted text: they are put on one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bridge.mirror.text import one_line

MAX_FACT: Final = 300

SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # join
        "join_requested": "⏳ You asked to join. The members vote on it, unless the group is still new.",
        "join_queued": "⏳ Your wish to join waits for the next round of the group.",
        "joined": "✅ You are a member of the group now.",
        "join_rejected": "❌ The group voted against your joining. You may ask again.",
        "already_member": "You are a member already.",
        # leave
        "leave_queued": "⏳ You leave with the group's next round.",
        "left": "✅ You are no longer a member of the group.",
        # ban
        "ban_requested": "⏳ You asked for a ban. The group votes on it in its next round.",
        "ban_queued": "⏳ Your wish for a ban waits for the next round of the group.",
        "ban_passed": "✅ The group voted for the ban that you asked for.",
        "ban_failed": "❌ The group voted against the ban that you asked for.",
        "cannot_ban_unknown": "Nobody with that name or address is a member of the group. {detail}",
        "ambiguous_name": "Several members are called {name}: {who}. Say which by the address.",
        # votes
        "vote_counted": "✅ Your {vote} counts in vote {ballot}.",
        "vote_queued": "⏳ Your vote waits to be sent.",
        "already_voted": "You have voted already; a vote cannot be changed.",
        "not_a_voter": "Only members who were in the group when the vote began may vote.",
        "unknown_ballot": "There is no open vote with that number. {detail}",
        "no_ballot": "No vote is open now.",
        "ballot_expired": "That vote is over.",
        "rejected_by_vote": "❌ The group voted against it.",
        "bad_vote": "That vote was not accepted. {detail}",
        # membership and state
        "not_a_member": "You are not a member of the group, or not of this vote. {detail}",
        "unknown_member": "Nobody in the group has that address or name. {detail}",
        "not_permitted": "That is not possible now. {detail}",
        "queue_full": "Too much waits already; try again in a while. {detail}",
        "commit_failed": "❌ It was decided but could not be carried out: {reason} You may ask again.",
        "leaf_behind": "The bridge is catching up with the group for you; try again in a minute.",
        "not_signed": "❌ It was not signed by your wallet, so nothing happened.",
        "banned": "⛔ The group has banned you, so what you write here does not reach it.",
        # chat
        "chat_dropped": "❌ Your message did not reach the group: {reason}",
        "not_in_the_group": "(this message did not reach the group)",
        # the commands themselves
        "usage": "Write it like this: {usage}",
        "unknown_command": "There is no command {name}. {hint}",
        "edited_command": "An edited command is not carried out. Please send it as a new message.",
        "internal": "❌ That failed because of a fault in the bridge; its operator finds it in the log.",
    }
)

CODES: Final = frozenset(SENTENCES)


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def say(code: str, facts: Mapping[str, str]) -> str:
    """The sentence for a code; a code without one is named in a general sentence."""
    cleaned = _Facts({key: one_line(value, MAX_FACT) for key, value in facts.items()})
    sentence = SENTENCES.get(code)
    if sentence is None:
        return f"The group answered: {one_line(code, 64)}. {cleaned['detail']}".strip()
    return sentence.format_map(cleaned).strip()
