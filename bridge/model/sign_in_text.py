"""The text that a wallet signs to sign in (EIP-4361), written here.

Only written: a text that comes back is compared with the one that was given out, byte for byte, so hostile
ones are never parsed. The library for this (siwe) brings web3 along, a second of CPU and 40 MB for each bridge,
and a pinned parser of grammars: for eleven lines of text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bridge.model.ethereum import checksummed

ADDRESS_BYTES: Final = 20
_AUTHORITY: Final = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:@\[\]-]+")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_STATEMENT: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;= -]+")
"""RFC 3986's reserved and unreserved signs, and the space: EIP-4361 allows no others."""
_NONCE: Final = re.compile(r"[A-Za-z0-9]{8,}")


@dataclass(frozen=True, slots=True)
class SignInText:
    """The fields of a text. `domain` is the authority that asks, `uri` what is signed in to; times in Unix
    seconds. Raises ValueError for what the grammar does not allow: a line break would forge a field."""

    domain: str
    address: bytes
    statement: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: float
    expires_at: float

    def __post_init__(self) -> None:
        forms = (
            ("domain", self.domain, _AUTHORITY),
            ("statement", self.statement, _STATEMENT),
            ("uri", self.uri, _URI),
            ("nonce", self.nonce, _NONCE),
        )
        for name, value, form in forms:
            if not form.fullmatch(value):
                raise ValueError(f"EIP-4361 does not allow this {name}: {value[:80]!r}")
        if len(self.address) != ADDRESS_BYTES or self.chain_id < 0:
            raise ValueError("an address has 20 bytes, and a chain's id is not negative")

    def __str__(self) -> str:
        """The very text to sign."""
        return (
            f"{self.domain} wants you to sign in with your Ethereum account:\n"
            f"{checksummed(self.address)}\n\n"
            f"{self.statement}\n\n"
            f"URI: {self.uri}\nVersion: 1\nChain ID: {self.chain_id}\nNonce: {self.nonce}\n"
            f"Issued At: {_time(self.issued_at)}\nExpiration Time: {_time(self.expires_at)}"
        )


def _time(at: float) -> str:
    """RFC 3339 in UTC, with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
