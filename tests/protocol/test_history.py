"""Requests for history: signed, fresh, bounded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol.errors import BadSignature, Malformed, Replayed
from bridge.protocol.history import MAX_PREFIXES, HistoryRequest, prefix
from bridge.protocol.wire import demls_pb2 as pb
from tests.support.wallets import Wallet

ALICE = Wallet("alice")
NOW = 1_800_000_000


def request(have: frozenset[bytes] = frozenset()) -> HistoryRequest:
    unsigned = HistoryRequest(b"garden", ALICE.address, NOW - 600, NOW, have)
    return unsigned.with_signature(ALICE.sign(unsigned.signing_bytes()))


@given(st.frozensets(st.binary(min_size=8, max_size=8), max_size=20))
def test_roundtrip(have: frozenset[bytes]) -> None:
    message = pb.HistoryRequest.FromString(request(have).to_wire().SerializeToString())
    found = HistoryRequest.from_wire(message)
    assert found == request(have)
    found.verify(NOW)


def test_it_says_what_is_lacking() -> None:
    asked = request(frozenset({prefix(b"one")}))
    assert asked.lacks(b"two")
    assert not asked.lacks(b"one")


@pytest.mark.parametrize(
    "changed",
    [
        {"group_id": b"yard"},
        {"since": 0},
        {"time": NOW + 1},
        {"have": frozenset({bytes(8)})},
        {"requester": Wallet("bob").address},
        {"signature": b""},
    ],
)
def test_every_field_is_signed(changed: dict[str, object]) -> None:
    with pytest.raises(BadSignature):
        replace(request(), **changed).verify(NOW)  # type: ignore[arg-type]


def test_a_replayed_request_is_refused() -> None:
    request().verify(NOW + 60)
    for now in (NOW + 61, NOW - 61):
        with pytest.raises(Replayed):
            request().verify(now)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("group_id", b""),
        ("requester", b"x"),
        ("have", bytes(7)),
        ("have", bytes(16)),  # the same prefix twice
        ("have", b"b" * 8 + b"a" * 8),  # not sorted
        ("have", b"".join(n.to_bytes(8, "big") for n in range(MAX_PREFIXES + 1))),
    ],
)
def test_out_of_bounds(field: str, value: bytes) -> None:
    message = request().to_wire()
    setattr(message, field, value)
    with pytest.raises(Malformed):
        HistoryRequest.from_wire(message)


def test_too_much_is_not_sent() -> None:
    with pytest.raises(Malformed):
        request(frozenset(n.to_bytes(8, "big") for n in range(MAX_PREFIXES + 1))).to_wire()
