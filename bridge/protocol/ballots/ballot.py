"""The ballot on one batch, as it was opened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from bridge.model.notices import ChangeKind
from bridge.protocol.batches import VotedChange, canonical, check_shape, decode_batch, encode_batch, kind_of
from bridge.protocol.errors import BadVote, Malformed
from bridge.protocol.ports import Address
from bridge.protocol.types import ADDRESS_BYTES, MAX_GROUP_ID_BYTES
from bridge.protocol.wire import demls_pb2 as pb

_DIGEST_DOMAIN = b"demls ballot v1"
_ID_DOMAIN = b"demls ballot id v1"
_NAME = "Group Update Proposal"
"""The seed's name for it; nobody reads it."""
MAX_RETRY_ROUND = 65_535
MAX_TIME = 2**53
"""Seconds; keeps every sum far inside 64 bits."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote on `changes` (canonical) among `voters` (sorted). Times in Unix seconds.

    `digest` binds a vote to this ballot and no other; it is computed once, at construction.
    """

    ballot_id: int
    group_id: bytes
    epoch: int
    retry_round: int
    steward: Address
    changes: tuple[VotedChange, ...]
    voters: tuple[Address, ...]
    opened: int
    deadline: int
    digest: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", _digest(self))

    @property
    def kind(self) -> ChangeKind:
        """What the batch does."""
        return kind_of(self.changes)


def make(
    *,
    group_id: bytes,
    epoch: int,
    retry_round: int,
    steward: Address,
    changes: Iterable[VotedChange],
    voters: Iterable[Address],
    opened: int,
    deadline: int,
) -> Ballot:
    """A new ballot, its number computed. Raises BadBatch or Malformed when the batch is not a proper one."""
    ordered = canonical(changes)
    check_shape(ordered)
    draft = Ballot(0, group_id, epoch, retry_round, steward, ordered, tuple(sorted(voters)), opened, deadline)
    return Ballot(
        _ballot_id(draft), group_id, epoch, retry_round, steward, ordered, draft.voters, opened, deadline
    )


def _digest(ballot: Ballot) -> bytes:
    """SHA-256 of the domain, then each field behind its length (BE32). Numbers are BE64 or BE32."""
    parts = (
        ballot.group_id,
        ballot.epoch.to_bytes(8, "big"),
        ballot.retry_round.to_bytes(4, "big"),
        len(ballot.voters).to_bytes(4, "big"),
        ballot.opened.to_bytes(8, "big"),
        ballot.deadline.to_bytes(8, "big"),
        encode_batch(ballot.changes),
    )
    state = hashlib.sha256(_DIGEST_DOMAIN)
    for part in parts:
        state.update(len(part).to_bytes(4, "big") + part)
    return state.digest()


def _ballot_id(ballot: Ballot) -> int:
    """The first four bytes, not all zero, of SHA-256(domain, digest, steward): 0 means "no ballot"."""
    found = hashlib.sha256(_ID_DOMAIN + ballot.digest + ballot.steward).digest()
    words = (int.from_bytes(found[at : at + 4], "big") for at in range(0, len(found), 4))
    return next(word for word in words if word)


def to_wire(ballot: Ballot) -> pb.Proposal:
    """As message; without votes. (Who is silent counts by the policy, so `liveness_criteria_yes` is unused.)"""
    return pb.Proposal(
        name=_NAME,
        payload=encode_batch(ballot.changes),
        proposal_id=ballot.ballot_id,
        proposal_owner=ballot.steward,
        expected_voters_count=len(ballot.voters),
        round=ballot.retry_round + 1,
        timestamp=ballot.opened,
        expiration_time=ballot.deadline,
        group_id=ballot.group_id,
        epoch=ballot.epoch,
    )


def from_wire(message: pb.Proposal, voters: Iterable[Address]) -> Ballot:
    """Read a ballot; `voters` are those that the receiver knows for its epoch. Votes in it are not read.

    Raises Malformed (bounds, batch), BadBatch (shape), BadVote (another number of voters, wrong ballot id).
    """
    if not 0 < len(message.group_id) <= MAX_GROUP_ID_BYTES or len(message.proposal_owner) != ADDRESS_BYTES:
        raise Malformed("a ballot needs a group and a steward")
    if not 1 <= message.round <= MAX_RETRY_ROUND + 1:
        raise Malformed(f"round {message.round} of a ballot")
    if not message.timestamp < message.expiration_time <= MAX_TIME:
        raise Malformed("a ballot must end after it opens")
    ballot = make(
        group_id=message.group_id,
        epoch=message.epoch,
        retry_round=message.round - 1,
        steward=Address(message.proposal_owner),
        changes=decode_batch(message.payload),
        voters=voters,
        opened=message.timestamp,
        deadline=message.expiration_time,
    )
    if message.expected_voters_count != len(ballot.voters):
        raise BadVote(f"ballot among {message.expected_voters_count} voters, there are {len(ballot.voters)}")
    if message.proposal_id != ballot.ballot_id:
        raise BadVote("the ballot's number is not that of its content")
    return ballot
