"""Signed votes: hashgraph-like consensus encoding (protocol.md section 7), plus the ballot digest.

The encoding alone (`vote_hash`, `signing_bytes`) allows an empty digest, as the published vectors have it;
`verify` refuses such a vote, for it could be replayed for another batch.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bridge.model import ethereum
from bridge.protocol import wallet
from bridge.protocol.ballots.ballot import MAX_TIME, Ballot
from bridge.protocol.errors import BadVote, Malformed
from bridge.protocol.ports import Address
from bridge.protocol.types import ADDRESS_BYTES, CLOCK_SKEW
from bridge.protocol.wire import demls_pb2 as pb

HASH_BYTES = 32
_ID_DOMAIN = b"demls vote id v1"


@dataclass(frozen=True, slots=True)
class SignedVote:
    """One voter's answer. Hashes have 32 bytes or none; `signature` is empty while it is a draft."""

    vote_id: int
    voter: Address
    ballot_id: int
    time: int
    yes: bool
    parent_hash: bytes
    received_hash: bytes
    vote_hash: bytes
    signature: bytes
    digest: bytes


def draft(ballot: Ballot, voter: Address, yes: bool, now: int, received_hash: bytes = b"") -> SignedVote:
    """A vote without signature. `received_hash`: any vote that the voter has seen, or none.

    The id follows from the content, so a vote made again (after a crash) is the same vote. A clock that is
    behind the steward's does not date a vote before its ballot.
    """
    time = max(now, ballot.opened)
    seed = _ID_DOMAIN + ballot.digest + voter + bytes([yes]) + time.to_bytes(8, "big")
    vote = SignedVote(
        vote_id=int.from_bytes(hashlib.sha256(seed).digest()[:4], "big") or 1,
        voter=voter,
        ballot_id=ballot.ballot_id,
        time=time,
        yes=yes,
        parent_hash=b"",
        received_hash=received_hash,
        vote_hash=b"",
        signature=b"",
        digest=ballot.digest,
    )
    return replace(vote, vote_hash=vote_hash(vote))


def vote_hash(vote: SignedVote) -> bytes:
    """SHA-256 of the fields as fixed-size little-endian numbers and bytes (protocol.md section 7)."""
    return hashlib.sha256(
        vote.vote_id.to_bytes(4, "little")
        + vote.voter
        + vote.ballot_id.to_bytes(4, "little")
        + vote.time.to_bytes(8, "little")
        + bytes([vote.yes])
        + vote.parent_hash
        + vote.received_hash
    ).digest()


def signing_bytes(vote: SignedVote) -> bytes:
    """What the wallet signs: canonical protobuf of all fields but the signature.

    Written here by hand, because the signature must not depend on how a protobuf library orders fields.
    """
    return b"".join(
        (
            _number(20, vote.vote_id),
            _bytes(21, vote.voter),
            _number(22, vote.ballot_id),
            _number(23, vote.time),
            _number(24, int(vote.yes)),
            _bytes(25, vote.parent_hash),
            _bytes(26, vote.received_hash),
            _bytes(27, vote.vote_hash),
            _bytes(29, vote.digest),
        )
    )


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value) if value else b""


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value if value else b""


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def with_signature(vote: SignedVote, signature: bytes) -> SignedVote:
    """The draft with its signature (EIP-191, 65 bytes) over `signing_bytes`."""
    return replace(vote, signature=signature)


def verify(vote: SignedVote, ballot: Ballot) -> None:
    """Raise BadVote or BadSignature unless the vote counts in this ballot. The signature comes last: it costs.

    That the MLS sender is the voter is for the caller to check: a certificate's votes have no sender.
    """
    if vote.digest != ballot.digest or vote.ballot_id != ballot.ballot_id:
        raise BadVote("a vote for another ballot, or without the ballot's digest")
    at = bisect_left(ballot.voters, vote.voter)
    if at == len(ballot.voters) or ballot.voters[at] != vote.voter:
        raise BadVote(f"0x{vote.voter.hex()} has no vote in this ballot")
    if not ballot.opened - CLOCK_SKEW <= vote.time <= ballot.deadline + CLOCK_SKEW:
        raise BadVote("a vote from before the ballot opened or after it ended")
    if vote.vote_hash != vote_hash(vote):
        raise BadVote("the vote's hash is not that of its content")
    wallet.check(vote.voter, signing_bytes(vote), vote.signature)


def to_wire(vote: SignedVote) -> pb.Vote:
    """As message."""
    return pb.Vote(
        vote_id=vote.vote_id,
        vote_owner=vote.voter,
        proposal_id=vote.ballot_id,
        timestamp=vote.time,
        vote=vote.yes,
        parent_hash=vote.parent_hash,
        received_hash=vote.received_hash,
        vote_hash=vote.vote_hash,
        signature=vote.signature,
        ballot_digest=vote.digest,
    )


def from_wire(message: pb.Vote) -> SignedVote:
    """Read a vote or a draft; sizes are checked here, meaning in `verify`. Raises Malformed."""
    if len(message.vote_owner) != ADDRESS_BYTES:
        raise Malformed("a vote needs an owner")
    if len(message.signature) not in (0, ethereum.SIGNATURE_BYTES):
        raise Malformed(f"a vote's signature has {ethereum.SIGNATURE_BYTES} bytes")
    optional = (message.parent_hash, message.received_hash, message.ballot_digest)
    if len(message.vote_hash) != HASH_BYTES or any(len(item) not in (0, HASH_BYTES) for item in optional):
        raise Malformed(f"a hash in a vote has not {HASH_BYTES} bytes")
    if message.timestamp > MAX_TIME:
        raise Malformed("a vote from beyond all time")
    return SignedVote(
        vote_id=message.vote_id,
        voter=Address(message.vote_owner),
        ballot_id=message.proposal_id,
        time=message.timestamp,
        yes=message.vote,
        parent_hash=message.parent_hash,
        received_hash=message.received_hash,
        vote_hash=message.vote_hash,
        signature=message.signature,
        digest=message.ballot_digest,
    )


def tally(votes: Iterable[SignedVote]) -> tuple[int, int]:
    """(YES, NO)."""
    counted = [vote.yes for vote in votes]
    return sum(counted), len(counted) - sum(counted)
