"""Bounds and times of a group's shell. Seconds and bytes; each default says where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Tuning:
    """Changed in tests only, but for what the settings expose."""

    batch: int = 64
    """Events per transaction. One fsync takes some 3 ms, a turn below 1 ms: more gains little."""
    queue: int = 20_000
    """Events that may wait. Beyond it received payloads are dropped (history brings them back)."""
    retry_first: float = 0.25
    """First wait of the outbox when nobody can be reached; doubled each time."""
    retry_most: float = 10.0
    ask_busy: float = 20.0
    """Time between history requests while the group is in use."""
    ask_idle: float = 120.0
    ask_settling: float = 5.0
    """The same after a start, a lost connection or a gap, until nothing more comes."""
    ask_least: float = 1.0
    """Never ask more often than this."""
    busy_for: float = 600.0
    """How long after the last message a group counts as in use."""
    overlap: int = 600
    """Every request reaches this far behind what is thought complete: clocks, delays, partitions."""
    settled_after: int = 3
    """Requests that bring nothing new before the past counts as complete."""
    answer_delay: float = 0.5
    """Answers start after a random time up to this, so that not all members answer at once."""
    answer_count: int = 500
    answer_bytes: int = 4_000_000
    answer_burst: int = 10
    """Requests of one member answered in a row; then one every `answer_every`."""
    answer_every: float = 2.0
    welcome_age: int = 600
    """Join requests older than this are not published again (their keys are forgotten)."""
    archive_age: int = 7 * DAY
    """A hosted leaf replays at most 7 days (protocol.md section 3)."""
    seen_age: int = 8 * DAY
    """Longer than the archive, so that nothing from an archive is taken for new."""
    prune_every: float = 3_600.0
