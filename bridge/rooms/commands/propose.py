"""`!propose add|remove|coordination|voting …`: asks the group for a vote on a change.

add <0x…>                    take in somebody who is away, by a key package that he published on the chain
remove <user|address>        the same as !ban
coordination waku|contract   who counts the votes
voting <seconds>             how long a vote lasts
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bridge.conversation.ports import ProposeAdd, ProposePolicy
from bridge.protocol.policy import MAX_SECONDS, encode_policy
from bridge.protocol.ports import Address
from bridge.protocol.types import Coordination, GroupPolicy
from bridge.rooms.commands import ban
from bridge.rooms.commands.command import Command, Context, answer, usage
from bridge.rooms.commands.find import address_of
from bridge.rooms.commands.grammar import Call
from bridge.rooms.ports import Ask, Outcome

SHORTEST_VOTE: Final = 5
"""Seconds; nobody can read and answer in less."""


def run(context: Context) -> Outcome:
    """Members only."""
    what, _, rest = context.call.rest.partition(" ")
    rest = rest.strip()
    if not rest:
        return usage(COMMAND, context)
    if not context.address or context.address not in context.group.members:
        return answer("not_a_member", detail=f"Write {context.prefix}join first.")
    match what.lower():
        case "add":
            return _add(rest, context)
        case "remove":
            return ban.run(replace(context, call=Call("ban", rest)))
        case "coordination" if rest.lower() in {mode.value for mode in Coordination}:
            mode = Coordination(rest.lower())
            return _policy(
                lambda policy: replace(policy, coordination=mode), f"coordination {mode.value}", context
            )
        case "voting" if rest.isascii() and rest.isdigit() and SHORTEST_VOTE <= int(rest[:9]) <= MAX_SECONDS:
            seconds = int(rest[:9])
            return _policy(
                lambda policy: replace(policy, timing=replace(policy.timing, voting=seconds)),
                f"votes of {seconds} s",
                context,
            )
        case _:
            return usage(COMMAND, context)


def _add(text: str, context: Context) -> Outcome:
    address = address_of(text)
    if address is None:
        return usage(COMMAND, context)
    if address in context.group.members:
        return answer("propose_member", who=context.people.full(address))
    if context.key_package is None:
        return answer("no_key_packages")
    package = context.key_package(context.group.group, address)
    if package is None:
        return answer("no_key_package", who=f"0x{address.hex()}")
    asker = Address(context.address)
    return Ask(ProposeAdd(asker, Address(address), package, "", context.asker.reply_to))


def _policy(change: Callable[[GroupPolicy], GroupPolicy], what: str, context: Context) -> Outcome:
    present = context.group.policy
    if present is None:
        return answer("not_permitted", detail="This bridge is not in the group yet.")
    following = change(present)
    if following == present:
        return answer("propose_same")
    asker = Address(context.address)
    return Ask(ProposePolicy(asker, encode_policy(following), what, context.asker.reply_to))


COMMAND = Command(
    "propose",
    "add <0x…> | remove <user|address> | coordination waku|contract | voting <seconds>",
    "ask the group to vote on a change",
    run,
)
