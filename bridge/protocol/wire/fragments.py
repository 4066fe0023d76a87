"""Payloads over 140,000 bytes travel in pieces (protocol.md section 4)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from bridge.protocol.errors import LocalError, Malformed
from bridge.protocol.wire import demls_pb2 as pb

PIECE_BYTES = 140_000
MAX_PIECES = 64
MAX_OPEN = 8
"""Payloads whose pieces are collected at one time."""
MAX_AGE = 60
"""Seconds for which a payload waits for its other pieces; lost ones come again by history."""
MAX_BYTES = 2 * MAX_PIECES * PIECE_BYTES
"""Bytes of all pieces that wait: two of the largest payloads, 18 MB."""
ID_BYTES = 32


def split(data: bytes, limit: int = PIECE_BYTES) -> list[pb.Fragment]:
    """The pieces of `data`, at most `limit` bytes each; always the same. Raises LocalError over 64 pieces."""
    count = -(-len(data) // limit)
    if not 1 <= count <= MAX_PIECES:
        raise LocalError(f"a payload of {len(data)} bytes does not fit in {MAX_PIECES} pieces")
    whole = hashlib.sha256(data).digest()
    return [
        pb.Fragment(id=whole, index=index, count=count, data=data[index * limit : (index + 1) * limit])
        for index in range(count)
    ]


@dataclass(slots=True)
class _Partial:
    count: int
    since: float
    pieces: dict[int, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces.values()))


class Reassembly:
    """Collects pieces. Bounded in number, bytes and age; when full, the oldest payload gives way."""

    def __init__(self) -> None:
        self._open: dict[bytes, _Partial] = {}  # in order of arrival, so the first is the oldest

    def feed(self, fragment: pb.Fragment, now: float) -> bytes | None:
        """The whole payload when `fragment` was its last piece, else None. `now` in seconds.

        Raises Malformed: a piece out of bounds, at odds with the others, or a whole that is not what its id
        says (then all its pieces are forgotten; one of them was forged).
        """
        _check(fragment)
        self._drop_old(now)
        partial = self._open.get(fragment.id)
        if partial is None:
            partial = self._open[fragment.id] = _Partial(fragment.count, now)
        if fragment.count != partial.count:
            raise Malformed("a fragment that counts differently from the others")
        partial.pieces.setdefault(fragment.index, fragment.data)
        if len(partial.pieces) == partial.count:
            del self._open[fragment.id]
            return _joined(fragment.id, partial)
        self._make_room()
        return None

    def _drop_old(self, now: float) -> None:
        self._open = {key: part for key, part in self._open.items() if now - part.since <= MAX_AGE}

    def _make_room(self) -> None:
        while len(self._open) > MAX_OPEN or sum(part.size for part in self._open.values()) > MAX_BYTES:
            del self._open[next(iter(self._open))]


def _check(fragment: pb.Fragment) -> None:
    if len(fragment.id) != ID_BYTES or not 0 < len(fragment.data) <= PIECE_BYTES:
        raise Malformed("a fragment without a proper id or content")
    if not 1 <= fragment.count <= MAX_PIECES or fragment.index >= fragment.count:
        raise Malformed(f"fragment {fragment.index} of {fragment.count}")


def _joined(whole_id: bytes, partial: _Partial) -> bytes:
    data = b"".join(partial.pieces[index] for index in range(partial.count))
    if hashlib.sha256(data).digest() != whole_id:
        raise Malformed("the fragments do not make the payload that they name")
    return data
