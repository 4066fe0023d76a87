"""Errors of the chain package.

ChainError
├── ChainUnavailable    the node cannot be reached, is behind, or answers nonsense; a retry helps
├── WrongChain          another chain, or other contracts than the configuration says; the operator has to act
└── Reverted            a contract refused; `name` is its custom error, `text` says it for people
"""

from __future__ import annotations


class ChainError(Exception):
    """Root."""


class ChainUnavailable(ChainError):
    """The node cannot be reached, is behind, or answers nonsense."""


class WrongChain(ChainError):
    """Not the chain, or not the contracts, that the configuration names."""


class Reverted(ChainError):
    """A contract refused."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text
