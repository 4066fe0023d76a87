"""Signed statements that stand in for a ballot: a member's own leave, and the rejoin of a member."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TypeVar

from google.protobuf.message import DecodeError

from bridge.model import ethereum
from bridge.protocol import wallet
from bridge.protocol.batches import key_package_hash
from bridge.protocol.errors import BadCertificate, Malformed
from bridge.protocol.ports import Address, View
from bridge.protocol.types import ADDRESS_BYTES, MAX_GROUP_ID_BYTES
from bridge.protocol.wire import demls_pb2 as pb

REJOIN_FRESH = 600
"""Seconds: an old key package must evict nobody (protocol.md section 7)."""
LEAVE_FRESH = 7 * 86_400
"""Seconds: a leave may wait for a steward that long."""

_Message = TypeVar("_Message", pb.LeaveRequest, pb.RejoinClaim)


@dataclass(frozen=True, slots=True)
class LeaveClaim:
    """`address` wants to leave the group; said in `epoch` at `time` (Unix seconds)."""

    group_id: bytes
    address: Address
    epoch: int
    time: int
    signature: bytes = b""
    chain_signature: bytes = b""
    """For the contract that coordinates the group (EIP-712); empty where none does."""

    def signing_bytes(self) -> bytes:
        """What the wallet signs (EIP-191)."""
        return wallet.statement(
            "demls leave v1",
            {"group": self.group_id, "address": self.address, "epoch": self.epoch, "time": self.time},
        )

    def with_signature(self, signature: bytes) -> LeaveClaim:
        """The claim, signed."""
        return replace(self, signature=signature)

    def verify(self, view: View, now: float, *, catching_up: bool = False) -> None:
        """Raise BadCertificate or BadSignature unless this member leaves this group, said within 7 days.

        `catching_up`: the commit is an old one that is replayed, so its claims may be old as well.
        """
        _check_place(self.group_id, self.address, self.epoch, view)
        _check_time(self.time, now, LEAVE_FRESH, catching_up)
        wallet.check(self.address, self.signing_bytes(), self.signature)

    def to_wire(self) -> pb.LeaveRequest:
        """As message."""
        return pb.LeaveRequest(
            group_id=self.group_id,
            address=self.address,
            epoch=self.epoch,
            time=self.time,
            signature=self.signature,
            chain_signature=self.chain_signature,
        )

    @classmethod
    def from_wire(cls, message: pb.LeaveRequest) -> LeaveClaim:
        """Read one; sizes only. Raises Malformed."""
        _check_sizes(message)
        return cls(
            message.group_id,
            Address(message.address),
            message.epoch,
            message.time,
            message.signature,
            message.chain_signature,
        )


@dataclass(frozen=True, slots=True)
class RejoinClaim:
    """`address`, a member that lost its state, wants its leaf replaced by the one of a key package.

    `key_package_hash`: SHA-256 of the bare TLS form. `epoch`: the group's as the rejoiner last heard it.
    """

    group_id: bytes
    address: Address
    epoch: int
    key_package_hash: bytes
    time: int
    signature: bytes = b""
    chain_signature: bytes = b""
    """For the contract that coordinates the group (EIP-712); empty where none does."""

    def signing_bytes(self) -> bytes:
        """What the wallet signs (EIP-191)."""
        return wallet.statement(
            "demls rejoin v1",
            {
                "group": self.group_id,
                "address": self.address,
                "epoch": self.epoch,
                "key package": self.key_package_hash,
                "time": self.time,
            },
        )

    def with_signature(self, signature: bytes) -> RejoinClaim:
        """The claim, signed."""
        return replace(self, signature=signature)

    def verify(self, view: View, key_package: bytes, now: float, *, catching_up: bool = False) -> None:
        """Raise BadCertificate or BadSignature unless this member rejoins with this key package, just now.

        `catching_up`: the commit is an old one that is replayed, so its claims may be old as well.
        """
        _check_place(self.group_id, self.address, self.epoch, view)
        _check_time(self.time, now, REJOIN_FRESH, catching_up)
        if self.key_package_hash != key_package_hash(key_package):
            raise BadCertificate("a rejoin with another key package than the member asked for")
        wallet.check(self.address, self.signing_bytes(), self.signature)

    def to_wire(self) -> pb.RejoinClaim:
        """As message."""
        return pb.RejoinClaim(
            group_id=self.group_id,
            address=self.address,
            epoch=self.epoch,
            key_package_hash=self.key_package_hash,
            time=self.time,
            signature=self.signature,
            chain_signature=self.chain_signature,
        )

    @classmethod
    def from_wire(cls, message: pb.RejoinClaim) -> RejoinClaim:
        """Read one; sizes only. Raises Malformed."""
        _check_sizes(message)
        if len(message.key_package_hash) != hashlib.sha256().digest_size:
            raise Malformed("a key package is named by its SHA-256, 32 bytes")
        return cls(
            message.group_id,
            Address(message.address),
            message.epoch,
            message.key_package_hash,
            message.time,
            message.signature,
            message.chain_signature,
        )

    @classmethod
    def from_join_request(cls, body: pb.JoinRequestBody, address: Address) -> RejoinClaim:
        """The claim in a join request; `address` as read from its key package."""
        return cls(
            body.group_id,
            address,
            body.epoch,
            key_package_hash(body.key_package),
            body.time,
            body.rejoin_signature,
            body.chain_signature,
        )


def claims_from_wire(
    leaves: list[bytes], rejoins: list[bytes]
) -> tuple[tuple[LeaveClaim, ...], tuple[RejoinClaim, ...]]:
    """Read serialised LeaveRequest and RejoinClaim messages. Raises Malformed."""
    return (
        tuple(LeaveClaim.from_wire(_parse(pb.LeaveRequest, data)) for data in leaves),
        tuple(RejoinClaim.from_wire(_parse(pb.RejoinClaim, data)) for data in rejoins),
    )


def _parse(kind: type[_Message], data: bytes) -> _Message:
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise Malformed("a claim does not parse") from error


def _check_sizes(message: pb.LeaveRequest | pb.RejoinClaim) -> None:
    if len(message.address) != ADDRESS_BYTES or not 0 < len(message.group_id) <= MAX_GROUP_ID_BYTES:
        raise Malformed("a claim needs a group and an address")
    sizes = {len(message.signature), len(message.chain_signature)}
    if not sizes <= {0, ethereum.SIGNATURE_BYTES}:
        raise Malformed(f"a claim's signature has {ethereum.SIGNATURE_BYTES} bytes")


def _check_place(group_id: bytes, address: Address, epoch: int, view: View) -> None:
    if group_id != view.group_id or epoch > view.epoch:
        raise BadCertificate("a claim for another group or from a later epoch")
    if address not in view.members:
        raise BadCertificate("a claim by somebody who is not a member")


def _check_time(time: int, now: float, fresh: int, catching_up: bool) -> None:
    """Not older than `fresh`; a clock that runs ahead is forgiven as much as a request may be old."""
    if time > now + REJOIN_FRESH or (time < now - fresh and not catching_up):
        raise BadCertificate("a claim that is too old, or from the future")
