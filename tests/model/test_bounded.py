"""The oldest give way; a bucket refills and forgets nobody who asks."""

from __future__ import annotations

from bridge.model.bounded import BoundedMap
from bridge.model.bucket import Buckets


def test_what_was_written_longest_ago_gives_way() -> None:
    kept: BoundedMap[str, int] = BoundedMap(2)
    kept["a"] = 1
    kept["b"] = 2
    kept["a"] = 3
    kept["c"] = 4
    assert dict(kept) == {"a": 3, "c": 4}
    assert kept.get("b") is None
    kept.setdefault("d", 5)
    assert list(kept) == ["c", "d"]
    kept.update(e=6)
    assert list(kept) == ["d", "e"]


def test_reading_does_not_count_but_touching_does() -> None:
    kept: BoundedMap[str, int] = BoundedMap(2)
    kept.update(a=1, b=2)
    assert kept["a"] == 1
    kept["c"] = 3
    assert list(kept) == ["b", "c"]
    assert kept.touch("b") == 2
    assert kept.touch("x") is None
    kept["d"] = 4
    assert list(kept) == ["b", "d"]


def test_a_bucket_gives_a_burst_and_refills() -> None:
    limit = Buckets(burst=2, per_second=0.5, most_keys=10)
    assert [limit.take("a", 100), limit.take("a", 100)] == [0, 0]
    assert limit.take("a", 100) == 2
    assert limit.take("b", 100) == 0
    assert limit.take("a", 101) == 1  # a refused try uses nothing
    assert limit.take("a", 102) == 0
    assert limit.take("a", 50) > 0  # a clock that goes back gives nothing
    assert [limit.take("a", 10_000) for _ in range(3)][:2] == [0, 0]


def test_keys_are_bounded() -> None:
    limit = Buckets(burst=1, per_second=1, most_keys=2)
    assert [limit.take(key, 0) for key in "abc"] == [0, 0, 0]
    assert limit.take("c", 0) > 0
    assert limit.take("a", 0) == 0, "forgotten, so full"
