"""Finds what nothing calls (vulture), and what this list excuses without need.

Tests do not count as callers: what only they need lies in tests/.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from vulture import Vulture

ROOT: Final = Path(__file__).resolve().parent.parent
CODE: Final = ("bridge", "adapters", ".ci")
LEAST_CONFIDENCE: Final = 60
"""Percent; vulture gives 60 to names that it sees used nowhere."""

CALLED_BY: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "pydantic": (("adapters/*/config.py", "_*"), ("bridge/settings/tables.py", "_*"),
                 ("bridge/model/settings.py", "model_config"), ("bridge/model/settings.py", "_as_written")),
    "discord.py": (("adapters/discord/client.py", "*"), ("adapters/discord/commands.py", "__signature__"),
                   ("adapters/discord/commands.py", "guild_only"),
                   ("adapters/discord/commands.py", "__discord_*"),
                   ("adapters/discord/ballots.py", "from_custom_id")),
    "browsers": (("adapters/web/frames/http.py", "*"), ("adapters/web/frames/page.py", "*"),
                 ("adapters/web/frames/seed.py", "should_create")),
    "Starlette": (("adapters/web/responses.py", "render"),),
    "html.parser": (("adapters/discord/markdown.py", "handle_*"),),
    "uvicorn": (("adapters/web/server.py", "capture_signals"), ("adapters/web/server.py", "should_exit")),
    "sqlite3": (("adapters/web/database.py", "row_factory"), ("bridge/storage/database.py", "isolation_level")),
    "SQLAlchemy": (("bridge/storage/columns.py", "*"), ("bridge/storage/database.py", "_configure")),
    "Alembic": (("bridge/storage/migrations/versions/*.py", "*"),),
    "typer": (("bridge/cli/main.py", "_options"),),
    "Python": (("bridge/storage/writer.py", "__cause__"),),
    "the form of an artifact": (("bridge/chain/abi.py", "compiler"), ("bridge/chain/abi.py", "source_hash")),
    "`status --json`": (("bridge/process/report.py", "*"),),
    "the transport of tests and of several bridges in one process": (("bridge/waku/memory.py", "*"),),
    "the wire: MLS numbers its content types": (("bridge/protocol/ports.py", "APPLICATION"),),
    "adapters, by the interface": (
        ("bridge/*/adapter_*.py", "get_many"), ("bridge/*/adapter_*.py", "trim"),
    ),
    "nobody; to be removed": (
        ("bridge/protocol/*", "HISTORY"), ("bridge/protocol/*", "chain_ready"),
        ("bridge/protocol/*", "reminded"), ("bridge/protocol/*", "BALLOT_NAME"),
        ("bridge/protocol/wallet.py", "recover"), ("bridge/rooms/commands/sentences.py", "CODES"),
        ("bridge/model/command_text.py", "render"),
    ),
}  # fmt: skip
"""Who calls what stands here: (file, name), both as patterns."""


def found() -> list[tuple[str, str, str]]:
    """(file, name, where and what) of all that nothing calls."""
    search = Vulture()
    search.scavenge([str(ROOT / folder) for folder in CODE], exclude=["*_pb2.py", "*/native/*"])
    return [
        (str(Path(item.filename).relative_to(ROOT)), item.name,
         f"{Path(item.filename).relative_to(ROOT)}:{item.first_lineno}: {item.typ} `{item.name}` is not used")
        for item in search.get_unused_code(min_confidence=LEAST_CONFIDENCE)
    ]  # fmt: skip


def main() -> int:
    """1 when something is dead, or excused and alive."""
    excuses = [pattern for patterns in CALLED_BY.values() for pattern in patterns]
    needed: set[tuple[str, str]] = set()
    faults: list[str] = []
    for file, name, text in found():
        excused = {(f, n) for f, n in excuses if fnmatchcase(file, f) and fnmatchcase(name, n)}
        needed |= excused
        if not excused:
            faults.append(text)
    faults += [f".ci/dead_code.py excuses {n} in {f}, which is used or gone" for f, n in excuses
               if (f, n) not in needed]  # fmt: skip
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
