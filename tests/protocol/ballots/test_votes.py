"""Votes: the published vectors, what is signed, and what does not count."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol import wallet
from bridge.protocol.ballots.votes import (
    SignedVote,
    draft,
    from_wire,
    signing_bytes,
    tally,
    to_wire,
    verify,
    vote_hash,
    with_signature,
)
from bridge.protocol.errors import BadSignature, BadVote, Malformed, ProtocolError
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb
from tests.protocol.ballots.cases import ALICE, BOB, BRIDGE, DAVE, NOW, cast, open_ballot
from tests.support.wallets import Wallet

SIGNER = Wallet(key=bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
# Recorded from the two programs (reference: seed-vectors.txt, v4-vectors.txt); without field 29.
SEED_VOTE = bytes.fromhex(
    "a0019eb59f8d08aa0114f39fd6e51aad88f6f4ce6ab8827279cfffb92266b001f7bbbce20cb801eb8c8ed806c00101da0120"
    "16e7f23045f2eb722e1626b58f486351ed68c97e475454cd59381a00f4103d03e20141ded5eb13942cf4575b2ea190ed4a03"
    "aad1bab44d93c102c91db6fa53998ffebf4b2c38da62bcda4c4a33168ea07364fe8ea7f847ba8901a880ded8c5e99d0b911b"
)
V4_VOTE = bytes.fromhex(
    "a001f4efe0f807aa0114f39fd6e51aad88f6f4ce6ab8827279cfffb92266b00187cfdfca0fb80180e2cfaa06c00101da0120"
    "f0dd2a4f7c8ebe5be67eccd054f93f770863267262f47699088ff3e96167994ee201419189fcfa37afd9e1728f21d38acc86"
    "fb334e3aabf4e944f9ab09667eb0fd3726029f7036ae69f787413e8250ffd2718450e67bb494739fc2be0d65d53170a7b81c"
)
VECTORS = {
    "seed": (SEED_VOTE, 2175261342, 3427737079, 1795393131),
    "v4": (V4_VOTE, 2132293620, 4183287687, 1700000000),
}
BALLOT = open_ballot()


@pytest.mark.parametrize("name", VECTORS)
def test_published_vectors(name: str) -> None:
    data, vote_id, ballot_id, time = VECTORS[name]
    vote = from_wire(pb.Vote.FromString(data))
    assert (vote.vote_id, vote.ballot_id, vote.time, vote.yes) == (vote_id, ballot_id, time, True)
    assert vote.voter == SIGNER.address
    assert vote_hash(vote) == vote.vote_hash
    signature_field = b"\xe2\x01\x41" + vote.signature
    assert signing_bytes(vote) == data.removesuffix(signature_field)
    assert wallet.recover(signing_bytes(vote), vote.signature) == SIGNER.address
    assert to_wire(vote).SerializeToString(deterministic=True) == data


def test_our_signer_makes_the_vectors_signature() -> None:
    vote = from_wire(pb.Vote.FromString(V4_VOTE))
    assert SIGNER.sign(signing_bytes(vote)) == vote.signature


@pytest.mark.parametrize("name", VECTORS)
def test_a_vote_without_digest_never_counts(name: str) -> None:
    vote = from_wire(pb.Vote.FromString(VECTORS[name][0]))
    ballot = replace(open_ballot(voters=(SIGNER.address,)), ballot_id=vote.ballot_id)
    with pytest.raises(BadVote, match="digest"):
        verify(vote, ballot)


def test_a_vote_counts() -> None:
    vote = cast(BALLOT, ALICE)
    verify(vote, BALLOT)
    assert from_wire(pb.Vote.FromString(to_wire(vote).SerializeToString())) == vote
    assert signing_bytes(vote).endswith(b"\xea\x01\x20" + BALLOT.digest)  # field 29, signed


def test_the_same_answer_is_the_same_vote() -> None:
    again = draft(BALLOT, ALICE.address, True, NOW)
    assert again == draft(BALLOT, ALICE.address, True, NOW)
    assert again.vote_id != draft(BALLOT, ALICE.address, False, NOW).vote_id
    assert again.vote_id != draft(BALLOT, BOB.address, True, NOW).vote_id


def test_a_slow_clock_does_not_date_a_vote_before_its_ballot() -> None:
    assert draft(BALLOT, ALICE.address, True, BALLOT.opened - 100).time == BALLOT.opened


def test_clocks_may_differ_by_five_seconds() -> None:
    for time in (BALLOT.opened - 5, BALLOT.deadline + 5):
        verify(cast(BALLOT, ALICE, time=time), BALLOT)
    for time in (BALLOT.opened - 6, BALLOT.deadline + 6):
        with pytest.raises(BadVote):
            verify(cast(BALLOT, ALICE, time=time), BALLOT)


def test_only_voters_vote_and_only_for_themselves() -> None:
    for stranger in (DAVE, BRIDGE):
        with pytest.raises(BadVote):
            verify(cast(BALLOT, stranger), BALLOT)
    unsigned = draft(BALLOT, ALICE.address, True, NOW)
    with pytest.raises(BadSignature):
        verify(unsigned, BALLOT)
    with pytest.raises(BadSignature):
        verify(with_signature(unsigned, BOB.sign(signing_bytes(unsigned))), BALLOT)


def test_a_wrong_hash_is_refused_even_when_it_is_signed() -> None:
    vote = replace(draft(BALLOT, ALICE.address, True, NOW), vote_hash=bytes(32))
    with pytest.raises(BadVote, match="hash"):
        verify(with_signature(vote, ALICE.sign(signing_bytes(vote))), BALLOT)


def test_a_dangling_reference_is_no_error() -> None:
    vote = cast(BALLOT, ALICE, received_hash=bytes(range(32)))
    verify(vote, BALLOT)


def test_tally() -> None:
    assert tally([cast(BALLOT, ALICE), cast(BALLOT, BOB, False)]) == (1, 1)
    assert tally([]) == (0, 0)


HASH = st.binary(min_size=32, max_size=32)
VOTES = st.builds(
    SignedVote,
    vote_id=st.integers(0, 2**32 - 1),
    voter=st.binary(min_size=20, max_size=20).map(Address),
    ballot_id=st.integers(0, 2**32 - 1),
    time=st.integers(0, 2**53),
    yes=st.booleans(),
    parent_hash=st.just(b"") | HASH,
    received_hash=st.just(b"") | HASH,
    vote_hash=HASH,
    signature=st.just(b"") | st.binary(min_size=65, max_size=65),
    digest=st.just(b"") | HASH,
)


@given(VOTES)
def test_roundtrip_and_agreement_with_protobuf(vote: SignedVote) -> None:
    assert from_wire(to_wire(vote)) == vote
    unsigned = to_wire(replace(vote, signature=b""))
    assert signing_bytes(vote) == unsigned.SerializeToString(deterministic=True)


@given(st.binary(max_size=300))
def test_garbage_raises_protocol_errors_only(data: bytes) -> None:
    try:
        message = pb.Vote.FromString(data)
    except Exception:  # protobuf's own refusal, translated by the envelope's codec
        return
    try:
        verify(from_wire(message), BALLOT)
    except ProtocolError:
        return
    pytest.fail("garbage was counted")


@pytest.mark.parametrize(
    "changed",
    [
        {"vote_owner": b"x"},
        {"signature": b"x"},
        {"vote_hash": b""},
        {"parent_hash": b"x"},
        {"ballot_digest": b"x"},
        {"timestamp": 2**53 + 1},
    ],
)
def test_wrong_sizes_are_malformed(changed: dict[str, object]) -> None:
    message = to_wire(cast(BALLOT, ALICE))
    for name, value in changed.items():
        setattr(message, name, value)
    with pytest.raises(Malformed):
        from_wire(message)
