"""The steward's ECIES keys: join requests are sealed to the key of a recent announcement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from coincurve import PrivateKey

from bridge.identity.ecies import EciesError, decrypt

KEPT_KEYS: Final = 8
"""How many announcements back a join request may be (protocol.md section 5)."""

Entropy = Callable[[int], bytes]
"""n -> n random bytes. `secrets.token_bytes` in the bridge, a seeded generator in tests."""


class KeyRing:
    """The secrets of the last announcements, newest last. `repr` shows none of them."""

    def __init__(self, secrets: Iterable[bytes] = ()) -> None:
        self._secrets = list(secrets)[-KEPT_KEYS:]

    def __repr__(self) -> str:
        return f"KeyRing({len(self._secrets)} keys)"

    def new_key(self, entropy: Entropy) -> bytes:
        """Make a key pair, keep its secret, forget the oldest; returns the public key (33 bytes)."""
        secret = entropy(32)
        public = PrivateKey(secret).public_key.format(compressed=True)
        self._secrets = [*self._secrets, secret][-KEPT_KEYS:]
        return public

    def open(self, ciphertext: bytes) -> bytes | None:
        """Decrypt with whichever key fits, newest first; None when none does."""
        for secret in reversed(self._secrets):
            try:
                return decrypt(secret, ciphertext)
            except EciesError:
                continue
        return None

    def export(self) -> list[bytes]:
        """The secrets, to be stored encrypted."""
        return list(self._secrets)
