"""Who is answered, how much, and when somebody else was quicker."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress

import pytest

from bridge.conversation.answering import MAX_WAITING, Answerer, missing_of
from bridge.conversation.topics import content_topic, digest
from bridge.conversation.tuning import Tuning
from bridge.conversation.wirelog import WireLog
from bridge.protocol.events import Topic
from bridge.protocol.history import PREFIX_BYTES, HistoryRequest
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb
from bridge.storage.archive import ArchiveRow

NOW = 1_800_000_000
APP, WELCOME = content_topic("room", Topic.APP), content_topic("room", Topic.WELCOME)
ASKER = Address(bytes(range(20)))


def row(payload: bytes, topic: str = APP, age: int = 5) -> ArchiveRow:
    return ArchiveRow(topic, payload, hashlib.sha256(payload).digest(), NOW - age)


def request(since: int = 0, requester: Address = ASKER) -> HistoryRequest:
    return HistoryRequest(b"room", requester, since, NOW)


class Side:
    """An answerer over a given archive; keeps what it publishes and what it was asked to look for."""

    def __init__(self, rows: list[ArchiveRow], tuning: Tuning | None = None) -> None:
        self.rows, self.now = rows, float(NOW)
        self.published: list[tuple[str, bytes]] = []
        self.looked: list[tuple[int, int]] = []
        self.wire = WireLog()
        self.answerer = Answerer(
            self._missing, self._replay, self.wire, lambda: 0.0, lambda: self.now, tuning or Tuning()
        )

    async def _missing(self, since: int, have: frozenset[bytes], limit: int) -> list[ArchiveRow]:
        self.looked.append((since, limit))
        return self.rows[:limit]

    async def _replay(self, topic: str, payload: bytes) -> None:
        self.published.append((topic, payload))


async def test_publishes_verbatim_in_order() -> None:
    side = Side([row(b"a"), row(b"b"), row(b"w", WELCOME)])
    assert await side.answerer.answer(request(), NOW) == 3
    assert side.published == [(APP, b"a"), (APP, b"b"), (WELCOME, b"w")]


async def test_is_bounded_in_count_bytes_and_age() -> None:
    tuning = Tuning(answer_count=2, answer_bytes=10)
    side = Side([row(b"a" * 8), row(b"b" * 8), row(b"c")], tuning)
    assert await side.answerer.answer(request(), NOW) == 1
    assert side.looked == [(NOW - tuning.archive_age, 2)]
    large = Side([row(b"x" * 50)], tuning)
    assert await large.answerer.answer(request(), NOW) == 1  # or it would never go out


async def test_skips_what_somebody_else_has_answered() -> None:
    side = Side([row(b"a"), row(b"b"), row(b"c")])
    side.wire.note(digest(APP, b"a"), NOW + 1)
    side.wire.note(digest(APP, b"c"), NOW - 1)  # before the request came: the asker missed that
    assert await side.answerer.answer(request(), NOW) == 2
    assert [payload for _, payload in side.published] == [b"b", b"c"]


async def test_old_join_requests_are_not_dug_out() -> None:
    join = pb.WelcomeMessage(join_request=pb.JoinRequest(encrypted=bytes(200))).SerializeToString()
    invitation = pb.WelcomeMessage(
        invitation_to_join=pb.InvitationToJoin(mls_message_out_bytes=bytes(50), group_id=b"room")
    ).SerializeToString()
    side = Side([row(join, WELCOME, age=700), row(invitation, WELCOME, age=700), row(join, WELCOME, age=10)])
    await side.answerer.answer(request(), NOW)
    assert [payload for _, payload in side.published] == [invitation, join]


async def test_each_member_is_answered_so_often_only() -> None:
    tuning = Tuning(answer_burst=2, answer_every=10)
    side = Side([], tuning)
    other = Address(bytes(20))
    assert [side.answerer.consider(request()) for _ in range(3)] == [True, True, False]
    assert side.answerer.consider(request(requester=other))
    side.now += 10
    assert [side.answerer.consider(request()) for _ in range(2)] == [True, False]


async def test_only_so_many_wait() -> None:
    side = Side([])
    asked = [
        side.answerer.consider(request(requester=Address(bytes([n]) * 20))) for n in range(MAX_WAITING + 2)
    ]
    assert asked == [True] * MAX_WAITING + [False] * 2


async def test_run_answers_what_was_considered() -> None:
    side = Side([row(b"a")])
    task = asyncio.create_task(side.answerer.run())
    side.answerer.consider(request())
    while not side.published:
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert side.published == [(APP, b"a")]


@pytest.mark.parametrize(("limit", "expected"), [(5, [b"b" * 32, b"c" * 32]), (1, [b"b" * 32])])
def test_missing_is_what_the_asker_does_not_name(limit: int, expected: list[bytes]) -> None:
    index = [(1, b"a" * 32), (2, b"b" * 32), (3, b"c" * 32)]
    assert missing_of(index, frozenset([b"a" * PREFIX_BYTES]), limit) == expected
