"""Errors, powers, positions and sync answers, without a server."""

from __future__ import annotations

import math
from typing import Any

import aiohttp
import pytest

from adapters.matrix.cursor import Cursor
from adapters.matrix.errors import MAX_RETRY_AFTER, MatrixRejected, TokenRevoked, from_answer, from_exception
from adapters.matrix.moderation import lack_of_power
from adapters.matrix.rooms import read_facts
from adapters.matrix.stream import read_sync
from bridge.model.adapter import Rejected, RetryLater

ALICE, BOT = "@alice:localhost", "@bot:localhost"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, {}, RetryLater),
        (500, {"errcode": "M_UNKNOWN"}, RetryLater),
        (502, {}, RetryLater),
        (404, {}, RetryLater),
        (302, {}, RetryLater),
        (401, {"errcode": "M_UNKNOWN_TOKEN"}, TokenRevoked),
        (403, {"errcode": "M_FORBIDDEN", "error": ["not", "text"]}, MatrixRejected),
        (413, {}, MatrixRejected),
    ],
)
def test_answers_are_translated(status: int, body: dict[str, object], kind: type[Exception]) -> None:
    assert type(from_answer(status, body)) is kind


@pytest.mark.parametrize(
    ("asked", "waited"),
    [(1500, 1.5), (10**30, MAX_RETRY_AFTER), (-1, 0), ("x", 0), (math.inf, 0), (math.nan, 0)],
)
def test_the_asked_wait_is_bounded(asked: object, waited: float) -> None:
    error = from_answer(429, {"retry_after_ms": asked})
    assert isinstance(error, RetryLater)
    assert error.after == waited


def test_the_retry_after_header_counts_for_rate_limits_and_maintenance() -> None:
    for status in (429, 503):
        for header, waited in (("7", 7), ("9" * 9, MAX_RETRY_AFTER), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)):
            error = from_answer(status, {}, header)
            assert isinstance(error, RetryLater)
            assert error.after == waited


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), RetryLater),
        (aiohttp.ServerDisconnectedError(), RetryLater),
        (ConnectionResetError(), RetryLater),
        (aiohttp.InvalidURL("x"), Rejected),
        (ValueError(), Rejected),
    ],
)
def test_exceptions_are_translated(error: Exception, kind: type[Exception]) -> None:
    assert isinstance(from_exception(error), kind)


def test_creators_stand_above_all_from_version_12_on() -> None:
    create = {"sender": ALICE, "content": {"room_version": "12", "additional_creators": [BOT, 7]}}
    facts = read_facts(create, {"users": {}}, encrypted=False)
    assert facts.power(ALICE) == facts.power(BOT) == math.inf
    assert facts.is_admin(ALICE)
    assert "nobody can ban" in lack_of_power(facts, BOT, ALICE)
    old = read_facts({"sender": ALICE, "content": {"room_version": "11"}}, {"users": {BOT: 100}}, False)
    assert old.power(ALICE) == 0


def test_without_power_levels_the_creator_of_an_old_room_has_100() -> None:
    facts = read_facts({"sender": ALICE, "content": {"room_version": "10"}}, {}, False)
    assert facts.power(ALICE) == 100
    assert facts.power(BOT) == 0


def test_hostile_power_levels_give_nobody_power() -> None:
    levels: dict[str, Any] = {
        "users": {ALICE: "100", BOT: {"x": 1}, "nobody": 100},
        "users_default": [],
        "ban": None,
    }
    facts = read_facts({}, levels, False)
    assert facts.power(ALICE) == 100
    assert facts.power(BOT) == 0
    assert facts.power("nobody") == 0
    assert facts.needed("ban") == 50


def test_a_position_survives_storing() -> None:
    cursor = Cursor("s1_2_3", frozenset({"!b:x", "!a:x"}))
    assert Cursor.load(cursor.dump()) == cursor
    assert Cursor.load("") is None
    for damaged in ("{", "[]", "7", '{"since": "", "rooms": []}', '{"since": "s1"}'):
        with pytest.raises(ValueError, match=r"stored Matrix position|Expecting"):
            Cursor.load(damaged)


def test_a_sync_answer_full_of_nonsense_is_read_as_far_as_it_makes_sense() -> None:
    news = read_sync(
        {
            "next_batch": "s2",
            "rooms": {
                "join": {
                    "!a:x": {"timeline": {"events": [1, {"type": "t"}], "limited": "yes"}},
                    "b": {},
                    "!c:x": 3,
                },
                "invite": ["!d:x"],
                "leave": {"!e:x": None},
            },
        }
    )
    assert [room.room_id for room in news.joined] == ["!a:x", "!c:x"]
    assert news.joined[0].events == ({"type": "t"},)
    assert not news.joined[0].limited
    assert news.invites == ()
    with pytest.raises(Rejected, match="position"):
        read_sync({"rooms": {}})
