"""Encryption at rest: AES-256-GCM, bound to the table and the primary key of the row.

Every row has a key of its own, HKDF-Expand(at-rest key, table and primary key): random 96-bit nonces are safe
for 2^32 messages under one key (NIST SP 800-38D, 8.3), which a busy bridge could reach in a year for a key
shared by all rows, but never for one row.
"""

from __future__ import annotations

import os
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from bridge.storage.errors import BadValue, Tampered

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


def _length_prefixed(parts: tuple[str | bytes, ...]) -> bytes:
    """The parts in a form that no other parts share: ("ab", "c") and ("a", "bc") differ."""
    try:
        encoded = [part if isinstance(part, bytes) else part.encode() for part in parts]
    except UnicodeEncodeError as error:
        raise BadValue("a text with half a surrogate pair") from error
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


class Cipher:
    """Seals and opens values with one at-rest key. Neither `repr` nor pickle gives the key away."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        """`key`: 32 bytes. Raises BadValue for another length."""
        if len(key) != KEY_BYTES:
            raise BadValue(f"the at-rest key must have {KEY_BYTES} bytes, not {len(key)}")
        self._key = bytes(key)

    def __repr__(self) -> str:
        return "Cipher(<hidden>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a cipher holds a secret and is not pickled")

    def seal(self, row: tuple[str | bytes, ...], value: bytes) -> bytes:
        """Encrypt `value` for `row` (table, then primary key): nonce (12) || ciphertext || tag (16)."""
        nonce = os.urandom(NONCE_BYTES)
        aad = _length_prefixed(row)
        return nonce + self._of_row(aad).encrypt(nonce, value, aad)

    def open(self, row: tuple[str | bytes, ...], sealed: bytes) -> bytes:
        """Decrypt what `seal` made for the same row. Raises Tampered."""
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise Tampered(f"an encrypted value in {row[0]!r} is too short")
        aad = _length_prefixed(row)
        try:
            return self._of_row(aad).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
        except InvalidTag as error:
            raise Tampered(f"an encrypted value in {row[0]!r} does not verify") from error

    def _of_row(self, aad: bytes) -> AESGCM:
        return AESGCM(HKDFExpand(SHA256(), KEY_BYTES, b"demls-bridge at rest\x00" + aad).derive(self._key))
