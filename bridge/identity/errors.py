"""Errors of the identity package.

    IdentityError
    ├── KeyUnavailable      the at-rest key cannot be had: file, variable or command; the operator has to act
    ├── BadSecret           a master secret or wallet key of the wrong form
    ├── BadTypedData        what a wallet is to sign is not EIP-712 data
    ├── LinkError           an own wallet cannot be bound to an account; `code` is that of a sentence
    └── EciesError          an ECIES message or key that is malformed, too large, or not meant for this key

No message of an error holds key material.
"""

from __future__ import annotations


class IdentityError(Exception):
    """Root."""


class KeyUnavailable(IdentityError):
    """The at-rest key cannot be had."""


class BadSecret(IdentityError):
    """A secret of the wrong form."""


class BadTypedData(IdentityError):
    """What a wallet is to sign is not EIP-712 data."""


class LinkError(IdentityError):
    """An own wallet cannot be bound to this account. `code`: of the sentence that says why."""

    def __init__(self, code: str, text: str, **facts: str) -> None:
        super().__init__(text)
        self.code = code
        self.facts = facts


class EciesError(IdentityError):
    """ECIES refused: malformed, too large, or for another key."""
