"""Pieces of large payloads."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol.errors import LocalError, Malformed
from bridge.protocol.wire import demls_pb2 as pb
from bridge.protocol.wire.fragments import MAX_AGE, MAX_OPEN, PIECE_BYTES, Reassembly, split


@given(st.binary(min_size=1, max_size=300), st.integers(5, 50), st.randoms())
def test_any_order_and_doubles_come_together(data: bytes, limit: int, rng: random.Random) -> None:
    pieces = split(data, limit)
    assert all(len(piece.data) <= limit for piece in pieces)
    last = pieces.pop(rng.randrange(len(pieces)))
    shuffled = pieces * 2
    rng.shuffle(shuffled)
    box = Reassembly()
    assert [box.feed(piece, 0) for piece in shuffled] == [None] * len(shuffled)
    assert box.feed(last, 0) == data


def test_several_payloads_at_once() -> None:
    first, second = split(b"first" * 9, 10), split(b"second" * 9, 10)
    box = Reassembly()
    mixed = [piece for pair in zip(first, second, strict=False) for piece in pair] + second[len(first) :]
    assert [found for piece in mixed if (found := box.feed(piece, 0))] == [b"first" * 9, b"second" * 9]


def test_sixty_four_pieces_and_no_more() -> None:
    assert len(split(bytes(640), 10)) == 64
    for data in (bytes(641), b""):
        with pytest.raises(LocalError):
            split(data, 10)


def test_a_large_payload_with_the_real_limit() -> None:
    data = random.Random(5).randbytes(300_000)  # a Welcome for 1,000 members
    box = Reassembly()
    found = [box.feed(piece, 0) for piece in split(data)]
    assert found == [None, None, data]


def test_pieces_grow_old() -> None:
    one, two = split(b"ab", 1)
    box = Reassembly()
    assert box.feed(one, 0) is None
    assert box.feed(two, MAX_AGE + 1) is None
    assert box.feed(one, MAX_AGE + 2) == b"ab"


def test_the_oldest_gives_way_when_too_many_are_open() -> None:
    payloads = [split(bytes([n, 255]), 1) for n in range(MAX_OPEN + 1)]
    box = Reassembly()
    for one, _ in payloads:
        assert box.feed(one, 0) is None
    assert box.feed(payloads[-1][1], 0) == bytes([MAX_OPEN, 255])
    assert box.feed(payloads[1][1], 0) == bytes([1, 255])
    assert box.feed(payloads[0][1], 0) is None  # its first piece was dropped


def test_the_oldest_gives_way_when_too_much_waits() -> None:
    box = Reassembly()
    lost = pb.Fragment(id=bytes(32), index=0, count=2, data=b"x")
    assert box.feed(lost, 0) is None
    for number in (1, 2, 3):
        for index in range(63):
            piece = pb.Fragment(id=bytes([number]) * 32, index=index, count=64, data=bytes(PIECE_BYTES))
            assert box.feed(piece, 0) is None
    assert sum(part.size for part in box._open.values()) <= 2 * 64 * PIECE_BYTES
    assert bytes(32) not in box._open


def test_a_forged_piece_is_noticed_and_everything_forgotten() -> None:
    one, two = split(b"ab", 1)
    forged = pb.Fragment(id=one.id, index=0, count=2, data=b"x")
    box = Reassembly()
    assert box.feed(forged, 0) is None
    with pytest.raises(Malformed):
        box.feed(two, 0)
    assert box.feed(one, 0) is None
    assert box.feed(two, 0) == b"ab"


@pytest.mark.parametrize(
    "changed",
    [
        {"id": b"x"},
        {"index": 2},
        {"count": 0},
        {"count": 65},
        {"count": 3},
        {"data": b""},
        {"data": bytes(PIECE_BYTES + 1)},
    ],
)
def test_out_of_bounds(changed: dict[str, object]) -> None:
    one, two = split(b"ab", 1)
    for name, value in changed.items():
        setattr(two, name, value)
    box = Reassembly()
    box.feed(one, 0)
    with pytest.raises(Malformed):
        box.feed(two, 0)
    assert len(box._open) == 1
