"""Bounds and times of the mirror. Seconds; changed in tests only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """Each default says where it comes from."""

    batch: int = 200
    """Inbound events worked on at a time: some three of the conversation's transactions."""
    fresh: int = 10_000
    """Inbound events that wait in memory; what is more is read from the store again when its turn comes."""
    sends: int = 64
    """Deliveries under way at once, over all rooms."""
    send_timeout: float = 120.0
    """A delivery that takes longer is tried again; platforms hold a request for 60 s at most."""
    retry_first: float = 0.5
    """First wait when the platform names none; doubled each time."""
    retry_most: float = 60.0
    wait_most: float = 3_600.0
    """Longest wait that a platform may ask for."""
    poll: float = 1.0
    """How often a queue is looked at whose head was put off by an earlier process."""
    faults: int = 5
    """Tries of what fails for a reason that is no DeliveryError, or an inbound event that cannot be stored."""
    full_tries: int = 5
    """Tries of a request that the group refused because too much waits, before its author is told."""
