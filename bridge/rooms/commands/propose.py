"""`!propose add|remove|coordination|voting …`: a family: each asks the group for a vote on a change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bridge.conversation.ports import ProposeAdd, ProposePolicy
from bridge.model.commands import CommandSpec, Kind, Parameter
from bridge.protocol.policy import MAX_SECONDS, encode_policy
from bridge.protocol.ports import Address
from bridge.protocol.types import Coordination, GroupPolicy
from bridge.rooms.commands import ban
from bridge.rooms.commands.command import Command, Context, answer
from bridge.rooms.ports import Ask, Outcome, Say

SHORTEST_VOTE: Final = 5
"""Seconds; nobody can read and answer in less."""


def _outsider(context: Context) -> Say | None:
    """Members only."""
    if context.address and context.address in context.group.members:
        return None
    return answer("not_a_member", detail=f"Write {context.prefix}join first.")


def add(context: Context) -> Outcome:
    """Takes in somebody who is away, by a key package that they published on the chain."""
    if outsider := _outsider(context):
        return outsider
    address = context.data("wallet")
    if address in context.group.members:
        return answer("propose_member", who=context.people.full(address))
    if context.key_package is None:
        return answer("no_key_packages")
    package = context.key_package(context.group.group, address)
    if package is None:
        return answer("no_key_package", who=f"0x{address.hex()}")
    asker = Address(context.address)
    return Ask(ProposeAdd(asker, Address(address), package, "", context.asker.reply_to))


def remove(context: Context) -> Outcome:
    """The same as a ban."""
    return _outsider(context) or ban.run(context)


def coordination(context: Context) -> Outcome:
    """Who counts the votes."""
    mode = Coordination(context.text("mode"))
    return _policy(lambda policy: replace(policy, coordination=mode), f"coordination {mode.value}", context)


def voting(context: Context) -> Outcome:
    """How long a vote lasts."""
    seconds = context.number("duration") or SHORTEST_VOTE
    return _policy(
        lambda policy: replace(policy, timing=replace(policy.timing, voting=seconds)),
        f"votes of {seconds} s",
        context,
    )


def _policy(change: Callable[[GroupPolicy], GroupPolicy], what: str, context: Context) -> Outcome:
    if outsider := _outsider(context):
        return outsider
    present = context.group.policy
    if present is None:
        return answer("not_permitted", detail="This bridge is not in the group yet.")
    following = change(present)
    if following == present:
        return answer("propose_same")
    asker = Address(context.address)
    return Ask(ProposePolicy(asker, encode_policy(following), what, context.asker.reply_to))


def _command(name: str, summary: str, run: Callable[[Context], Outcome], *parameters: Parameter) -> Command:
    return Command(CommandSpec(f"propose {name}", summary, parameters, is_about_now=True), run)


COMMANDS: Final = (
    _command(
        "add",
        "ask the group to take in somebody who is away",
        add,
        Parameter("wallet", Kind.WALLET, "the address (0x…) that published a key package"),
    ),
    _command("remove", "ask the group to vote on a ban", remove, *ban.PARAMETERS),
    _command(
        "coordination",
        "ask the group to let others count its votes",
        coordination,
        Parameter("mode", Kind.CHOICE, "who counts", words=tuple(mode.value for mode in Coordination)),
    ),
    _command(
        "voting",
        "ask the group to change how long a vote lasts",
        voting,
        Parameter("duration", Kind.DURATION, "seconds, or 2m, 1h", low=SHORTEST_VOTE, high=MAX_SECONDS),
    ),
)
