"""Bans that a platform's moderators make: asked of the group, mirrored into other rooms, or left alone.

The platform reports the bridge's own bans like anybody's. They are recognised by what is stored: the state
that an account has in a room already, and when the bridge last tried to change it (noted before each try).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from bridge.conversation.ports import RequestBan
from bridge.model.adapter import InboundBan
from bridge.model.ids import RoomRef, UserRef
from bridge.model.text import clean_name, one_line
from bridge.protocol.ports import Address
from bridge.rooms.ids import ReplyTo
from bridge.rooms.outbound.payloads import Ban, Unban
from bridge.rooms.outbound.writer import DeliveryWriter
from bridge.rooms.people import People
from bridge.rooms.ports import Words
from bridge.storage import accounts, bans, claims, enforcements
from bridge.storage.accounts import Account
from bridge.storage.enforcements import Target
from bridge.storage.tx import Tx

ECHO_SECONDS: Final = 120.0
"""A report of a ban so soon after the bridge's own try is its echo: the mirror's limit for one delivery."""
MAX_REASON: Final = 200
"""Characters; as of `!ban`."""


class Setting(StrEnum):
    """What becomes of a moderator's ban; the setting `moderator_bans` of a group."""

    PROPOSE = "propose"
    MIRROR = "mirror"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the store knows. `address` is the banned person's, empty for who has none.

    `elsewhere` are the same person's accounts in all rooms of the group but the event's own, each with
    whether it is banned there (None: unknown).
    """

    is_known: bool
    """Nothing new: the bridge's own act come back, or the state that is stored already."""
    moderator: Account | None
    address: bytes
    is_voted: bool
    """The group itself has banned them."""
    elsewhere: tuple[tuple[Target, bool | None], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows. `code` and `facts` word what is said in the event's room, or in all (`everywhere`)."""

    note: str = ""
    request: RequestBan | None = None
    acts: tuple[Target, ...] = ()
    code: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    everywhere: bool = False


def look_up(tx: Tx, group: str, rooms: Sequence[RoomRef], event: InboundBan, now: float) -> Seen:
    """Read the facts of a moderator's ban."""
    here = _here(event)
    address = _address(tx, group, event.target)
    people = People.accounts_of(tx, group, address) if address else []
    name = clean_name(event.target_name, event.target.user_id)
    if event.target not in {UserRef(row.platform, row.user_id) for row in people}:
        people.append(Account(event.target.platform, here.user_id, address, name))
    others = [
        Target(room.platform, room.room_id, row.user_id, clean_name(row.display_name, row.user_id), address)
        for row in people
        for room in rooms
        if room.accounts == row.platform and (room, row.user_id) != (event.room, here.user_id)
    ]
    state = enforcements.is_banned(tx, here)
    tried = enforcements.last_try(tx, here.platform, here.user_id, ban=not event.lifted)
    is_echo = min(abs(event.time_ms / 1000 - tried), abs(now - tried)) <= ECHO_SECONDS
    return Seen(
        is_known=is_echo or state == (not event.lifted),
        moderator=accounts.by_user(tx, event.author.platform, event.author.user_id),
        address=address,
        is_voted=bool(address) and bans.is_banned(tx, group, address),
        elsewhere=tuple((target, enforcements.is_banned(tx, target)) for target in others),
    )


def judge(event: InboundBan, seen: Seen, setting: Setting, members: Sequence[bytes], prefix: str) -> Verdict:
    """What follows from it in a group with these members. Pure."""
    if seen.is_known:
        return Verdict("known already")
    if setting is Setting.IGNORE:
        return Verdict("ignored by the setting")
    if event.lifted:
        return _lifted(event, seen, setting, members, prefix)
    if setting is Setting.MIRROR:
        return _mirrored(event, seen, members)
    return _proposed(event, seen, members, prefix)


def carry_out(writer: DeliveryWriter, event: InboundBan, seen: Seen, verdict: Verdict, words: Words) -> None:
    """Store the new state, queue what is to be done elsewhere, and say so."""
    if seen.is_known:
        return  # an echo may be older than the state
    here = replace(_here(event), address=seen.address)
    enforcements.put(writer.tx, writer.group, here, banned=not event.lifted)
    by = f"{_name_of(event)} (moderator of {event.author.platform})"
    for target in verdict.acts:
        enforcements.put(writer.tx, writer.group, target, banned=not event.lifted)
        act = (
            Unban(target.user_id, target.display_name, by)
            if event.lifted
            else Ban(target.user_id, target.display_name, _reason(event), by)
        )
        writer.put(RoomRef(target.platform, target.room_id), act, event.event_id, target.user_id)
    if verdict.code:
        rooms = writer.rooms if verdict.everywhere else (event.room,)
        text = words(verdict.code, dict(verdict.facts))
        writer.say(text, "moderator", event.room.room_id, event.event_id, rooms=rooms)


def _proposed(event: InboundBan, seen: Seen, members: Sequence[bytes], prefix: str) -> Verdict:
    """The group is asked in the moderator's name, if they and the banned are members."""
    if seen.address not in members:
        return Verdict("the banned is no member")
    if seen.moderator is None or seen.moderator.address not in members:
        return Verdict(
            "the moderator is no member", code="moderator_no_member", facts=_facts(event, seen, prefix)
        )
    answer = ReplyTo(
        event.room.platform,
        event.room.room_id,
        "",  # a ban is no message that could be replied to
        event.author.user_id,
        purpose="moderation",
        about=event.event_id,
    )
    requester, target = Address(seen.moderator.address), Address(seen.address)
    return Verdict("proposed", RequestBan(requester, target, _reason(event), answer.token()))


def _mirrored(event: InboundBan, seen: Seen, members: Sequence[bytes]) -> Verdict:
    acts = tuple(target for target, banned in seen.elsewhere if not banned)
    if not acts:
        return Verdict("no other room to ban in")
    detail = "The group has not voted on it." if seen.address in members else ""
    facts = (*_facts(event, seen, ""), ("detail", detail))
    return Verdict("mirrored", acts=acts, code="moderator_ban_mirrored", facts=facts, everywhere=True)


def _lifted(event: InboundBan, seen: Seen, setting: Setting, members: Sequence[bytes], prefix: str) -> Verdict:
    """A moderator undoes moderators' bans; what the group has voted for, only the group undoes."""
    if seen.is_voted and seen.address not in members:
        return Verdict("the group's ban stands", code="moderator_lifted", facts=_facts(event, seen, prefix))
    acts = tuple(target for target, banned in seen.elsewhere if banned)
    if setting is not Setting.MIRROR or not acts:
        return Verdict("nothing to lift elsewhere")
    facts = _facts(event, seen, prefix)
    return Verdict("mirrored", acts=acts, code="moderator_lift_mirrored", facts=facts, everywhere=True)


def _facts(event: InboundBan, seen: Seen, prefix: str) -> tuple[tuple[str, str], ...]:
    return (
        ("moderator", _name_of(event)),
        ("name", clean_name(event.target_name, event.target.user_id)),
        ("room", str(event.room)),
        ("prefix", prefix),
        ("address", f"0x{seen.address.hex()}" if seen.address else ""),
    )


def _name_of(event: InboundBan) -> str:
    return clean_name(event.author.display_name, event.author.user_id)


def _reason(event: InboundBan) -> str:
    reason = f"banned on {event.author.platform} by {_name_of(event)}"
    return one_line(f"{reason}: {event.reason}" if event.reason else reason, MAX_REASON)


def _here(event: InboundBan) -> Target:
    name = clean_name(event.target_name, event.target.user_id)
    return Target(event.room.platform, event.room.room_id, event.target.user_id, name)


def _address(tx: Tx, group: str, user: UserRef) -> bytes:
    """The member behind an account: one of ours, or whose it is said to be."""
    account = accounts.by_user(tx, user.platform, user.user_id)
    if account is not None:
        return account.address
    said = (
        row for row in claims.all_of(tx, group) if (row.platform, row.user_id) == (user.platform, user.user_id)
    )
    return next((row.address for row in said), b"")
