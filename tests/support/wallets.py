"""Wallets with fixed keys, for tests that need signatures but no native code."""

from __future__ import annotations

import hashlib

from coincurve import PrivateKey

from bridge.model.ethereum import personal_digest
from bridge.protocol.ports import Address
from bridge.protocol.wallet import address_of


class Wallet:
    """A wallet; the same name is the same key. `Wallet(key=...)` takes 32 secret bytes instead."""

    def __init__(self, name: str = "", *, key: bytes = b"") -> None:
        self._key = PrivateKey(key or hashlib.sha256(name.encode()).digest())
        self.address: Address = address_of(self._key.public_key)
        self.public_key = self._key.public_key.format()

    def sign(self, message: bytes) -> bytes:
        """EIP-191, r || s || v, 65 bytes."""
        signature = self._key.sign_recoverable(personal_digest(message), hasher=None)
        return signature[:64] + bytes([signature[64] + 27])
