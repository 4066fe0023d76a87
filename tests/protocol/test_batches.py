"""Batches: one canonical form, proper shapes, and the comparison with what was committed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.notices import ChangeKind
from bridge.protocol.batches import (
    MAX_BATCH_BYTES,
    VotedAdd,
    VotedChange,
    VotedPolicy,
    VotedRemove,
    canonical,
    check_matches,
    check_shape,
    decode_batch,
    encode_batch,
    key_package_hash,
    kind_of,
    notes,
)
from bridge.protocol.errors import BadBatch, Malformed
from bridge.protocol.ports import AddChange, Address, Change, PolicyChange, RemoveChange
from bridge.protocol.wire import demls_pb2 as pb

ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)
REQUESTERS = st.just(b"") | ADDRESSES
ADDS = st.builds(VotedAdd, ADDRESSES, st.binary(min_size=32, max_size=32), st.text(), REQUESTERS, st.text())
REMOVES = st.builds(VotedRemove, ADDRESSES, REQUESTERS, st.text())
POLICIES = st.builds(VotedPolicy, st.binary(max_size=100), REQUESTERS, st.text())


def who(number: int) -> Address:
    return Address(number.to_bytes(20, "big"))


def add(number: int, package: bytes | None = None, **texts: Any) -> VotedAdd:
    return VotedAdd(who(number), key_package_hash(package or bytes([number])), **texts)


@given(st.lists(ADDS | REMOVES | POLICIES, max_size=6))
def test_roundtrip_in_canonical_form(changes: list[VotedChange]) -> None:
    ordered = canonical(changes)
    assert canonical(ordered) == ordered
    assert decode_batch(encode_batch(changes)) == ordered


@given(st.lists(ADDS, max_size=5, unique_by=lambda change: change.address), st.randoms())
def test_order_does_not_matter(changes: list[VotedAdd], random: object) -> None:
    shuffled = changes[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert encode_batch(shuffled) == encode_batch(changes)


def test_removals_go_first_then_policies_then_adds_by_address() -> None:
    policy, remove = VotedPolicy(b"p"), VotedRemove(who(9))
    assert canonical([add(2), policy, add(1), remove]) == (remove, policy, add(1), add(2))


@given(st.binary(max_size=300))
def test_garbage_is_malformed_or_canonical(data: bytes) -> None:
    try:
        assert encode_batch(decode_batch(data)) == data
    except Malformed:
        return


@given(st.data())
def test_altered_bytes_are_malformed_or_another_batch(data: st.DataObject) -> None:
    raw = bytearray(encode_batch([add(1, name="Dave"), add(2)]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert decode_batch(bytes(raw)) != canonical([add(1, name="Dave"), add(2)])
    except Malformed:
        return


def _wire(*changes: pb.Change) -> bytes:
    return pb.Batch(changes=changes).SerializeToString()


@pytest.mark.parametrize(
    "data",
    [
        bytes(MAX_BATCH_BYTES + 1),
        _wire(pb.Change()),
        _wire(pb.Change(remove=pb.Remove(address=b"short"))),
        _wire(pb.Change(add=pb.Add(address=who(1), key_package_hash=b"short"))),
        _wire(pb.Change(remove=pb.Remove(address=who(1)), requester=b"short")),
        _wire(pb.Change(remove=pb.Remove(address=who(1)), reason="line\nbreak")),
        _wire(pb.Change(remove=pb.Remove(address=who(1)), reason="x" * 513)),
        _wire(pb.Change(add=pb.Add(address=who(1), key_package_hash=bytes(32), name="\u202egnirts"))),
        _wire(*[pb.Change(remove=pb.Remove(address=who(n))) for n in (2, 1)]),
        _wire(*[pb.Change(remove=pb.Remove(address=who(n))) for n in range(51)]),
        encode_batch([add(1)]) + b"\xa2\x06\x01x",
    ],
)
def test_not_canonical_or_out_of_bounds(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode_batch(data)


@pytest.mark.parametrize(
    "changes",
    [
        (add(1),),
        tuple(add(n) for n in range(50)),
        (VotedRemove(who(1)),),
        (VotedPolicy(b"p"),),
    ],
)
def test_proper_shapes(changes: tuple[VotedChange, ...]) -> None:
    check_shape(changes)


@pytest.mark.parametrize(
    "changes",
    [
        (),
        (VotedRemove(who(1)), VotedRemove(who(2))),
        (VotedRemove(who(1)), add(2)),
        (VotedPolicy(b"p"), add(2)),
        (VotedPolicy(b"p"), VotedPolicy(b"q")),
        tuple(add(n) for n in range(51)),
        (add(1), add(1, b"other")),
        (add(1, b"same"), add(2, b"same")),
    ],
)
def test_improper_shapes(changes: tuple[VotedChange, ...]) -> None:
    with pytest.raises(BadBatch):
        check_shape(changes)


def test_kinds_and_notes() -> None:
    changes = (add(1, name="Dave", reason="asked"),)
    assert kind_of(changes) is ChangeKind.ADD
    assert kind_of((VotedRemove(who(1)),)) is ChangeKind.REMOVE
    assert kind_of((VotedPolicy(b""),)) is ChangeKind.POLICY
    (note,) = notes(changes)
    assert (note.subject, note.name, note.reason) == (who(1), "Dave", "asked")
    assert notes((VotedPolicy(b"p", who(2)),))[0].requester == who(2)


def test_exactly_the_voted_changes_match() -> None:
    adds = [add(1), add(2)]
    done = [AddChange(who(2), b"\x02"), AddChange(who(1), b"\x01")]
    check_matches(adds, done)
    check_matches([VotedRemove(who(1))], [RemoveChange(who(1))])
    check_matches([VotedPolicy(b"p")], [PolicyChange(b"p")])
    other_package = [AddChange(who(1), b"x"), done[0]]
    wrongs: list[list[Change]] = [
        [done[0]],
        [*done, done[0]],
        [*done, RemoveChange(who(3))],
        [*other_package],
    ]
    for wrong in wrongs:
        with pytest.raises(BadBatch):
            check_matches(adds, wrong)
