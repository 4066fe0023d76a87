"""The bridge's master secret: every hosted wallet is derived from it, so a backup of it is a backup of all."""

from __future__ import annotations

import os
from typing import Final, NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bridge.identity.errors import BadSecret
from bridge.identity.wallet import KEY_BYTES, Wallet
from bridge.storage import secrets
from bridge.storage.store import Store, Tx

SECRET_BYTES: Final = 32
_DOMAIN: Final = b"demls-bridge hosted wallet v1"
_SECRET_NAME: Final = "master"  # noqa: S105 - the row's name, not the secret
_OWN: Final = ("bridge", "self")


class Master:
    """Derives wallets with HKDF-SHA256 over (platform, user id). Neither `repr` nor pickle shows the secret."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        """`secret`: 32 random bytes. Raises BadSecret for another length."""
        if len(secret) != SECRET_BYTES:
            raise BadSecret(f"the master secret has {SECRET_BYTES} bytes, not {len(secret)}")
        self._secret = bytes(secret)

    @classmethod
    async def load(cls, store: Store) -> Master:
        """The master secret of this bridge; made on the first start."""
        return cls(await store.write(_get_or_make))

    def wallet(self, platform: str, user_id: str) -> Wallet:
        """The wallet that the bridge holds for a user of a platform; always the same one."""
        for attempt in range(256):
            try:
                return Wallet(self._derive(platform, user_id, attempt))
            except BadSecret:  # 2^-128: not below the order of the curve
                continue
        raise BadSecret("no wallet can be derived")  # pragma: no cover

    def own_wallet(self) -> Wallet:
        """The wallet of the bridge's own leaf."""
        return self.wallet(*_OWN)

    def node_secret(self) -> bytes:
        """The secp256k1 secret of the Waku node, 32 bytes: its peer id stays, no file holds it."""
        return self._derive("bridge", "waku node", 0)

    def _derive(self, platform: str, user_id: str, attempt: int) -> bytes:
        """The info is length-prefixed: ("a", "bc") and ("ab", "c") are different people."""
        info = bytearray(_DOMAIN)
        # A Matrix or Discord id may hold what UTF-8 has no code for; it still has to name one wallet.
        for part in (platform.encode("utf-8", "surrogatepass"), user_id.encode("utf-8", "surrogatepass")):
            info += len(part).to_bytes(4, "big") + part
        info.append(attempt)
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=bytes(info)).derive(self._secret)

    def __repr__(self) -> str:
        return "Master(<hidden>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("the master secret is neither pickled nor copied")


def _get_or_make(tx: Tx) -> bytes:
    present = secrets.get(tx, _SECRET_NAME)
    if present is None:
        present = os.urandom(SECRET_BYTES)
        secrets.put(tx, _SECRET_NAME, present)
    return present
