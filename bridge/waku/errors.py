"""Errors of the transports.

    WakuError
    ├── BadAddresses            a peer address in the settings is wrong
    ├── CannotStart             the node can't start as it is set up (port taken, key file unreadable, ...)
    └── TransportError          a message could not be published
        ├── NoPeers             nobody takes part in the pubsub topic now              retry
        ├── TransportDown       the node (own or external) is not there, or too busy   retry
        ├── TooLarge            more than the network carries: fragment it first
        └── BadMessage          the content topic or `meta` breaks the Waku rules

`retry` says whether the same message may go later. What comes in malformed raises nothing: it is refused
and counted where it arrives.
"""

from __future__ import annotations

from typing import ClassVar


class WakuError(Exception):
    """Root."""


class BadAddresses(WakuError, ValueError):
    """A peer address is wrong. The text names the key, the fault (alone: `problem`) and an example."""

    def __init__(self, key: str, problem: str, example: str) -> None:
        super().__init__(f"{key}: {problem}. Example: {example}")
        self.problem = problem


class CannotStart(WakuError):
    """The transport can't start as it is set up."""


class TransportError(WakuError):
    """A message was not published."""

    retry: ClassVar[bool] = False


class NoPeers(TransportError):
    """Nobody takes part in the pubsub topic now: keep the message and try again."""

    retry = True


class TransportDown(TransportError):
    """The node is not running, not reachable, or has too much to do: keep the message and try again."""

    retry = True


class TooLarge(TransportError):
    """The encoded message is larger than the network carries."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"message of {size:,} bytes encoded, the limit is {limit:,}")
        self.size = size
        self.limit = limit


class BadMessage(TransportError):
    """The message breaks a rule of Waku and would be refused by every peer."""
