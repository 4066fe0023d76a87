"""A strict reader of EIP-4361 texts, written from the EIP's grammar: judges what the bridge writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_URI = r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f-\uffff\"<>\\^`{|}]+"
_TEXT = re.compile(
    r"(?P<domain>[A-Za-z0-9._~%!$&'()*+,;=:@\[\]-]+) wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9A-Fa-f]{40})\n\n"
    r"(?:(?P<statement>[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;= -]+)\n)?\n"
    rf"URI: (?P<uri>{_URI})\n"
    r"Version: (?P<version>1)\n"
    r"Chain ID: (?P<chain_id>[0-9]+)\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,})\n"
    r"Issued At: (?P<issued_at>\S+)"
    r"(?:\nExpiration Time: (?P<expires_at>\S+))?"
    r"(?:\nNot Before: (?P<not_before>\S+))?"
    r"(?:\nRequest ID: (?P<request_id>[^\n]*))?"
    rf"(?:\nResources:(?P<resources>(?:\n- {_URI})*))?"
)


@dataclass(frozen=True)
class Read:
    """The fields of a text; times in Unix seconds, None where a field is left out."""

    domain: str
    address: str
    statement: str | None
    uri: str
    chain_id: int
    nonce: str
    issued_at: float
    expires_at: float | None


def read(text: str) -> Read:
    """Raises ValueError for what is no text of EIP-4361, and for dates that are none of RFC 3339."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError("not a text of EIP-4361")
    return Read(
        found["domain"], found["address"], found["statement"], found["uri"], int(found["chain_id"]),
        found["nonce"], _time(found["issued_at"]), _time(found["expires_at"]) if found["expires_at"] else None,
    )  # fmt: skip


def _time(text: str) -> float:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return at.timestamp()
