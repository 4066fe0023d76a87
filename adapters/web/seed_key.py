"""The private key that the first de-mls page sends: in memory for the life of one socket, shown nowhere."""

from __future__ import annotations

import json
from typing import Any

from adapters.web.addresses import unhexed
from adapters.web.errors import BadRequest
from bridge.model.view import SigningRequest


class SeedKey:
    """Signs what a wallet in a browser would. Neither `repr` nor an error shows the key."""

    __slots__ = ("_account", "address")

    def __init__(self, digits: str) -> None:
        try:
            # Late: half a second that only pages with this compatibility need.
            from eth_account import Account

            self._account: Any = Account.from_key(unhexed(digits))
        except Exception:
            # Libraries quote what they refuse; so the cause must not be kept.
            raise BadRequest("eth_private_key is no key of this curve.") from None
        self.address = bytes.fromhex(self._account.address[2:])

    def __repr__(self) -> str:
        """The address only."""
        return f"SeedKey(0x{self.address.hex()})"

    def sign(self, request: SigningRequest) -> bytes:
        """65 bytes r || s || v. Raises BadRequest for a method that is not known."""
        from eth_account.messages import encode_defunct, encode_typed_data

        match request.method:
            case "personal_sign":
                signable = encode_defunct(bytes.fromhex(request.payload.removeprefix("0x")))
            case "eth_signTypedData_v4":
                signable = encode_typed_data(full_message=json.loads(request.payload))
            case other:
                raise BadRequest(f"cannot sign by {other[:40]}")
        return bytes(self._account.sign_message(signable).signature)

    def forget(self) -> None:
        """Drop the key."""
        self._account = None
