"""Column types that check what goes in: what comes from a platform or the group is hostile until stored.

They raise BadValue instead of the driver's errors, so that SQLite and PostgreSQL refuse the same values.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from bridge.storage.errors import BadValue

NAME_CHARS = 1024
"""Ids and names. Matrix bounds its ids to 255 bytes; display names are bounded by the adapters."""
TEXT_CHARS = 65_536
BLOB_BYTES = 64 * 1024 * 1024
"""A group's state at 1,000 members has some MB; this is a fuse, not a quota."""

_SURROGATE = re.compile("[\ud800-\udfff]")

RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up by itself only for a column of the very type INTEGER."""


class BoundedText(TypeDecorator[str]):
    """Unicode text without NUL (PostgreSQL stores none) and lone surrogates (no UTF-8 has them)."""

    impl = Text
    cache_ok = True

    def __init__(self, limit: int = NAME_CHARS) -> None:
        super().__init__()
        self.limit = limit

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise BadValue(f"text expected, not {type(value).__name__}")
        if len(value) > self.limit:
            raise BadValue(f"a text of {len(value)} characters, at most {self.limit} are stored")
        if "\x00" in value or _SURROGATE.search(value):
            raise BadValue("a text with NUL or half a surrogate pair")
        return str(value)


class BoundedBytes(TypeDecorator[bytes]):
    """Bytes up to a limit."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, limit: int = BLOB_BYTES) -> None:
        super().__init__()
        self.limit = limit

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        if not isinstance(value, bytes | bytearray | memoryview):
            raise BadValue(f"bytes expected, not {type(value).__name__}")
        if len(value) > self.limit:
            raise BadValue(f"a value of {len(value)} bytes, at most {self.limit} are stored")
        return bytes(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else bytes(value)  # psycopg may give a memoryview


class Whole(TypeDecorator[int]):
    """A signed 64-bit number; Unix seconds given as a float lose their fraction."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise BadValue("a number was expected") from error
        if not -(2**63) <= number < 2**63:
            raise BadValue("a number beyond 64 bits")
        return number
