"""The group policy as bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol.errors import Malformed
from bridge.protocol.policy import MAX_POLICY_BYTES, check_policy, decode_policy, encode_policy
from bridge.protocol.ports import Address
from bridge.protocol.types import BallotRules, Coordination, GroupPolicy, Silence, Timing
from bridge.protocol.wire import demls_pb2 as pb

ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)
SECONDS = st.integers(1, 30 * 86_400)


def lists(least: int, most: int) -> st.SearchStrategy[tuple[Address, ...]]:
    return st.lists(ADDRESSES, min_size=least, max_size=most, unique=True).map(tuple)


POLICIES = st.builds(
    GroupPolicy,
    creator=ADDRESSES,
    steward_candidates=lists(1, 64),
    service_members=lists(0, 20),
    rules=st.builds(
        BallotRules,
        *[st.sampled_from(Silence)] * 3,
        min_votes=st.integers(0, 10_000),
    ),
    coordination=st.sampled_from(Coordination),
    chat_during_ballot=st.booleans(),
    bootstrap_open=st.booleans(),
    bootstrap_listed=lists(0, 20),
    timing=st.builds(Timing, SECONDS, SECONDS, SECONDS, SECONDS),
)
CREATOR = Address(bytes(range(20)))
POLICY = GroupPolicy(CREATOR, (CREATOR,))


@given(POLICIES)
def test_roundtrip(policy: GroupPolicy) -> None:
    assert decode_policy(encode_policy(policy)) == policy


@given(st.binary(max_size=400))
def test_garbage_is_malformed_or_canonical(data: bytes) -> None:
    try:
        policy = decode_policy(data)
    except Malformed:
        return
    assert encode_policy(policy) == data


@given(st.data())
def test_an_altered_policy_is_malformed_or_another_one(data: st.DataObject) -> None:
    raw = bytearray(encode_policy(POLICY))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert decode_policy(bytes(raw)) != POLICY
    except Malformed:
        return


def _many(count: int) -> tuple[Address, ...]:
    return tuple(Address(n.to_bytes(20, "big")) for n in range(count))


@pytest.mark.parametrize(
    "policy",
    [
        replace(POLICY, creator=Address(b"x")),
        replace(POLICY, steward_candidates=()),
        replace(POLICY, steward_candidates=(CREATOR, CREATOR)),
        replace(POLICY, steward_candidates=_many(65)),
        replace(POLICY, service_members=_many(257)),
        replace(POLICY, service_members=(Address(b""),)),
        replace(POLICY, bootstrap_listed=_many(257)),
        replace(POLICY, rules=BallotRules(min_votes=-1)),
        replace(POLICY, rules=BallotRules(min_votes=10_001)),
        replace(POLICY, timing=Timing(voting=0)),
        replace(POLICY, timing=Timing(waiting=-1)),
        replace(POLICY, timing=Timing(commit=0)),
        replace(POLICY, timing=Timing(steward_epoch=30 * 86_400 + 1)),
    ],
)
def test_out_of_bounds(policy: GroupPolicy) -> None:
    with pytest.raises(Malformed):
        check_policy(policy)
    with pytest.raises(Malformed):
        encode_policy(policy)


def test_the_largest_policy_fits() -> None:
    most = replace(
        POLICY, steward_candidates=_many(64), service_members=_many(256), bootstrap_listed=_many(256)
    )
    data = encode_policy(most)
    assert len(data) < MAX_POLICY_BYTES
    assert decode_policy(data) == most


@pytest.mark.parametrize("data", [b"", bytes(MAX_POLICY_BYTES + 1), b"\x08\x02"])
def test_empty_oversized_and_later_versions(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode_policy(data)


def test_unknown_rules_and_fields_are_refused() -> None:
    message = pb.GroupPolicy.FromString(encode_policy(POLICY))
    message.ballot_rules.adds = 3  # type: ignore[assignment]
    for data in (message.SerializeToString(), encode_policy(POLICY) + b"\xa2\x06\x01x"):
        with pytest.raises(Malformed):
            decode_policy(data)
