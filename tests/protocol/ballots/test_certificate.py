"""Certificates on the wire: the way there and back, sealed, and whatever else may arrive."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol.ballots.certificate import Certificate, decode, encode, open_sealed, seal
from bridge.protocol.ballots.claims import LeaveClaim, RejoinClaim, claims_from_wire
from bridge.protocol.ballots.votes import verify
from bridge.protocol.errors import BadCertificate, Malformed, ProtocolError
from bridge.protocol.wire import demls_pb2 as pb
from tests.protocol.ballots.cases import (
    ALICE,
    BOB,
    CAROL,
    MEMBERS,
    PACKAGE,
    POLICY,
    certified,
    leave_claim,
    open_ballot,
    rejoin_claim,
)

VOTERS = POLICY.voters(MEMBERS)
KEY = bytes(range(32))
FULL_BALLOT = open_ballot()
FULL = replace(
    certified(FULL_BALLOT, (ALICE,), (BOB,)), leaves=(leave_claim(BOB),), rejoins=(rejoin_claim(CAROL),)
)


@pytest.mark.parametrize("certificate", [FULL, Certificate(), Certificate(leaves=(leave_claim(BOB),))])
def test_roundtrip(certificate: Certificate) -> None:
    assert decode(encode(certificate), VOTERS) == certificate
    assert open_sealed(seal(certificate, KEY), KEY, VOTERS) == certificate


def test_sealing_is_repeatable_and_hides_the_votes() -> None:
    sealed = seal(FULL, KEY)
    assert sealed == seal(FULL, KEY)
    assert bytes(ALICE.address) not in sealed
    assert sealed[:12] != seal(Certificate(), KEY)[:12]


def test_only_the_right_key_opens_it() -> None:
    with pytest.raises(BadCertificate):
        open_sealed(seal(FULL, KEY), bytes(32), VOTERS)


@given(st.data())
def test_an_altered_seal_is_refused(data: st.DataObject) -> None:
    sealed = bytearray(seal(FULL, KEY))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadCertificate):
        open_sealed(bytes(sealed), KEY, VOTERS)


@given(st.binary(max_size=200))
def test_garbage_raises_protocol_errors_only(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        open_sealed(data, KEY, VOTERS)
    try:
        decode(data, VOTERS)
    except ProtocolError:
        return


@given(st.data())
def test_altered_bytes_are_refused_or_show_no_other_valid_vote(data: st.DataObject) -> None:
    raw = bytearray(encode(FULL))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = decode(bytes(raw), VOTERS)
    except ProtocolError:
        return
    for vote in found.votes:
        if vote in FULL.votes:
            continue
        with pytest.raises(ProtocolError):
            verify(vote, FULL_BALLOT)


def test_another_electorate_and_too_many_votes_are_refused() -> None:
    with pytest.raises(BadCertificate):
        decode(encode(FULL), VOTERS[:2])
    with pytest.raises(BadCertificate):
        decode(encode(replace(FULL, votes=FULL.votes * 2)), VOTERS)


def test_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(Malformed):
        decode(bytes(2_097_153), VOTERS)
    with pytest.raises(Malformed):
        open_sealed(bytes(2_097_200), KEY, VOTERS)


def test_claims_roundtrip_and_come_from_join_requests() -> None:
    leave, rejoin = leave_claim(BOB), rejoin_claim(CAROL)
    stored = ([leave.to_wire().SerializeToString()], [rejoin.to_wire().SerializeToString()])
    assert claims_from_wire(*stored) == ((leave,), (rejoin,))
    body = pb.JoinRequestBody(
        group_id=rejoin.group_id,
        key_package=PACKAGE,
        time=rejoin.time,
        rejoin_signature=rejoin.signature,
        epoch=rejoin.epoch,
    )
    assert RejoinClaim.from_join_request(body, CAROL.address) == rejoin


def test_a_wallet_can_show_what_it_signs() -> None:
    claim = LeaveClaim(b"garden", BOB.address, 4, 5)
    assert claim.signing_bytes().decode().splitlines() == [
        "demls leave v1",
        f"group: 0x{b'garden'.hex()}",
        f"address: 0x{BOB.address.hex()}",
        "epoch: 4",
        "time: 5",
    ]


@pytest.mark.parametrize(
    ("field", "value"), [("group_id", b""), ("address", b"x"), ("signature", b"x"), ("key_package_hash", b"x")]
)
def test_malformed_claims(field: str, value: bytes) -> None:
    message = rejoin_claim(CAROL).to_wire()
    setattr(message, field, value)
    with pytest.raises(Malformed):
        RejoinClaim.from_wire(message)
    with pytest.raises(Malformed):
        claims_from_wire([b"\xff"], [])
