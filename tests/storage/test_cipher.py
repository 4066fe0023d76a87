"""Encryption at rest."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.storage.cipher import Cipher
from bridge.storage.errors import BadValue, Tampered

KEY = bytes(range(32))
rows = st.lists(st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary()), min_size=1).map(
    tuple
)


@settings(deadline=None)
@given(rows, st.binary())
def test_roundtrip(row: tuple[str | bytes, ...], value: bytes) -> None:
    cipher = Cipher(KEY)
    sealed = cipher.seal(row, value)
    assert cipher.open(row, sealed) == value
    assert sealed != cipher.seal(row, value)


@settings(deadline=None)
@given(rows, rows, st.binary())
def test_a_value_opens_in_its_own_row_only(
    row: tuple[str | bytes, ...], other: tuple[str | bytes, ...], value: bytes
) -> None:
    def encoded(parts: tuple[str | bytes, ...]) -> list[bytes]:
        return [part.encode() if isinstance(part, str) else part for part in parts]

    if encoded(row) == encoded(other):
        other = (*row, "more")
    sealed = Cipher(KEY).seal(row, value)
    with pytest.raises(Tampered):
        Cipher(KEY).open(other, sealed)


def test_parts_cannot_be_shifted() -> None:
    sealed = Cipher(KEY).seal(("t", "ab", "c"), b"value")
    with pytest.raises(Tampered):
        Cipher(KEY).open(("t", "a", "bc"), sealed)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=50), st.data())
def test_any_changed_bit_is_noticed(value: bytes, data: st.DataObject) -> None:
    sealed = bytearray(Cipher(KEY).seal(("t", "k"), value))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Tampered):
        Cipher(KEY).open(("t", "k"), bytes(sealed))


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_garbage(sealed: bytes) -> None:
    with pytest.raises(Tampered):
        Cipher(KEY).open(("t", "k"), sealed)


def test_another_key() -> None:
    with pytest.raises(Tampered):
        Cipher(bytes(32)).open(("t", "k"), Cipher(KEY).seal(("t", "k"), b"value"))


def test_the_key_is_not_shown() -> None:
    cipher = Cipher(KEY)
    assert KEY.hex() not in repr(cipher)
    assert repr(KEY) not in repr(cipher)
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(cipher)


def test_half_a_surrogate_is_refused() -> None:
    with pytest.raises(BadValue):
        Cipher(KEY).seal(("t", "\ud800"), b"value")
