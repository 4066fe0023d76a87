"""The envelopes: bytes from outside to one checked message, and back.

Fields that we do not know are tolerated (a later version may add some; nothing that is signed or hashed is
taken from the parsed form without being rebuilt). A second payload in one envelope is not: protobuf would let
the last one win in silence, and two programs could read two messages from the same bytes.
"""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import DecodeError

from bridge.protocol.errors import Malformed
from bridge.protocol.wire import demls_pb2 as pb
from bridge.protocol.wire.bounds import CHECKS, check_join_request_body
from bridge.protocol.wire.conversation import conversation_from_wire, conversation_to_wire

__all__ = [
    "MAX_CLEAR_BYTES",
    "MAX_WHOLE_BYTES",
    "conversation_from_wire",
    "conversation_to_wire",
    "decode_app",
    "decode_join_request_body",
    "decode_welcome",
    "encode_app",
    "encode_welcome",
]

MAX_CLEAR_BYTES = 148_000
"""Of one Waku payload; nodes pass on 150 KiB."""
MAX_WHOLE_BYTES = 9 * 1_048_576
"""Of a payload put together again: 64 fragments of 140,000 bytes."""

_Envelope = TypeVar("_Envelope", pb.WelcomeMessage, pb.AppMessage)

AppPayload = (
    pb.ConversationMessage
    | pb.BatchProposalsMessage
    | pb.BanRequest
    | pb.Proposal
    | pb.Vote
    | pb.VotingProposal
    | pb.UserVote
    | pb.EpochStarted
    | pb.LeaveRequest
    | pb.Fragment
    | pb.HistoryRequest
    | pb.ChangeRequest
)
WelcomePayload = pb.GroupAnnouncement | pb.JoinRequest | pb.InvitationToJoin | pb.Fragment


def decode_welcome(data: bytes, *, limit: int = MAX_WHOLE_BYTES) -> pb.WelcomeMessage:
    """Read a payload of the `welcome` topic with exactly one message in it. Raises Malformed."""
    return _decode(pb.WelcomeMessage, data, limit)


def decode_app(data: bytes, *, limit: int = MAX_WHOLE_BYTES) -> pb.AppMessage:
    """Read a clear payload of `app_msg`, or a decrypted message: exactly one in it. Raises Malformed."""
    return _decode(pb.AppMessage, data, limit)


def decode_join_request_body(data: bytes) -> pb.JoinRequestBody:
    """Read a decrypted join request. Raises Malformed."""
    if len(data) > MAX_CLEAR_BYTES:
        raise Malformed(f"join request of {len(data)} bytes")
    try:
        body = pb.JoinRequestBody.FromString(data)
    except DecodeError as error:
        raise Malformed("join request does not parse") from error
    check_join_request_body(body)
    return body


def encode_app(payload: AppPayload) -> bytes:
    """An AppMessage with this message in it."""
    return _encode(pb.AppMessage(), payload)


def encode_welcome(payload: WelcomePayload) -> bytes:
    """A WelcomeMessage with this message in it."""
    return _encode(pb.WelcomeMessage(), payload)


def _decode(kind: type[_Envelope], data: bytes, limit: int) -> _Envelope:
    if not 0 < len(data) <= limit:
        raise Malformed(f"payload of {len(data)} bytes, allowed are 1 to {limit}")
    try:
        message = kind.FromString(data)
    except DecodeError as error:
        raise Malformed("payload does not parse") from error
    field = message.WhichOneof("payload")
    if field is None:
        raise Malformed("payload of an unknown kind")
    # An overwritten first payload is missing from the encoding; so is whatever else was not canonical.
    if message.ByteSize() != len(data):
        raise Malformed("more than one payload in an envelope")
    check = CHECKS.get(field)
    if check is not None:
        check(getattr(message, field))
    return message


def _encode(envelope: pb.AppMessage | pb.WelcomeMessage, payload: AppPayload | WelcomePayload) -> bytes:
    field = next(field.name for field in envelope.DESCRIPTOR.fields if field.message_type is payload.DESCRIPTOR)
    getattr(envelope, field).CopyFrom(payload)
    return envelope.SerializeToString(deterministic=True)
