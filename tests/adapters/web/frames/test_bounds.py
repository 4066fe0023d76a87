"""Decoding what a browser sends: within bounds, typed, and nothing is taken that is not declared."""

from __future__ import annotations

import json
import uuid
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.errors import BadRequest, PageError, TooLarge
from adapters.web.frames import http, seed
from adapters.web.frames.bounds import MAX_FRAME, MAX_WHY, read
from adapters.web.frames.browser import FRAMES, REFS, Hello, Say

REF = str(uuid.uuid4())
SAY = {"type": "say", "ref": REF, "text": "hi"}


def test_a_frame_is_what_it_says() -> None:
    assert read(FRAMES, json.dumps(SAY)) == Say(REF, "hi")
    assert read(FRAMES, '{"type":"hello","room":"lobby","after":3}') == Hello("lobby", 3)


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "drop"},
        {"type": 5},
        {"ref": REF.upper()},
        {"ref": REF + "\n"},
        {"ref": 7},
        {"text": None},
        {"text": "x" * 60_001},
        {"reply_to": "x" * 65},
        {"unknown": 1},
    ],
)
def test_what_does_not_fit_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as caught:
        read(FRAMES, json.dumps({**SAY, **changed}))
    assert caught.value.code == "bad-request"


@pytest.mark.parametrize("after", [-1, 2**53 + 1, 1.5, True, "1", None])
def test_numbers_are_whole_and_bounded(after: Any) -> None:
    with pytest.raises(BadRequest):
        read(FRAMES, json.dumps({"type": "hello", "room": "lobby", "after": after}))


@pytest.mark.parametrize("signature", ["0x" + "a" * 129, "a" * 131, "g" * 130, "0x" + "a" * 130 + "\n"])
def test_a_signature_has_its_length(signature: str) -> None:
    with pytest.raises(BadRequest):
        read(msgspec.json.Decoder(http.FinishLink), json.dumps({"code": "c", "signature": signature}))


def test_nothing_large_is_decoded() -> None:
    with pytest.raises(TooLarge):
        read(FRAMES, " " * (MAX_FRAME + 1))


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_whatever_comes_is_refused_by_type(data: str | bytes) -> None:
    with pytest.raises(PageError) as caught:
        read(FRAMES, data)
    assert caught.value.code in {"bad-request", "not-json"}
    assert len(str(caught.value)) < MAX_WHY + 40


def test_the_refusal_of_a_long_name_is_short() -> None:
    with pytest.raises(BadRequest) as caught:
        read(FRAMES, json.dumps({**SAY, "\u202ex" * 9_000: 1}))
    assert len(str(caught.value)) < MAX_WHY + 40
    assert "\u202e" not in str(caught.value)


def test_a_private_key_stands_in_no_refusal_and_no_repr() -> None:
    key = "5a" * 32
    wrong: list[dict[str, Any]] = [
        {"eth_private_key": key + "0"},
        {"eth_private_key": [key]},
        {"eth_private_key": key, "group_id": 5},
        {"eth_private_key": key, "group_id": "x", "should_create": key},
    ]
    for frame in wrong:
        with pytest.raises(BadRequest) as caught:
            read(seed.CONNECT, json.dumps({"group_id": "g", "should_create": True, **frame}))
        assert key not in str(caught.value)
    assert key not in repr(seed.Connect(key, "g", False))


def test_the_ref_of_a_refused_frame_is_found() -> None:
    assert read(REFS, json.dumps({**SAY, "type": "drop"})).ref == REF
