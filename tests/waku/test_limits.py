"""The rules exist twice, in Python and in Rust: here they are held against each other."""

from __future__ import annotations

import pytest

from bridge import _native
from bridge.waku.errors import BadMessage
from bridge.waku.limits import MAX_ENCODED, check_outgoing, encoded_size, well_formed_content_topic
from bridge.waku.transport import WakuMessage

TOPIC = "/g/1/app_msg/proto"


@pytest.fixture
def node() -> _native.WakuNode:
    return _native.WakuNode(
        pubsub_topic="/waku/2/rs/15/1",
        listen_address="127.0.0.1",
        port=0,
        peers=[],
        identity=None,
        max_in_flight=1_000,
        publish_rate=1_000,
        max_waiting=1,
        redial_first=1.0,
        redial_longest=1.0,
    )


def _native_code(node: _native.WakuNode, message: WakuMessage) -> str:
    try:
        node.publish(
            message.content_topic,
            message.payload,
            message.timestamp_ns,
            message.meta,
            message.version,
            message.ephemeral,
        )
    except _native.WakuFailure as failure:
        return failure.args[0]
    return "accepted"


@pytest.mark.parametrize(
    ("timestamp", "meta", "version", "ephemeral"),
    [(0, b"", 0, False), (1, b"m", 2, True), (-1, b"", 1, False), (2**63 - 1, b"x" * 64, 2**32 - 1, True)],
)
def test_sizes_agree_to_the_byte(
    node: _native.WakuNode, timestamp: int, meta: bytes, version: int, ephemeral: bool
) -> None:
    around = WakuMessage(TOPIC, b"p" * 140_000, timestamp, meta, version, ephemeral)
    room = MAX_ENCODED - encoded_size(around) + 140_000
    for size, wanted in ((room, "accepted"), (room + 1, "too_large")):
        message = WakuMessage(TOPIC, b"p" * size, timestamp, meta, version, ephemeral)
        assert _native_code(node, message) == wanted
    node.stop()


@pytest.mark.parametrize(
    "topic",
    [
        TOPIC,
        f"/0{TOPIC}",
        "/gruppe ö/1/welcome/proto",
        *("", "/", "g/1/a/proto", "/g/1/a", "/g//a/proto", f"/{TOPIC}", f"{TOPIC}/"),
        *("/g/1/a/pro\nto", "/g/1/a/proto\n", "/g/1/a/pro\x85to"),
        *(f"/x{TOPIC}", f"/1/2{TOPIC}", f"/٣{TOPIC}"),
        *(f"/{'x' * 600}/1/a/proto", f"/{'ö' * 300}/1/a/proto"),
    ],
)
def test_content_topics_agree(node: _native.WakuNode, topic: str) -> None:
    accepted = _native_code(node, WakuMessage(topic, b"x", 1)) == "accepted"
    assert well_formed_content_topic(topic) is accepted
    node.stop()


@pytest.mark.parametrize("change", [{"timestamp_ns": 2**63}, {"version": -1}, {"version": 2**32}])
def test_numbers_out_of_range(change: dict[str, int]) -> None:
    with pytest.raises(BadMessage):
        check_outgoing(WakuMessage(TOPIC, b"x", **{"timestamp_ns": 1, **change}))  # type: ignore[arg-type]


def test_a_lone_surrogate_is_no_topic() -> None:
    with pytest.raises(BadMessage):
        check_outgoing(WakuMessage("/\ud800/1/a/proto", b"x", 1))
