"""The group policy as bytes: the content of the private-use group-context extension.

Canonical protobuf; bytes that do not re-encode to themselves are refused, so that equal policies are equal
bytes (a ballot on a policy names it by its bytes).
"""

from __future__ import annotations

import hashlib

from google.protobuf.message import DecodeError

from bridge.protocol.errors import Malformed
from bridge.protocol.ports import Address
from bridge.protocol.types import ADDRESS_BYTES, BallotRules, Coordination, GroupPolicy, Silence, Timing
from bridge.protocol.wire import demls_pb2 as pb

VERSION = 1
MAX_CANDIDATES = 64
MAX_LISTED = 256
"""Service members, and likewise addresses listed for the bootstrap."""
MAX_MIN_VOTES = 10_000
MAX_SECONDS = 30 * 86_400
"""No duration of a policy is longer than 30 days."""
MAX_POLICY_BYTES = 16_384

_SILENCE_TO_WIRE = {
    Silence.ABSTAIN: pb.SILENCE_ABSTAIN,
    Silence.APPROVE: pb.SILENCE_APPROVE,
    Silence.REJECT: pb.SILENCE_REJECT,
}
_SILENCE_FROM_WIRE = {number: value for value, number in _SILENCE_TO_WIRE.items()}
_COORDINATION_TO_WIRE = {
    Coordination.WAKU: pb.COORDINATION_WAKU,
    Coordination.CONTRACT: pb.COORDINATION_CONTRACT,
}
_COORDINATION_FROM_WIRE = {number: value for value, number in _COORDINATION_TO_WIRE.items()}


def check_policy(policy: GroupPolicy) -> None:
    """Raise Malformed unless every address and number is within its bounds and no list repeats itself."""
    _check_addresses("creator", (policy.creator,), 1, 1)
    _check_addresses("steward candidates", policy.steward_candidates, 1, MAX_CANDIDATES)
    _check_addresses("service members", policy.service_members, 0, MAX_LISTED)
    _check_addresses("addresses listed for the bootstrap", policy.bootstrap_listed, 0, MAX_LISTED)
    if not 0 <= policy.rules.min_votes <= MAX_MIN_VOTES:
        raise Malformed(f"policy: min_votes must be 0 to {MAX_MIN_VOTES}")
    timing = policy.timing
    for seconds in (timing.steward_epoch, timing.waiting, timing.voting, timing.commit):
        if not 1 <= seconds <= MAX_SECONDS:
            raise Malformed(f"policy: durations must be 1 to {MAX_SECONDS} seconds")


def _check_addresses(what: str, addresses: tuple[Address, ...], least: int, most: int) -> None:
    if not least <= len(addresses) <= most:
        raise Malformed(f"policy: {len(addresses)} {what}, allowed are {least} to {most}")
    if any(len(address) != ADDRESS_BYTES for address in addresses):
        raise Malformed(f"policy: {what}: an address has {ADDRESS_BYTES} bytes")
    if len(set(addresses)) < len(addresses):
        raise Malformed(f"policy: {what}: one address twice")


def encode_policy(policy: GroupPolicy) -> bytes:
    """The canonical bytes. Raises Malformed when the policy is out of bounds."""
    check_policy(policy)
    rules, timing = policy.rules, policy.timing
    message = pb.GroupPolicy(
        version=VERSION,
        creator=policy.creator,
        steward_candidates=policy.steward_candidates,
        service_members=policy.service_members,
        ballot_rules=pb.BallotRules(
            adds=_SILENCE_TO_WIRE[rules.adds],
            removals=_SILENCE_TO_WIRE[rules.removals],
            policies=_SILENCE_TO_WIRE[rules.policies],
            min_votes=rules.min_votes,
        ),
        coordination=_COORDINATION_TO_WIRE[policy.coordination],
        chat_during_ballot=policy.chat_during_ballot,
        bootstrap_open=policy.bootstrap_open,
        bootstrap_listed=policy.bootstrap_listed,
        timing=pb.Timing(
            steward_epoch=timing.steward_epoch,
            waiting=timing.waiting,
            voting=timing.voting,
            commit=timing.commit,
        ),
    )
    return message.SerializeToString(deterministic=True)


def check_proposed(data: bytes, present: GroupPolicy) -> None:
    """Raise Malformed unless a policy that somebody proposes can follow the present one."""
    following = decode_policy(data)
    if following.creator != present.creator:
        raise Malformed("a policy cannot change the group's creator")
    if following == present:
        raise Malformed("the group has these settings already")


def in_words(data: bytes) -> str:
    """What people must know who vote on a policy; empty for one that cannot be read."""
    try:
        policy = decode_policy(data)
    except Malformed:
        return ""
    rules, timing = policy.rules, policy.timing
    return (
        f"votes counted by {policy.coordination.value}, open for {timing.voting} s, a round every "
        f"{timing.steward_epoch} s; silence: adds {rules.adds.value}, removals {rules.removals.value}, rules "
        f"{rules.policies.value}; {len(policy.steward_candidates)} steward(s), "
        f"{len(policy.service_members)} bridge(s) without a vote"
    )


def policy_hash(policy: GroupPolicy) -> bytes:
    """How a chain names a policy: SHA-256 of its canonical bytes."""
    return hashlib.sha256(encode_policy(policy)).digest()


def decode_policy(data: bytes) -> GroupPolicy:
    """Read a policy. Raises Malformed: too large, unparsable, unknown version or value, out of bounds."""
    if len(data) > MAX_POLICY_BYTES:
        raise Malformed(f"policy of {len(data)} bytes, at most {MAX_POLICY_BYTES} are allowed")
    try:
        message = pb.GroupPolicy.FromString(data)
    except DecodeError as error:
        raise Malformed("policy does not parse") from error
    if message.version != VERSION:
        raise Malformed(f"policy of version {message.version}; this program knows {VERSION}")
    try:
        policy = _from_wire(message)
    except KeyError as error:
        raise Malformed("policy with an unknown rule") from error
    if encode_policy(policy) != data:
        raise Malformed("policy is not in canonical form")
    return policy


def _from_wire(message: pb.GroupPolicy) -> GroupPolicy:
    """Field by field; KeyError on an unknown enum value. `encode_policy` checks the bounds."""
    rules, timing = message.ballot_rules, message.timing
    return GroupPolicy(
        creator=Address(message.creator),
        steward_candidates=tuple(Address(item) for item in message.steward_candidates),
        service_members=tuple(Address(item) for item in message.service_members),
        rules=BallotRules(
            adds=_SILENCE_FROM_WIRE[rules.adds],
            removals=_SILENCE_FROM_WIRE[rules.removals],
            policies=_SILENCE_FROM_WIRE[rules.policies],
            min_votes=rules.min_votes,
        ),
        coordination=_COORDINATION_FROM_WIRE[message.coordination],
        chat_during_ballot=message.chat_during_ballot,
        bootstrap_open=message.bootstrap_open,
        bootstrap_listed=tuple(Address(item) for item in message.bootstrap_listed),
        timing=Timing(timing.steward_epoch, timing.waiting, timing.voting, timing.commit),
    )
