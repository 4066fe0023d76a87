"""A ballot's digest and number name its whole content."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from bridge.model.notices import ChangeKind
from bridge.protocol.ballots.ballot import from_wire, make, to_wire
from bridge.protocol.batches import VotedRemove, encode_batch
from bridge.protocol.errors import BadBatch, BadVote, Malformed, RemoteError
from bridge.protocol.wire import demls_pb2 as pb
from tests.protocol.ballots.cases import ALICE, BOB, MEMBERS, OTHER, POLICY, address, open_ballot, voted_add

BALLOT = open_ballot()
VOTERS = POLICY.voters(MEMBERS)


def test_the_digest_is_what_the_design_says() -> None:
    data = b"demls ballot v1"
    for part in (
        BALLOT.group_id,
        BALLOT.epoch.to_bytes(8, "big"),
        BALLOT.retry_round.to_bytes(4, "big"),
        (3).to_bytes(4, "big"),
        BALLOT.opened.to_bytes(8, "big"),
        BALLOT.deadline.to_bytes(8, "big"),
        encode_batch(BALLOT.changes),
    ):
        data += len(part).to_bytes(4, "big") + part
    assert BALLOT.digest == hashlib.sha256(data).digest()
    named = hashlib.sha256(b"demls ballot id v1" + BALLOT.digest + BALLOT.steward).digest()
    assert BALLOT.ballot_id == int.from_bytes(named[:4], "big") != 0


@pytest.mark.parametrize(
    "other",
    [
        {"group_id": b"yard"},
        {"epoch": 1},
        {"retry_round": 1},
        {"voters": VOTERS[:2]},
        {"opened": BALLOT.opened + 1},
        {"deadline": BALLOT.deadline + 1},
        {"changes": (VotedRemove(ALICE.address),)},
        {"changes": (replace(voted_add(), reason="another"),)},
    ],
)
def test_every_field_changes_digest_and_number(other: dict[str, Any]) -> None:
    found = open_ballot(**other)
    assert found.digest != BALLOT.digest
    assert found.ballot_id != BALLOT.ballot_id


def test_the_steward_changes_the_number_alone() -> None:
    found = open_ballot(steward=OTHER.address)
    assert found.digest == BALLOT.digest
    assert found.ballot_id != BALLOT.ballot_id


def test_roundtrip() -> None:
    message = pb.Proposal.FromString(to_wire(BALLOT).SerializeToString())
    assert from_wire(message, reversed(VOTERS)) == BALLOT
    assert from_wire(message, VOTERS).digest == BALLOT.digest
    assert BALLOT.kind is ChangeKind.ADD


def test_order_of_changes_and_voters_does_not_matter() -> None:
    adds = [voted_add(address(2), b"2"), voted_add(address(1), b"1")]
    first = open_ballot(adds, voters=VOTERS)
    assert first == open_ballot(adds[::-1], voters=VOTERS[::-1])


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("group_id", b"", Malformed),
        ("group_id", b"x" * 65, Malformed),
        ("proposal_owner", b"x", Malformed),
        ("round", 0, Malformed),
        ("round", 2**32 - 1, Malformed),
        ("expiration_time", BALLOT.opened, Malformed),
        ("expiration_time", 2**64 - 1, Malformed),
        ("payload", b"\xff", Malformed),
        ("payload", b"", BadBatch),
        ("expected_voters_count", 2, BadVote),
        ("proposal_id", 5, BadVote),
        ("epoch", 2**64 - 1, BadVote),
        ("round", 2, BadVote),
    ],
)
def test_a_changed_ballot_is_refused(field: str, value: object, error: type[RemoteError]) -> None:
    message = to_wire(BALLOT)
    setattr(message, field, value)
    with pytest.raises(error):
        from_wire(message, VOTERS)


def test_nobody_is_voted_out_in_a_parcel() -> None:
    with pytest.raises(BadBatch):
        make(
            group_id=b"g",
            epoch=1,
            retry_round=0,
            steward=OTHER.address,
            changes=(VotedRemove(ALICE.address), VotedRemove(BOB.address)),
            voters=VOTERS,
            opened=1,
            deadline=2,
        )
