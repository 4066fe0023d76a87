"""A batch: the changes that one ballot decides, in their only canonical form.

The form is what voters sign (through the ballot's digest), so it is unique: changes in a fixed order, texts
cleaned and cut, protobuf fields ascending, defaults omitted. Whatever does not re-encode to the same bytes
is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from google.protobuf.message import DecodeError

from bridge.model.notices import ChangeKind, ChangeNote
from bridge.protocol.errors import BadBatch, Malformed
from bridge.protocol.policy import in_words
from bridge.protocol.ports import AddChange, Address, Change, PolicyChange, RemoveChange
from bridge.protocol.types import ADDRESS_BYTES
from bridge.protocol.wire import demls_pb2 as pb
from bridge.protocol.wire.text import clean_line

MAX_ADDS = 50
"""protocol.md section 6: batch of at most 50."""
MAX_BATCH_BYTES = 65_536
"""50 adds with the longest texts are below 46,000; the largest policy is below 13,000."""
MAX_NAME_BYTES = 256
MAX_REASON_BYTES = 512


@dataclass(frozen=True, slots=True)
class VotedAdd:
    """Add `address` by the key package with this SHA-256 (32 bytes, of the bare TLS form)."""

    address: Address
    key_package_hash: bytes
    name: str = ""
    requester: bytes = b""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VotedRemove:
    """Remove `address`."""

    address: Address
    requester: bytes = b""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VotedPolicy:
    """Replace the group policy by this one (encoded as in `policy.py`)."""

    policy: bytes
    requester: bytes = b""
    reason: str = ""


VotedChange = VotedAdd | VotedRemove | VotedPolicy


def key_package_hash(key_package: bytes) -> bytes:
    """How a ballot names a key package: SHA-256 of its bare TLS form."""
    return hashlib.sha256(key_package).digest()


def canonical(changes: Iterable[VotedChange]) -> tuple[VotedChange, ...]:
    """The same changes in canonical order (removals, policies, adds by address), texts cleaned and cut."""
    return tuple(sorted((_cleaned(change) for change in changes), key=_rank))


def _cleaned(change: VotedChange) -> VotedChange:
    reason = clean_line(change.reason, MAX_REASON_BYTES)
    if isinstance(change, VotedAdd):
        return replace(change, reason=reason, name=clean_line(change.name, MAX_NAME_BYTES))
    return replace(change, reason=reason)


def _rank(change: VotedChange) -> tuple[int, bytes]:
    match change:
        case VotedRemove(address=address):
            return 0, address
        case VotedPolicy(policy=policy):
            return 1, policy
        case VotedAdd(address=address):
            return 2, address


def encode_batch(changes: Iterable[VotedChange]) -> bytes:
    """The canonical bytes of a batch. Raises Malformed when an address or a hash has the wrong size."""
    batch = pb.Batch()
    for change in canonical(changes):
        _check_sizes(change)
        entry = batch.changes.add(requester=change.requester, reason=change.reason)
        match change:
            case VotedAdd(address=address, key_package_hash=digest, name=name):
                entry.add.CopyFrom(pb.Add(address=address, key_package_hash=digest, name=name))
            case VotedRemove(address=address):
                entry.remove.CopyFrom(pb.Remove(address=address))
            case VotedPolicy(policy=policy):
                entry.set_policy.CopyFrom(pb.SetPolicy(policy=policy))
    return batch.SerializeToString(deterministic=True)


def decode_batch(data: bytes) -> tuple[VotedChange, ...]:
    """Read a batch. Raises Malformed when it is too large, does not parse or is not canonical."""
    if len(data) > MAX_BATCH_BYTES:
        raise Malformed(f"batch of {len(data)} bytes, at most {MAX_BATCH_BYTES} are allowed")
    try:
        batch = pb.Batch.FromString(data)
    except DecodeError as error:
        raise Malformed("batch does not parse") from error
    if len(batch.changes) > MAX_ADDS:
        raise Malformed(f"batch of {len(batch.changes)} changes")
    changes = tuple(_change_from_wire(entry) for entry in batch.changes)
    if encode_batch(changes) != data:
        raise Malformed("batch is not in canonical form")
    return changes


def _change_from_wire(entry: pb.Change) -> VotedChange:
    requester, reason = entry.requester, entry.reason
    match entry.WhichOneof("kind"):
        case "add":
            add = entry.add
            return VotedAdd(Address(add.address), add.key_package_hash, add.name, requester, reason)
        case "remove":
            return VotedRemove(Address(entry.remove.address), requester, reason)
        case "set_policy":
            return VotedPolicy(entry.set_policy.policy, requester, reason)
        case _:
            raise Malformed("a change without a kind")


def _check_sizes(change: VotedChange) -> None:
    if len(change.requester) not in (0, ADDRESS_BYTES):
        raise Malformed("a requester is an address or empty")
    if isinstance(change, VotedPolicy):
        return
    if len(change.address) != ADDRESS_BYTES:
        raise Malformed(f"an address of {len(change.address)} bytes in a batch")
    if isinstance(change, VotedAdd) and len(change.key_package_hash) != hashlib.sha256().digest_size:
        raise Malformed("a key package is named by its SHA-256, 32 bytes")


def check_shape(changes: Sequence[VotedChange]) -> None:
    """Raise BadBatch unless it is 1 to 50 adds, or exactly one removal, or exactly one policy.

    Nobody is voted out in a parcel (protocol.md section 7). No address and no key package comes twice.
    """
    if not changes:
        raise BadBatch("an empty batch")
    adds = [change for change in changes if isinstance(change, VotedAdd)]
    if len(adds) != len(changes):
        if len(changes) > 1:
            raise BadBatch("a removal or a policy stands alone in its batch")
        return
    if len(adds) > MAX_ADDS:
        raise BadBatch(f"{len(adds)} adds in a batch, at most {MAX_ADDS} are allowed")
    if len({add.address for add in adds}) < len(adds):
        raise BadBatch("one address is added twice")
    if len({add.key_package_hash for add in adds}) < len(adds):
        raise BadBatch("one key package is used twice")


def kind_of(changes: Sequence[VotedChange]) -> ChangeKind:
    """The kind of a batch of proper shape (`check_shape`); its first change says it."""
    return _kind(changes[0])


def _kind(change: VotedChange) -> ChangeKind:
    match change:
        case VotedAdd():
            return ChangeKind.ADD
        case VotedRemove():
            return ChangeKind.REMOVE
        case VotedPolicy():
            return ChangeKind.POLICY


def notes(changes: Iterable[VotedChange]) -> tuple[ChangeNote, ...]:
    """The changes as facts for the rooms. A policy change has no subject; its name says what it holds."""
    return tuple(_note(change) for change in changes)


def _note(change: VotedChange) -> ChangeNote:
    subject = b"" if isinstance(change, VotedPolicy) else change.address
    name = ""
    if isinstance(change, VotedAdd):
        name = change.name
    elif isinstance(change, VotedPolicy):
        name = in_words(change.policy)
    return ChangeNote(_kind(change), subject, change.requester, change.reason, name)


def check_matches(voted: Iterable[VotedChange], staged: Sequence[Change]) -> None:
    """Raise BadBatch unless `staged` does exactly what was voted: nothing more, nothing less, nothing twice."""
    wanted = sorted(_voted_key(change) for change in voted)
    found = sorted(_staged_key(change) for change in staged)
    if wanted != found:
        raise BadBatch("the commit's changes are not exactly the voted ones")


def _voted_key(change: VotedChange) -> tuple[str, bytes, bytes]:
    match change:
        case VotedAdd(address=address, key_package_hash=digest):
            return "add", address, digest
        case VotedRemove(address=address):
            return "remove", address, b""
        case VotedPolicy(policy=policy):
            return "policy", policy, b""


def _staged_key(change: Change) -> tuple[str, bytes, bytes]:
    match change:
        case AddChange(address=address, key_package=package):
            return "add", address, key_package_hash(package)
        case RemoveChange(address=address):
            return "remove", address, b""
        case PolicyChange(policy=policy):
            return "policy", policy, b""
