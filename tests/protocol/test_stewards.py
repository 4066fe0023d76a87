"""The order of the stewards."""

from __future__ import annotations

import pytest

from bridge.protocol.stewards import order, rank

ROOM = b"vector-room"


def leaf(number: int) -> bytes:
    return number.to_bytes(4, "big")


def test_the_published_hash() -> None:
    # v4-vectors.txt: hash(7,1,leaf 2)
    expected = "9ae1587bc2f430f976d8d0e59553c2edfd8749492e2998ccd910e04d6243b830"
    assert rank(leaf(2), ROOM, 7, 1).hex() == expected


@pytest.mark.parametrize(
    ("epoch", "retry", "leaves", "expected"),
    [
        (0, 0, 3, (2, 1)),
        (7, 0, 5, (3, 2)),
        (7, 1, 5, (3, 0)),
        (7, 2, 5, (2, 1, 4)),
        (258, 65_537, 6, (5, 1, 0, 3, 2)),
    ],
)
def test_the_published_lists(epoch: int, retry: int, leaves: int, expected: tuple[int, ...]) -> None:
    members = [leaf(number) for number in range(leaves)]
    found = order(members, members, ROOM, epoch, retry, None)
    assert found[: len(expected)] == tuple(map(leaf, expected))


def test_the_present_steward_stays_first_in_the_first_round_only() -> None:
    members = [leaf(number) for number in range(5)]
    usual = order(members, members, ROOM, 7, 0, None)
    assert usual[0] != leaf(4)
    others = tuple(member for member in usual if member != leaf(4))
    assert order(members, members, ROOM, 7, 0, leaf(4)) == (leaf(4), *others)
    assert order(members, members, ROOM, 7, 1, leaf(4)) == order(members, members, ROOM, 7, 1, None)


def test_only_candidates_that_are_members() -> None:
    candidates = [leaf(1), leaf(2), leaf(3)]
    found = order(candidates, [leaf(0), leaf(2), leaf(3)], ROOM, 1, 0, leaf(1))
    assert sorted(found) == [leaf(2), leaf(3)]
    assert leaf(0) not in order(candidates, [leaf(0), leaf(2)], ROOM, 1, 0, leaf(0))
    assert order(candidates, [], ROOM, 1, 0, None) == ()
