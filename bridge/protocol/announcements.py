"""Group announcements: "this group is here, its steward is I, encrypt your join request to this key"."""

from __future__ import annotations

from dataclasses import dataclass

from coincurve import PublicKey

from bridge.protocol import wallet
from bridge.protocol.errors import Malformed, Replayed
from bridge.protocol.ports import Address
from bridge.protocol.types import ADDRESS_BYTES, MAX_GROUP_ID_BYTES
from bridge.protocol.wire import demls_pb2 as pb

FRESH = 300
"""Seconds by which an announcement's time may differ from ours: 20 steward epochs."""
KEY_BYTES = 33


@dataclass(frozen=True, slots=True)
class Announcement:
    """A verified announcement. `eth_pub_key`: fresh secp256k1 key for ECIES, 33 bytes; `time` in seconds."""

    group_id: bytes
    epoch: int
    steward: Address
    eth_pub_key: bytes
    time: int
    creator: Address
    signature: bytes


def signing_bytes(
    group_id: bytes, epoch: int, steward: Address, eth_pub_key: bytes, time: int, creator: Address
) -> bytes:
    """What the steward's wallet signs (EIP-191): all fields."""
    return wallet.statement(
        "demls announcement v1",
        {
            "group": group_id,
            "epoch": epoch,
            "steward": steward,
            "key": eth_pub_key,
            "time": time,
            "creator": creator,
        },
    )


def to_wire(announcement: Announcement) -> pb.GroupAnnouncement:
    """As message."""
    return pb.GroupAnnouncement(
        eth_pub_key=announcement.eth_pub_key,
        signature=announcement.signature,
        group_id=announcement.group_id,
        epoch=announcement.epoch,
        steward=announcement.steward,
        time=announcement.time,
        creator=announcement.creator,
    )


def from_wire(message: pb.GroupAnnouncement, now: float) -> Announcement:
    """Read and verify. That group, creator and steward are the ones looked for is for the caller to check.

    Raises Malformed, Replayed (its time is more than 300 s off), BadSignature.
    """
    if not 0 < len(message.group_id) <= MAX_GROUP_ID_BYTES:
        raise Malformed("an announcement without a group")
    if len(message.steward) != ADDRESS_BYTES or len(message.creator) != ADDRESS_BYTES:
        raise Malformed("an announcement needs a steward and a creator")
    if abs(message.time - now) > FRESH:
        raise Replayed("an announcement that is too old, or from the future")
    _check_key(message.eth_pub_key)
    found = Announcement(
        group_id=message.group_id,
        epoch=message.epoch,
        steward=Address(message.steward),
        eth_pub_key=message.eth_pub_key,
        time=message.time,
        creator=Address(message.creator),
        signature=message.signature,
    )
    signed = signing_bytes(
        found.group_id, found.epoch, found.steward, found.eth_pub_key, found.time, found.creator
    )
    wallet.check(found.steward, signed, found.signature)
    return found


def _check_key(key: bytes) -> None:
    """A compressed point of the curve; encrypting to anything else fails or leaks."""
    if len(key) != KEY_BYTES:
        raise Malformed(f"an announced key has {KEY_BYTES} bytes")
    try:
        PublicKey(key)
    except ValueError as error:
        raise Malformed("an announced key is not a point of secp256k1") from error
