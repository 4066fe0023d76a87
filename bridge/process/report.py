"""What a running bridge says of itself: for `demls-bridge status`, the demo's view and the metrics.

Plain values, JSON by msgspec. Addresses are `0x` and 40 hexadecimal digits, times Unix seconds.
"""

from __future__ import annotations

import msgspec


class Ballot(msgspec.Struct, frozen=True):
    """The open ballot of a group."""

    ballot_id: int
    kind: str
    """add, remove or policy."""
    subjects: tuple[str, ...]
    """Addresses that it would add or remove."""
    yes: tuple[str, ...]
    no: tuple[str, ...]
    voters: tuple[str, ...]
    deadline: int
    transaction: str = ""
    """Of the chain, that opened it (0x…), in contract coordination."""


class Group(msgspec.Struct, frozen=True):
    """One group as this bridge sees it."""

    name: str
    full_name: str
    state: str
    deadline: float
    """When the state ends at the latest; 0 in Working."""
    epoch: int
    is_steward: bool
    members: tuple[str, ...]
    voters: tuple[str, ...]
    queued: int
    """Changes that wait for a steward epoch."""
    waiting_chat: int
    """Messages that wait for the state Working."""
    names: dict[str, str] = {}
    """Display names by address. Foreign text."""
    refused: dict[str, int] = {}
    """What was refused, by error code."""
    ballot: Ballot | None = None
    coordination: str = "waku"
    """Who counts the ballots: waku or contract."""
    chain: str = ""
    """Health of the way to the chain, in words; empty where there is none."""
    signatures: int = 0
    """Questions to people's own wallets that are open."""


class Adapter(msgspec.Struct, frozen=True):
    """One adapter; `platform` is its name, that of its table under [adapters]."""

    platform: str
    state: str
    """ok, degraded or down."""
    detail: str = ""


class Peer(msgspec.Struct, frozen=True):
    """A Waku peer that is connected."""

    peer_id: str
    address: str
    agent: str
    """Foreign text."""
    since: float
    in_mesh: bool


class Queue(msgspec.Struct, frozen=True):
    """Deliveries that wait for a room, and how its first one stands."""

    platform: str
    room: str
    waiting: int
    oldest: int
    """When the first one was made."""
    attempts: int
    due: float
    """When it is tried next; 0: now."""
    error: str = ""
    """Of its last attempt."""


class Failure(msgspec.Struct, frozen=True):
    """A delivery that was given up. `kind`: post, edit, delete, react, ban ..."""

    platform: str
    room: str
    kind: str
    attempts: int
    error: str
    made_at: int


class Chain(msgspec.Struct, frozen=True):
    """Where the contracts are. `url` only for a development chain that this process runs."""

    chain_id: int
    registry: str
    ballots: str
    key_packages: str
    first_block: int
    url: str = ""


class Report(msgspec.Struct, frozen=True):
    """The whole process."""

    name: str
    version: str
    pid: int
    started: float
    address: str
    transport: str
    """Health of the way to Waku, in words."""
    connected: bool
    """Whether at least one Waku peer (or the external node) is reached."""
    listening: tuple[str, ...] = ()
    """Multiaddresses that others can dial."""
    groups: tuple[Group, ...] = ()
    adapters: tuple[Adapter, ...] = ()
    deliveries_waiting: int = 0
    """Messages not yet shown in a room."""
    loop_lag: float = 0.0
    """Seconds by which the event loop was late at the watchdog's last look."""
    uptime: float = 0.0
    """Seconds."""
    peers: tuple[Peer, ...] = ()
    waku: dict[str, int] = {}
    """The transport's own counters."""
    queues: tuple[Queue, ...] = ()
    """Rooms for which deliveries wait."""
    failures: tuple[Failure, ...] = ()
    """The last deliveries that were given up, the newest first."""
    versions: dict[str, str] = {}
    database_bytes: int = 0
    chain: Chain | None = None

    @property
    def healthy(self) -> bool:
        """Connected, and no adapter down."""
        return self.connected and all(adapter.state != "down" for adapter in self.adapters)
