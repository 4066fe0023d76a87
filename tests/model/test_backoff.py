"""Waits double, are never longer than the longest, and differ."""

from __future__ import annotations

import random

from bridge.model.backoff import Backoff, wait


def test_waits_double_up_to_the_longest() -> None:
    assert [wait(1, 60, failures, 1.0) for failures in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert wait(1, 60, 10**9, 1.0) == 60


def test_jitter_takes_up_to_half() -> None:
    assert wait(1, 60, 3, 0.0) == 2
    draw = random.Random(7).random
    waits = {wait(1, 60, 3, draw()) for _ in range(100)}
    assert len(waits) == 100
    assert 2 <= min(waits) < 2.2
    assert 3.8 < max(waits) <= 4


def test_it_counts_and_starts_anew() -> None:
    backoff = Backoff(0.5, 60, random.Random(7).random)
    waits = [backoff.failed() for _ in range(40)]
    assert waits[0] <= 0.5
    assert min(waits[20:]) >= 30
    assert max(waits) <= 60
    assert backoff.failures == 40
    assert backoff.failed(at_least=500) == 500
    backoff.succeeded()
    assert backoff.failures == 0
    assert backoff.failed() <= 0.5
