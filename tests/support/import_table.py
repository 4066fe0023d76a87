"""What each folder holds, and what it may import besides the standard library and itself.

`tests/test_structure.py` enforces it; `make generate` writes it into ARCHITECTURE.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Folder:
    """One row. `imports`: packages by their import names. `free`: composition, which may import all of ours."""

    holds: str
    imports: frozenset[str] = frozenset()
    free: bool = False


def _row(holds: str, imports: str) -> Folder:
    return Folder(holds, frozenset(imports.split()))


# What the folders of `bridge.rooms` share: plain modules beside them. Arrows between them: all write
# deliveries by `outbound`, which knows none of them; the view's controls run the commands.
ROOMS: Final = (
    "bridge.rooms.ids bridge.rooms.people bridge.rooms.ports bridge.rooms.tuning bridge.model bridge.storage"
)

TABLE: Final[dict[str, Folder]] = {
    "bridge.model": _row(
        "messages, ids, notices; the adapter and the view interface; the one text cleaner; what wallets sign",
        "Crypto coincurve nh3 pydantic",
    ),
    "bridge.protocol": _row(
        "the sans-IO engine: states, permissions, ballots, stewards, wire format, the MLS port; no clock, no "
        "randomness, no IO",
        "bridge.model google.protobuf coincurve cryptography msgspec",
    ),
    "bridge.mls": _row(
        "implements the MLS port on the native part", "bridge.protocol bridge.model bridge._native msgspec"
    ),
    "bridge.waku": _row(
        "transports: embedded node, REST, in memory for tests",
        "bridge._native bridge.model httpx msgspec google.protobuf structlog",
    ),
    "bridge.storage": _row(
        "schema, transactions, one module per table",
        "bridge.model sqlalchemy alembic cryptography msgspec structlog",
    ),
    "bridge.identity": _row(
        "master secret, hosted wallets, linking of own ones, signing, ECIES",
        "bridge.model bridge.protocol bridge.storage cryptography eth_account ecies coincurve structlog",
    ),
    "bridge.chain": _row(
        "contracts, the log follower, the sender of transactions, the development chain",
        "bridge.model bridge.protocol bridge.storage aiohttp eth_abi eth_tester eth_typing eth_utils hexbytes "
        "msgspec structlog web3",
    ),
    "bridge.conversation": _row(
        "the async shell of one group: feeds the engine, carries out its effects",
        "bridge.model bridge.protocol bridge.mls bridge.waku bridge.storage bridge.identity bridge.chain "
        "msgspec structlog coincurve google.protobuf",
    ),
    "bridge.rooms.outbound": _row(
        "notices become deliveries: fan-out, queue, perform", f"{ROOMS} msgspec structlog"
    ),
    "bridge.rooms.commands": _row(
        "the router, one file for each command, sentences",
        f"{ROOMS} bridge.rooms.outbound bridge.identity bridge.conversation bridge.protocol",
    ),
    "bridge.rooms.inbound": _row(
        "platform events become requests: worker, intake, chat, moderators",
        f"{ROOMS} bridge.rooms.outbound bridge.conversation bridge.protocol msgspec structlog",
    ),
    "bridge.rooms.view": _row(
        "what adapters show beyond messages: members, ballots, results, news, signing",
        f"{ROOMS} bridge.rooms.outbound bridge.rooms.commands bridge.identity bridge.conversation "
        "bridge.protocol msgspec structlog",
    ),
    "bridge.rooms": _row(
        "what joins the folders of rooms, and what they share",
        "bridge.model bridge.storage bridge.identity bridge.conversation bridge.protocol msgspec structlog",
    ),
    "bridge.settings": _row(
        "typed settings, their sources, the sample configuration",
        "bridge.model bridge.protocol bridge.waku dotenv pydantic",
    ),
    "bridge.process": Folder("composition, life of the process, logs, metrics, status, `check`", free=True),
    "bridge.cli": Folder("the command line and the demonstration", free=True),
    "adapters.discord": _row("Discord", "bridge.model discord aiohttp msgspec pydantic structlog"),
    "adapters.matrix": _row("Matrix", "bridge.model nio aiohttp pydantic structlog"),
    "adapters.web": _row(
        "our own page",
        "bridge.model argon2 eth_account msgspec pydantic starlette structlog uvicorn",
    ),
}


def markdown() -> str:
    """The table for ARCHITECTURE.md."""
    lines = ["| folder | holds | may import |", "| --- | --- | --- |"]
    for name, folder in TABLE.items():
        ours = sorted(each for each in folder.imports if each.startswith("bridge."))
        theirs = sorted(folder.imports - set(ours))
        groups = [", ".join(each.removeprefix("bridge.") for each in ours), ", ".join(theirs)]
        may = "everything" if folder.free else "; ".join(filter(None, groups)) or "nothing"
        lines.append(f"| `{name.replace('.', '/')}` | {folder.holds} | {may} |")
    return "\n".join(lines) + "\n"
