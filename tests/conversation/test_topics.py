"""Content topics and digests."""

from __future__ import annotations

import pytest

from bridge.conversation.topics import content_topic, digest, parse
from bridge.protocol.events import Topic


@pytest.mark.parametrize("topic", list(Topic))
def test_round_trip(topic: Topic) -> None:
    name = content_topic("de-mls.test_1", topic)
    assert name == f"/de-mls.test_1/1/{topic}/proto"
    assert parse(name) == ("de-mls.test_1", topic)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/g/1/other/proto",
        "/g/2/welcome/proto",
        "/G/1/welcome/proto",
        "/g/1/welcome/proto\n",
        "/a/b/1/welcome/proto",
    ],
)
def test_foreign_names_are_not_ours(name: str) -> None:
    assert parse(name) is None


def test_the_digest_separates_topic_and_payload() -> None:
    assert digest("/a", b"b") != digest("/ab", b"")
    assert digest("/a", b"b") == digest("/a", b"b")
