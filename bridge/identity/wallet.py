"""An Ethereum wallet whose key this process holds; it signs and never gives the key away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from coincurve import PrivateKey

from bridge.identity.errors import BadSecret, BadTypedData
from bridge.model.ethereum import personal_digest
from bridge.protocol.wallet import address_of

KEY_BYTES: Final = 32


class Wallet:
    """Signs EIP-191 personal messages, EIP-712 data and transactions.

    `repr`, pickle and copy show or yield no key.
    """

    __slots__ = ("_key", "address", "public_key")

    def __init__(self, key: bytes) -> None:
        """`key`: 32 bytes, 1 <= key < order of secp256k1. Raises BadSecret."""
        if len(key) != KEY_BYTES:
            raise BadSecret(f"a wallet key has {KEY_BYTES} bytes, not {len(key)}")
        try:
            self._key = PrivateKey(key)
        except ValueError:
            raise BadSecret("not a valid secp256k1 key") from None  # the cause's text is not ours to trust
        self.public_key: bytes = self._key.public_key.format(compressed=True)
        """33 bytes."""
        self.address: bytes = address_of(self._key.public_key)
        """20 bytes."""

    def sign_personal(self, message: bytes) -> bytes:
        """EIP-191 signature: r || s || v, 65 bytes, v 27 or 28; s is low and the nonce RFC 6979's."""
        signature: bytes = self._key.sign_recoverable(personal_digest(message), hasher=None)
        return signature[:64] + bytes([27 + signature[64]])

    def sign_typed(self, data: str) -> bytes:
        """EIP-712 signature of JSON as `eth_signTypedData_v4` takes it: 65 bytes. Raises BadTypedData."""
        # Here and below: half a second and 25 MB that only a bridge with a chain needs (extra `chain`).
        from eth_account import Account

        try:
            signed = Account.sign_typed_data(self._key.secret, full_message=json.loads(data))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadTypedData("the data to sign is not EIP-712") from error
        return bytes(signed.signature)

    def sign_transaction(self, transaction: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """The raw signed transaction, and its hash (32 bytes). Raises what eth-account raises for a bad one."""
        from eth_account import Account

        signed = Account.sign_transaction(dict(transaction), self._key.secret)
        return bytes(signed.raw_transaction), bytes(signed.hash)

    def __repr__(self) -> str:
        return f"Wallet(0x{self.address.hex()})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a wallet holds a secret and is neither pickled nor copied")
