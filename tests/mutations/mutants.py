"""Small changes of the code, each with the test that must not let it pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old` stands exactly once in `file` (below the root); in its place `new` turns `test` red."""

    file: str
    old: str
    new: str
    test: str


MUTANTS: Final[dict[str, Mutant]] = {
    "a moderator's ban that waits is answered as somebody's own wish": Mutant(
        "bridge/rooms/outbound/fanout.py",
        '("moderation", "ban_queued"): "moderation_requested",',
        "",
        "tests/rooms/outbound/test_notices.py::test_a_moderator_hears_that_the_ban_was_passed_on",
    ),
    "passwords in the log": Mutant(
        "bridge/process/logs.py",
        "|passw|",
        "|",
        "tests/process/test_logs.py::test_what_stands_under_a_telling_name_is_hidden",
    ),
    "secrets in the log": Mutant(
        "bridge/process/logs.py",
        "|secret|",
        "|",
        "tests/process/test_logs.py::test_what_stands_under_a_telling_name_is_hidden",
    ),
    "keys in the log": Mutant(
        "bridge/process/logs.py",
        "|(^|_)key$",
        "",
        "tests/process/test_logs.py::test_what_stands_under_a_telling_name_is_hidden",
    ),
    "known secrets in the log": Mutant(
        "bridge/process/logs.py",
        "return self._known.sub(HIDDEN, text) if",
        "return text if",
        "tests/process/test_logs.py::test_secrets_are_hidden",
    ),
    "the archive is kept for ever": Mutant(
        "bridge/conversation/manager.py",
        "await self._drop_old(archive.prune, now - tuning.archive_age)",
        "pass",
        "tests/conversation/test_manager.py::test_what_is_too_old_is_forgotten",
    ),
    "seen marks are kept for ever": Mutant(
        "bridge/conversation/manager.py",
        "await self._drop_old(seen.prune, now - tuning.seen_age)",
        "pass",
        "tests/conversation/test_manager.py::test_what_is_too_old_is_forgotten",
    ),
    "seen marks go before the archive": Mutant(
        "bridge/conversation/tuning.py",
        "seen_age: int = 8 * DAY",
        "seen_age: int = 6 * DAY",
        "tests/conversation/test_manager.py::test_what_is_too_old_is_forgotten",
    ),
    "a payload that there was no room for is taken as known": Mutant(
        "bridge/conversation/batch.py",
        "if outcome.refusal != QueueFull.code:",
        "if True:",
        "tests/conversation/test_batch.py::test_what_there_was_no_room_for_may_come_again",
    ),
}
