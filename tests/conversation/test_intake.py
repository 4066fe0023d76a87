"""What the engine gets to see: whole payloads, whatever they travelled as."""

from __future__ import annotations

import hashlib
import random

import pytest

from bridge.conversation.intake import (
    FRAGMENT_LIMIT,
    HistoryCall,
    Intake,
    Received,
    Whole,
    pieces,
    whole_digests,
)
from bridge.conversation.topics import content_topic, digest
from bridge.protocol.errors import Malformed
from bridge.protocol.events import Topic
from bridge.protocol.wire import demls_pb2 as pb

GROUP = "room"


def random_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def test_a_small_payload_is_whole() -> None:
    intake = Intake(GROUP)
    received = Received(Topic.APP, b"\0\1mls")
    whole = intake.take(received, 0)
    key = digest(content_topic(GROUP, Topic.APP), b"\0\1mls")
    name = hashlib.sha256(b"\0\1mls").digest()
    assert whole == Whole(Topic.APP, b"\0\1mls", (key,), name, archive=True)
    assert intake.keys(received) == (key, name)


@pytest.mark.parametrize("size", [FRAGMENT_LIMIT + 1, 3 * FRAGMENT_LIMIT + 7])
@pytest.mark.parametrize("topic", list(Topic))
def test_a_large_payload_travels_in_pieces_and_comes_in_any_order(topic: Topic, size: int) -> None:
    payload = random_bytes(size)
    parts = pieces(topic, payload)
    assert len(parts) == -(-size // FRAGMENT_LIMIT)
    assert parts == pieces(topic, payload)  # the very same bytes when it is published again
    random.Random(1).shuffle(parts)
    intake = Intake(GROUP)
    results = [intake.take(Received(topic, part, replayed=True), 0) for part in [*parts[:-1], parts[0]]]
    assert results == [None] * len(parts)
    whole = intake.take(Received(topic, parts[-1], replayed=True), 1)
    assert isinstance(whole, Whole)
    assert (whole.payload, whole.replayed, whole.archive) == (payload, True, True)
    key, name = intake.keys(Received(topic, parts[0]))
    assert key in whole.digests
    assert name == whole.name
    assert whole.digests == whole_digests(GROUP, topic, payload)


def test_what_fits_is_not_split() -> None:
    payload = random_bytes(FRAGMENT_LIMIT)
    assert pieces(Topic.APP, payload) == [payload]


def test_forged_pieces_are_refused() -> None:
    intake = Intake(GROUP)
    wrong = pb.Fragment(id=bytes(32), index=0, count=1, data=b"not this")
    with pytest.raises(Malformed):
        intake.take(Received(Topic.APP, pb.AppMessage(fragment=wrong).SerializeToString()), 0)


def test_a_request_for_history_is_put_aside() -> None:
    request = pb.HistoryRequest(
        group_id=b"room", requester=bytes(20), since=1, time=2, have=b"", signature=bytes(65)
    )
    payload = pb.AppMessage(history_request=request).SerializeToString()
    taken = Intake(GROUP).take(Received(Topic.APP, payload), 0)
    assert taken == HistoryCall(request, digest(content_topic(GROUP, Topic.APP), payload))


@pytest.mark.parametrize("topic", list(Topic))
@pytest.mark.parametrize("payload", [b"", b"\xff" * 30, b"\x0a\xff\xff\xff\xff\x0f", bytes(10)])
def test_garbage_goes_to_the_engine_to_be_refused(topic: Topic, payload: bytes) -> None:
    taken = Intake(GROUP).take(Received(topic, payload), 0)
    assert isinstance(taken, Whole)
    assert taken.payload == payload
    assert taken.archive is (topic is Topic.APP)


def test_an_announcement_is_not_kept_for_others() -> None:
    message = pb.WelcomeMessage(
        group_announcement=pb.GroupAnnouncement(
            eth_pub_key=bytes(33),
            signature=bytes(65),
            group_id=b"room",
            steward=bytes(20),
            time=1,
            creator=bytes(20),
        )
    )
    taken = Intake(GROUP).take(Received(Topic.WELCOME, message.SerializeToString()), 0)
    assert isinstance(taken, Whole)
    assert not taken.archive
