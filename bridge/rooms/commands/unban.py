"""`!unban <account>`: asks the group to take a banned person in again.

A ban is a removal from the group, so what lifts it is a vote to add them. They cannot ask for it in a room that
they are banned from; a member can, where the bridge holds the banned person's wallet and so can make their key
package.
"""

from __future__ import annotations

from typing import Final

from bridge.conversation.ports import JoinMember
from bridge.model.commands import CommandSpec, Kind, Parameter
from bridge.model.ids import UserRef
from bridge.protocol.ports import Address
from bridge.rooms.commands.command import Command, Context, answer
from bridge.rooms.commands.find import find_among
from bridge.rooms.ids import ReplyTo
from bridge.rooms.ports import Ask, Outcome

MAX_LISTED: Final = 10


def run(context: Context) -> Outcome:
    """Members only. Bans in the rooms are lifted when the vote has passed (`bridge.rooms.outbound.changes`)."""
    if not context.address or context.address not in context.group.members:
        return answer("not_a_member", detail=f"Write {context.prefix}join first.")
    name = context.text("account")
    banned = context.people.banned - frozenset(context.group.members)
    meant = [address for address in find_among(name, context, banned) if address in banned]
    if not meant:
        return answer("not_banned")
    if len(meant) > 1:
        who = ", ".join(f"0x{address.hex()}" for address in meant[:MAX_LISTED])
        return answer("ambiguous_name", name=name, who=who)
    if not _is_hosted(meant[0], context):
        return answer("cannot_unban", who=context.people.full(meant[0]), prefix=context.prefix)
    token = ReplyTo.with_purpose(context.asker.reply_to, "unban")
    reason = f"unban asked by {context.people.full(context.address)}"
    return Ask(JoinMember(Address(meant[0]), context.people.name(meant[0]), token, reason))


def _is_hosted(address: bytes, context: Context) -> bool:
    """Whether this bridge signs for them: else nobody but they can make the keys of their new leaf."""
    own = (row for row in context.people.ours if row.address == address)
    return any(context.wallet_address(UserRef(row.platform, row.user_id)) == address for row in own)


COMMAND: Final = Command(
    CommandSpec(
        "unban",
        "ask the group to take a banned person in again",
        (Parameter("account", Kind.ACCOUNT, "whom: name, account or address", rest=True),),
        is_about_now=True,
    ),
    run,
)
