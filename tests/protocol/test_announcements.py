"""Group announcements: every field is signed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol.announcements import Announcement, from_wire, signing_bytes, to_wire
from bridge.protocol.errors import BadSignature, Malformed, ProtocolError, RemoteError, Replayed
from bridge.protocol.wire import demls_pb2 as pb
from tests.support.wallets import Wallet

STEWARD, CREATOR, EPHEMERAL = Wallet("steward"), Wallet("creator"), Wallet("ephemeral")
NOW = 1_800_000_000


def announcement(key: bytes = EPHEMERAL.public_key) -> Announcement:
    fields = (b"garden", 4, STEWARD.address, key, NOW, CREATOR.address)
    return Announcement(*fields, signature=STEWARD.sign(signing_bytes(*fields)))


def test_roundtrip() -> None:
    message = pb.GroupAnnouncement.FromString(to_wire(announcement()).SerializeToString())
    assert from_wire(message, NOW) == announcement()
    assert from_wire(message, NOW + 300) == from_wire(message, NOW - 300)


@pytest.mark.parametrize(
    "changed",
    [
        {"group_id": b"yard"},
        {"epoch": 5},
        {"steward": CREATOR.address},
        {"eth_pub_key": CREATOR.public_key},
        {"time": NOW + 1},
        {"creator": STEWARD.address},
        {"signature": CREATOR.sign(b"x")},
        {"signature": b""},
    ],
)
def test_every_field_is_signed(changed: dict[str, object]) -> None:
    with pytest.raises(BadSignature):
        from_wire(to_wire(replace(announcement(), **changed)), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"time": NOW - 301}, Replayed),
        ({"time": NOW + 301}, Replayed),
        ({"group_id": b""}, Malformed),
        ({"group_id": b"x" * 65}, Malformed),
        ({"steward": b"x"}, Malformed),
        ({"creator": b""}, Malformed),
        ({"eth_pub_key": b""}, Malformed),
        ({"eth_pub_key": b"\x02" + b"\xff" * 32}, Malformed),
        ({"eth_pub_key": b"\x05" + bytes(32)}, Malformed),
    ],
)
def test_out_of_bounds(changed: dict[str, object], error: type[RemoteError]) -> None:
    with pytest.raises(error):
        from_wire(to_wire(replace(announcement(), **changed)), NOW)  # type: ignore[arg-type]


@given(
    st.builds(
        pb.GroupAnnouncement,
        eth_pub_key=st.binary(max_size=33),
        signature=st.binary(max_size=65),
        group_id=st.binary(max_size=8),
        steward=st.binary(min_size=19, max_size=20),
        creator=st.binary(min_size=20, max_size=20),
        time=st.integers(0, 2**64 - 1),
    )
)
def test_garbage_raises_protocol_errors_only(message: pb.GroupAnnouncement) -> None:
    with pytest.raises(ProtocolError):
        from_wire(message, message.time)
