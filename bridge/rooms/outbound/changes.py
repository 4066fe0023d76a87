"""Who came and went: told in the rooms, and bans carried out and lifted in them."""

from __future__ import annotations

from bridge.model.ids import RoomRef
from bridge.model.notices import MembersChanged, SelfRemoved
from bridge.model.text import clean_name, one_line
from bridge.rooms.outbound.payloads import Ban, Unban
from bridge.rooms.outbound.writer import DeliveryWriter
from bridge.rooms.people import People
from bridge.storage import bans, claims, enforcements

MAX_LISTED = 20
"""Names on one line; a batch may bring 50 at once."""
MAX_REASON = 300


def members_changed(writer: DeliveryWriter, notice: MembersChanged) -> None:
    """One message for all of it; every ban is recorded, and carried out for every account of the banned.

    Who was banned and is a member again has their ban lifted, there too.
    """
    people = People.these(writer.tx, writer.group, [*notice.added, *notice.banned, *notice.left])
    reasons = {address: one_line(reason, MAX_REASON) for address, reason in notice.reasons}
    lines = []
    if notice.added:
        lines.append(f"➕ {_names(people, notice.added)} joined the group.")
    if notice.left:
        lines.append(f"➖ {_names(people, notice.left)} left the group.")
    for address in notice.banned:
        reason = reasons.get(address, "")
        lines.append(
            f"⛔ {people.full(address)} was banned by vote." + (f" Reason: {reason}" if reason else "")
        )
    if lines:
        about = b"".join((*notice.added, b"/", *notice.banned, b"/", *notice.left))
        writer.say("\n".join(lines), "members", notice.epoch, about)
    for address in notice.added:
        if bans.lift(writer.tx, writer.group, address):
            _release(writer, notice.epoch, address)
    for address in notice.banned:
        bans.record(writer.tx, writer.group, address, reasons.get(address, ""), writer.now)
        _enforce(writer, notice.epoch, address, reasons.get(address, ""))
    for address in (*notice.banned, *notice.left):
        claims.drop(writer.tx, writer.group, address)


def _enforce(writer: DeliveryWriter, epoch: int, address: bytes, reason: str) -> None:
    """A durable ban for each account with that address, in each linked room of the account's platform."""
    for account in People.accounts_of(writer.tx, writer.group, address):
        name = clean_name(account.display_name, account.user_id)
        ban = Ban(account.user_id, name, reason)
        for room in writer.rooms:
            if room.accounts == account.platform:
                target = enforcements.Target(room.platform, room.room_id, account.user_id, name, address)
                enforcements.put(writer.tx, writer.group, target, banned=True)
                writer.put(room, ban, epoch, account.user_id)


def _release(writer: DeliveryWriter, epoch: int, address: bytes) -> None:
    """The group took them in again: each of their accounts may come back to every room.

    What they were banned under counts too, though nobody says any more that it is theirs.
    """
    targets = {
        (t.platform, t.room_id, t.user_id): t for t in enforcements.banned_of(writer.tx, writer.group, address)
    }
    for account in People.accounts_of(writer.tx, writer.group, address):
        name = clean_name(account.display_name, account.user_id)
        for room in writer.rooms:
            if room.accounts == account.platform:
                target = enforcements.Target(room.platform, room.room_id, account.user_id, name, address)
                targets.setdefault((target.platform, target.room_id, target.user_id), target)
    for target in targets.values():
        room = RoomRef(target.platform, target.room_id)
        enforcements.put(writer.tx, writer.group, target, banned=False)
        if room in writer.rooms:
            writer.put(room, Unban(target.user_id, target.display_name), epoch, target.user_id)


def self_removed(writer: DeliveryWriter, notice: SelfRemoved) -> None:
    """The bridge itself is out: the rooms must know that nobody reads them any more."""
    text = (
        "⚠️ This bridge was removed from the group. What is written here does not reach the group any more, "
        "and nothing from there comes here."
    )
    writer.say(text, "self removed", notice.epoch)


def _names(people: People, addresses: tuple[bytes, ...]) -> str:
    named = [people.full(address) for address in addresses[:MAX_LISTED]]
    more = len(addresses) - MAX_LISTED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
