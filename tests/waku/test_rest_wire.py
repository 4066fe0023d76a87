"""What a hostile or broken node may answer, and what is made of it."""

from __future__ import annotations

import json

import pytest

from bridge.waku.limits import MAX_ACCEPTED
from bridge.waku.rest_wire import Refused, connected_peers, parse_list, parse_message, to_json
from bridge.waku.transport import WakuMessage

GOOD = WakuMessage("/g/1/app_msg/proto", bytes(range(256)), 1_700_000_000_000_000_000, b"\xff\xfe", 2, True)


def test_there_and_back() -> None:
    assert parse_message(json.loads(json.dumps(to_json(GOOD)))) == GOOD


def test_url_alphabet_without_padding() -> None:
    assert parse_message({"contentTopic": GOOD.content_topic, "payload": "-_8"}).payload == b"\xfb\xff"


@pytest.mark.parametrize("body", [b"", b"\xff", b"{}", b'"x"', b"[" * 100_000, b"[" + b"1," * 5_000 + b"1]"])
def test_answers_that_are_no_list(body: bytes) -> None:
    with pytest.raises(Refused):
        parse_list(body)


@pytest.mark.parametrize(
    "change",
    [
        {"contentTopic": None},
        {"contentTopic": 7},
        {"contentTopic": "/g/1"},
        {"contentTopic": "/g/1/app_msg/proto\n"},
        {"payload": 5},
        {"payload": "*"},
        {"payload": "é" * 8},
        {"payload": "A" * (MAX_ACCEPTED * 2)},
        {"meta": "A" * 200},
        {"timestamp": "soon"},
        {"timestamp": -1},
        {"timestamp": 2**63},
        {"timestamp": 1.5},
        {"timestamp": True},
        {"version": 2**32},
    ],
)
def test_messages_that_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(Refused):
        parse_message({**to_json(GOOD), **change})


@pytest.mark.parametrize("item", [None, 1, [], "x"])
def test_items_that_are_no_message(item: object) -> None:
    with pytest.raises(Refused):
        parse_message(item)


def test_peers_of_go_waku_and_nwaku() -> None:
    items = [{"connected": True}, {"connected": False}, {"connected": "Connected"}, {"connected": []}, 3, {}]
    assert connected_peers(json.dumps(items).encode()) == 2
    assert connected_peers(b"null") == 0
