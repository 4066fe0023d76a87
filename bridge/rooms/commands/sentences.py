"""Every sentence with which the bridge answers a person, by code. Codes are stable; words may change.

Facts stand in braces; a fact that is not given stays empty. Facts are untrusted text: they are put on one line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from bridge.model.text import one_line

MAX_FACT: Final = 300

SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # join
        "join_requested": "⏳ You asked to join. The members vote on it, unless the group is still new.",
        "join_queued": "⏳ Your wish to join waits for the next round of the group.",
        "joined": "✅ You are a member of the group now.",
        "join_rejected": "❌ The group voted against your joining. You may ask again.",
        "already_member": "You are a member already.",
        # key packages
        "package_relayed": (
            "⏳ Your key package is on its way to the chain. Once it is there, a member can ask the group to "
            "add you, whether you are here or not: propose add {address}"
        ),
        "package_waits": (
            "You have published a key package already. A member can ask the group to add you: "
            "propose add {address}"
        ),
        "package_failed": "❌ Your key package was not published: {reason} You may try again.",
        # own wallets
        "link_hosted_now": (
            "The bridge keeps the wallet behind your account: {address}. "
            "To put your own there, write {prefix}link and its address (0x…)."
        ),
        "link_own_now": (
            "Your own wallet stands behind your account: {address}. "
            "To have the bridge keep one for you again, write {prefix}link hosted"
        ),
        "link_sign": (
            "✍️ Sign exactly the text below with that wallet (as a personal message), within 10 minutes, and "
            "write {prefix}link and the signature (0x…) here."
        ),
        "link_sign_there": (
            "✍️ Open {link} in the browser that has your wallet. Or sign exactly the text below with it (as a "
            "personal message), and write {prefix}link and the signature (0x…) here. Both within 10 minutes."
        ),
        "linked": (
            "✅ Your own wallet {address} stands behind your account. It is asked for what a member signs: "
            "sign in with it at {page}"
        ),
        "unlinked": "✅ The bridge keeps the wallet behind your account again: {address}",
        "link_same": "The wallet {address} stands behind your account already.",
        "link_member": (
            "Your present wallet {address} has a place in the group {group}, or asks for one. Leave the group "
            "first (the command leave), then change the wallet, then join again."
        ),
        "link_banned": "⛔ The wallet {address} is banned from the group {group}, so it cannot be changed.",
        "link_not_own": "That is a wallet that the bridge keeps. Give the address of your own.",
        "link_sign_in": "Here you need no link: sign out, and sign in with your wallet.",
        "link_too_old": (
            "No text waits for your signature: it was signed already, or the bridge was started anew. "
            "Begin again with the address of your wallet."
        ),
        "link_expired": (
            "The text that you got is older than 10 minutes. Begin again with the address of your wallet."
        ),
        "link_wrong_signature": (
            "❌ That is not the signature of your wallet under the last text that you were given: {detail}. "
            "(A contract wallet cannot sign it.)"
        ),
        "link_impossible": "This bridge takes no wallets of people's own.",
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
        # lifting bans
        "unban_requested": "⏳ You asked to lift the ban. The group votes on taking the person in again.",
        "unban_queued": "⏳ Your wish to lift the ban waits for the next round of the group.",
        "unban_passed": "✅ The group lifted the ban that you asked about; the person is a member again.",
        "unban_failed": "❌ The group voted against lifting the ban.",
        "not_banned": "Nobody with that name or address is banned by the group. {detail}",
        "cannot_unban": (
            "{who} came by another bridge or has a wallet of their own, so only {who} can ask, with "
            "{prefix}join there or in a room of this bridge. If the group votes for it, the ban is lifted in "
            "all rooms."
        ),
        # bans by moderators of a platform
        "moderation_requested": "⏳ Your ban here was passed on: the group votes on it for all its rooms.",
        "moderation_passed": "✅ The group voted for the ban that you made here; it holds in all its rooms.",
        "moderation_failed": "❌ The group voted against the ban that you made here; it holds here only.",
        "moderator_no_member": (
            "⚠️ {moderator} banned {name} here, but {name} stays a member of the group: only members can ask it "
            "for a ban. {moderator} can become one with {prefix}join and then write {prefix}ban {address}"
        ),
        "moderator_lifted": (
            "{moderator} lifted the ban of {name} here, but the group's ban stands. {name} can ask to be taken "
            "in again with {prefix}join, or a member can with {prefix}unban {address}"
        ),
        "moderator_ban_mirrored": (
            "⛔ {moderator} banned {name} in {room}. This bridge mirrors it: {name} is banned in its other "
            "rooms too. {detail}"
        ),
        "moderator_lift_mirrored": (
            "{moderator} lifted the ban of {name} in {room}. This bridge mirrors it: {name} may come back to "
            "its other rooms too."
        ),
        # votes
        "vote_counted": "✅ Your {vote} counts in vote {ballot}.",
        "vote_queued": "⏳ Your vote waits to be sent.",
        "already_voted": "You have voted already; a vote cannot be changed.",
        "not_a_voter": "Only members who were in the group when the vote began may vote.",
        "unknown_ballot": "There is no open vote with that number. {detail}",
        "no_ballot": "No vote is open now.",
        "ballot_expired": "That vote is over.",
        "vote_before_ballot": (
            "Vote {ballot} began after you wrote that, so it does not count there. If you mean it, write "
            "{prefix}vote {ballot} yes or {prefix}vote {ballot} no"
        ),
        "rejected_by_vote": "❌ The group voted against it.",
        "bad_vote": "That vote was not accepted. {detail}",
        "vote_relayed": "⏳ Your {vote} is on its way to the chain; you hear again when it counts.",
        "vote_not_taken": "❌ The chain did not take your vote: {reason}",
        "chain_unreachable": (
            "❌ It was not decided, because the chain that counts the votes could not be reached. "
            "You may ask again."
        ),
        "record_delayed": "⏳ The chain takes longer than usual; it is done once the chain has it on record.",
        # proposals
        "propose_requested": "⏳ You asked for a vote. It begins with the group's next round.",
        "propose_passed": "✅ The group voted for the change that you proposed.",
        "propose_failed": "❌ The group voted against the change that you proposed.",
        "propose_outdated": (
            "❌ The group has changed its settings meanwhile, so your proposal is over. Propose it anew."
        ),
        "propose_same": "That is so already.",
        "propose_member": "{who} is a member already.",
        "no_key_packages": (
            "Nobody can be added while away: this bridge has no chain configured, where people publish their "
            "keys. They can ask themselves, with the command join."
        ),
        "no_key_package": "{who} has published no unused key package on the chain.",
        # membership and state
        "not_a_member": "You are not a member of the group, or not of this vote. {detail}",
        "unknown_member": "Nobody in the group has that address or name. {detail}",
        "not_permitted": "That is not possible now. {detail}",
        "queue_full": "Too much waits already; try again in a while. {detail}",
        "commit_failed": "❌ It was decided but could not be carried out: {reason} You may ask again.",
        "leaf_behind": "Your place in the group was lost here. Ask to join again to come back.",
        "sign_bind": (
            "✍️ Your wallet is asked to sign that you stand behind this membership. Sign in with it at {page}"
        ),
        "sign_vote": "✍️ Your vote counts as soon as your wallet has signed it. Sign in with it at {page}",
        "sign_leave": "✍️ Your wallet is asked to sign that you leave. Sign in with it at {page}",
        "sign_publish": "✍️ Your wallet is asked to sign your key package. Sign in with it at {page}",
        "sign_claim": "✍️ Your wallet is asked to sign the same for the chain. Sign in with it at {page}",
        "sign_rejoin": "✍️ Your wallet is asked to sign that you come back. Sign in with it at {page}",
        "not_signed": "❌ Your wallet did not sign, so nothing happened.",
        "not_asked": "That signature is not waited for any more. {detail}",
        "wrong_signature": "❌ Another account has signed than the one that was asked. {detail}",
        "banned": "⛔ The group has banned you, so what you write here does not reach it.",
        # chat
        "chat_dropped": "❌ Your message did not reach the group: {reason}",
        "not_in_the_group": "(this message did not reach the group)",
        # the commands themselves
        "usage": "Write it like this: {usage} {detail}",
        "unknown_command": "There is no command {name}. {hint}",
        "command_old": (
            "You wrote that {age} ago, and it was not carried out: the bridge was away. Please send it again "
            "if you still want it."
        ),
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
    cleaned.setdefault("page", "the bridge's page")
    sentence = SENTENCES.get(code)
    if sentence is None:
        return f"The group answered: {one_line(code, 64)}. {cleaned['detail']}".strip()
    return sentence.format_map(cleaned).strip()


def speaking(page: Callable[[], str]) -> Callable[[str, Mapping[str, str]], str]:
    """`say`, where sentences name the page. `page` gives its URL, '' while there is none."""

    def speak(code: str, facts: Mapping[str, str]) -> str:
        url = page()
        return say(code, {"page": url, **facts} if url else facts)

    return speak
