"""Reading what a browser sent: every value goes through one of these, and each refuses with BadRequest."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from adapters.web.errors import BadRequest

MAX_FRAME: Final = 64 * 1024
"""Bytes of a frame or of a POST's body."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_SIGNATURE: Final = re.compile(r"(0x)?[0-9a-fA-F]{130}")

Fields = dict[str, Any]


def parse(data: str | bytes) -> Fields:
    """A JSON object of at most 64 KiB. Raises BadRequest."""
    if len(data) > MAX_FRAME:
        raise BadRequest("That is too large.", "too-large")
    try:
        value = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest("That is not JSON.", "not-json") from error
    if not isinstance(value, dict):
        raise BadRequest("A JSON object is expected.", "not-json")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


def text(fields: Fields, key: str, limit: int, *, default: str | None = None) -> str:
    """A string of at most `limit` bytes of UTF-8; missing: `default`, or refused when there is none."""
    value = fields.get(key, default)
    if not isinstance(value, str):
        raise BadRequest(f"{key} must be text.")
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise BadRequest(f"{key} is no valid text.") from error
    if size > limit:
        raise BadRequest(f"{key} is too long: at most {limit} bytes.", "too-large")
    return value


def flag(fields: Fields, key: str) -> bool:
    """A boolean; nothing else passes for one."""
    value = fields.get(key)
    if not isinstance(value, bool):
        raise BadRequest(f"{key} must be true or false.")
    return value


def whole(fields: Fields, key: str, high: int = 2**53) -> int:
    """A whole number from 0 to `high`."""
    value = fields.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= high:
        raise BadRequest(f"{key} must be a whole number from 0 to {high}.")
    return value


def ref(fields: Fields) -> str:
    """The browser's own id of what it asks: a UUID in lower case."""
    value = fields.get("ref")
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise BadRequest("ref must be a UUID.")
    return value


def address(fields: Fields, key: str = "address") -> bytes:
    """An Ethereum address, 20 bytes."""
    value = fields.get(key)
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise BadRequest("An address is 0x and 40 hexadecimal digits.")
    return bytes.fromhex(value[2:])


def signature(fields: Fields, key: str = "signature") -> bytes:
    """65 bytes r || s || v from hexadecimal digits; an empty text gives b''."""
    value = fields.get(key)
    if value == "":
        return b""
    if not isinstance(value, str) or not _SIGNATURE.fullmatch(value):
        raise BadRequest("A signature is 0x and 130 hexadecimal digits.")
    return bytes.fromhex(value.removeprefix("0x"))
