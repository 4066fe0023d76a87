"""Requests for missed payloads: "of what came since then I have these; please publish the others again"."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bridge.protocol import wallet
from bridge.protocol.errors import Malformed, Replayed
from bridge.protocol.ports import Address
from bridge.protocol.types import ADDRESS_BYTES, MAX_GROUP_ID_BYTES
from bridge.protocol.wire import demls_pb2 as pb

PREFIX_BYTES = 8
MAX_PREFIXES = 4_096
FRESH = 60
"""Seconds: a request is answered once and at once, not whenever somebody replays it."""


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """`have`: first 8 bytes of the SHA-256 of each payload held; `since` and `time` in Unix seconds."""

    group_id: bytes
    requester: Address
    since: int
    time: int
    have: frozenset[bytes] = frozenset()
    signature: bytes = b""

    def signing_bytes(self) -> bytes:
        """What the requester's wallet signs (EIP-191): all fields, `have` by its SHA-256."""
        return wallet.statement(
            "demls history v1",
            {
                "group": self.group_id,
                "requester": self.requester,
                "since": self.since,
                "time": self.time,
                "have": hashlib.sha256(self._packed()).digest(),
            },
        )

    def with_signature(self, signature: bytes) -> HistoryRequest:
        """The request, signed."""
        return replace(self, signature=signature)

    def verify(self, now: float) -> None:
        """Raise Replayed (more than 60 s off) or BadSignature. Membership is for the caller to check."""
        if abs(self.time - now) > FRESH:
            raise Replayed("a request for history that is too old, or from the future")
        wallet.check(self.requester, self.signing_bytes(), self.signature)

    def lacks(self, payload: bytes) -> bool:
        """Whether the requester has not got this payload."""
        return prefix(payload) not in self.have

    def to_wire(self) -> pb.HistoryRequest:
        """As message. Raises Malformed when it lists too much."""
        if len(self.have) > MAX_PREFIXES or any(len(item) != PREFIX_BYTES for item in self.have):
            raise Malformed(f"a request for history lists at most {MAX_PREFIXES} prefixes of 8 bytes")
        return pb.HistoryRequest(
            group_id=self.group_id,
            requester=self.requester,
            since=self.since,
            time=self.time,
            have=self._packed(),
            signature=self.signature,
        )

    @classmethod
    def from_wire(cls, message: pb.HistoryRequest) -> HistoryRequest:
        """Read one; bounds only, see `verify`. Raises Malformed."""
        if not 0 < len(message.group_id) <= MAX_GROUP_ID_BYTES or len(message.requester) != ADDRESS_BYTES:
            raise Malformed("a request for history needs a group and a requester")
        if len(message.have) % PREFIX_BYTES or len(message.have) > MAX_PREFIXES * PREFIX_BYTES:
            raise Malformed("a request for history lists broken prefixes, or too many")
        request = cls(
            message.group_id,
            Address(message.requester),
            message.since,
            message.time,
            frozenset(_pieces(message.have)),
            message.signature,
        )
        if request._packed() != message.have:
            raise Malformed("the prefixes are not sorted, or one comes twice")
        return request

    def _packed(self) -> bytes:
        return b"".join(sorted(self.have))


def prefix(payload: bytes) -> bytes:
    """How a request names a payload."""
    return hashlib.sha256(payload).digest()[:PREFIX_BYTES]


def _pieces(packed: bytes) -> Iterable[bytes]:
    return (packed[at : at + PREFIX_BYTES] for at in range(0, len(packed), PREFIX_BYTES))
