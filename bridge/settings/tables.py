"""The tables of the configuration file, typed and frozen.

Every field's description and example end up in the sample configuration (`bridge.settings.sample`), in
docs/settings.md and in the message about a wrong value. Defaults name their source.
"""

from __future__ import annotations

import ipaddress
import re
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bridge.model.ids import RoomRef
from bridge.model.settings import Table
from bridge.protocol.types import GroupName
from bridge.waku.addresses import EXAMPLE as PEER
from bridge.waku.addresses import parse_peer_addresses
from bridge.waku.errors import BadAddresses

_GROUP: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ADDRESS: Final = re.compile(r"(0x)?[0-9a-fA-F]{40}")
_URL: Final = re.compile(r"https?://[^\s/]+(/[^\s]*)?")


class WakuSettings(Table):
    """How this bridge reaches Waku."""

    mode: Literal["embedded", "rest"] = Field(
        "embedded",
        description="embedded: a relay node inside this process; rest: an external node's REST interface.",
        examples=["embedded"],
    )
    listen_address: str = Field(
        "127.0.0.1",
        description="Address the embedded node listens on; 0.0.0.0 lets others dial in. Default: loopback.",
        examples=["0.0.0.0"],  # noqa: S104 - an example, not a default
    )
    node_port: int = Field(
        60_000,
        ge=0,
        le=65_535,
        description="TCP port of the embedded node (env NODE_PORT); 0: any free one. Default: the seed's.",
        examples=[60_000],
    )
    peer_addresses: tuple[str, ...] = Field(
        (),
        description="Nodes to stay connected to (env PEER_ADDRESSES: with commas, brackets allowed).",
        examples=[[PEER]],
    )
    rest_url: str = Field(
        "http://127.0.0.1:8645",
        pattern=r"^https?://[^\s/]+(/[^\s]*)?$",
        description="REST interface of the external node, for mode = rest. Default: the seed's port.",
        examples=["http://127.0.0.1:8645"],
    )
    cluster_id: int = Field(
        15, ge=0, le=65_535, description="Waku cluster. Default: the seed's.", examples=[15]
    )
    shard: int = Field(1, ge=0, le=1023, description="Shard of the cluster. Default: the seed's.", examples=[1])

    @property
    def pubsub_topic(self) -> str:
        """`/waku/2/rs/<cluster>/<shard>`."""
        return f"/waku/2/rs/{self.cluster_id}/{self.shard}"

    @field_validator("peer_addresses", mode="before")
    @classmethod
    def _dialable(cls, value: object) -> object:
        if isinstance(value, list | tuple) and not all(isinstance(part, str) for part in value):
            return value  # pydantic says which one is no text
        if not isinstance(value, str | list | tuple):
            return value
        try:
            return parse_peer_addresses(value)
        except BadAddresses as error:
            raise ValueError(error.problem) from None

    @field_validator("listen_address")
    @classmethod
    def _numeric(cls, value: str) -> str:
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            raise ValueError(f"{value[:60]!r} is not an IP address") from None


class StorageSettings(Table):
    """Where groups, keys and waiting messages are kept. Key material in it is encrypted."""

    url: str = Field(
        "",
        description=(
            "SQLAlchemy URL: sqlite:///<path> or postgresql+psycopg://<user>@<host>/<database>. "
            "Empty (default): SQLite, `bridge.db` in data_dir."
        ),
        examples=["sqlite:////var/lib/demls-bridge/bridge.db"],
    )
    key: SecretStr = Field(
        SecretStr(""),
        exclude=True,
        description="Key of the encryption at rest, 64 hexadecimal digits; better: key_file or environment.",
        examples=["<64 hexadecimal digits>"],
    )
    key_file: Path | None = Field(
        None,
        description="File with that key (mode 0600). Without any key one is made: `storage.key` in data_dir.",
        examples=["/etc/demls-bridge/storage.key"],
    )
    key_command: tuple[str, ...] = Field(
        (),
        description="Command, as a list of words, that prints that key: for a secret manager.",
        examples=[["pass", "show", "demls-bridge/storage"]],
    )
    keep_days: float = Field(
        30.0,
        ge=8.0,
        le=3650.0,
        description=(
            "Days after which what is finished is forgotten: delivered messages (they can then no longer be "
            "edited or replied to), events, closed ballots, confirmed transactions. At least 8."
        ),
        examples=[90.0],
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [bool(self.key.get_secret_value()), self.key_file is not None, bool(self.key_command)]
        if sum(given) > 1:
            raise ValueError("set one of key, key_file and key_command, not several")
        return self


class ChainSettings(Table):
    """The way to the contracts. Amounts in the chain's own coin (ether), times in seconds."""

    node_url: SecretStr = Field(
        SecretStr(""),
        exclude=True,
        description="JSON-RPC of a node (it may hold an access key). Empty (default): no contracts.",
        examples=["http://127.0.0.1:8545"],
    )
    chain_id: int = Field(0, ge=0, le=2**53, description="The chain's id (EIP-155).", examples=[11_155_111])
    registry: str = Field(
        "",
        description="Address of GroupRegistry, as `demls-bridge contracts deploy` prints it.",
        examples=["0x5fbdb2315678afecb367f032d93f642f64180aa3"],
    )
    ballots: str = Field(
        "", description="Address of Ballots.", examples=["0xa16e02e87b7454126e5e10d957a927a7f5b5d2be"]
    )
    key_packages: str = Field(
        "",
        description="Address of KeyPackageRegistry.",
        examples=["0xe7f1725e7734ce288f8367e1bb143e90bb3f0512"],
    )
    first_block: int = Field(
        0, ge=0, description="Block of their deployment: nothing older is read.", examples=[9_000_000]
    )
    confirmations: int = Field(
        6,
        ge=1,
        le=1_000,
        description="Blocks that must follow before anything is believed: more than reorganisations take.",
        examples=[6],
    )
    poll: float = Field(4, ge=0.1, le=600, description="Seconds between looks at the chain.", examples=[4])
    grace: int = Field(
        180,
        ge=1,
        le=86_400,
        description=(
            "Seconds for which the chain is waited for beyond a deadline; more than poll and "
            "confirmations + 2 blocks take. The same on all bridges of a group."
        ),
        examples=[180],
    )
    stale: int = Field(
        120,
        ge=2,
        le=86_400,
        description="Age in seconds at which the newest block means that the node is behind.",
        examples=[120],
    )
    stuck: int = Field(
        60,
        ge=2,
        le=86_400,
        description="Seconds without a block after which a transaction is sent again at a higher fee.",
        examples=[60],
    )
    daily_limit: Decimal = Field(
        Decimal("0.1"), gt=0, description="What this bridge spends in 24 hours at most.", examples=[0.1]
    )
    low_funds: Decimal = Field(
        Decimal("0.01"), ge=0, description="Funds below which the status warns.", examples=[0.01]
    )
    development_port: int | None = Field(
        None,
        ge=0,
        le=65_535,
        description=(
            "Run a development chain in this process, on this port of 127.0.0.1 (0: any free one), with new "
            "contracts. Worth nothing and gone when the bridge stops: for trying things out. Then the other "
            "keys down to first_block are not needed."
        ),
        examples=[8545],
    )

    @property
    def configured(self) -> bool:
        """Whether there is a way to a chain."""
        return bool(self.node_url.get_secret_value()) or self.development_port is not None

    @field_validator("registry", "ballots", "key_packages")
    @classmethod
    def _addresses(cls, value: str) -> str:
        if value and not _ADDRESS.fullmatch(value):
            raise ValueError(f"{value[:60]!r} is not an address (40 hexadecimal digits)")
        return "0x" + value.lower().removeprefix("0x") if value else ""

    @field_validator("node_url")
    @classmethod
    def _http(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not _URL.fullmatch(value.get_secret_value()):
            raise ValueError("must be an http:// or https:// address")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        url = bool(self.node_url.get_secret_value())
        if url and self.development_port is not None:
            raise ValueError("set node_url or development_port, not both")
        return self


class TimingSettings(Table):
    """Durations of the steward state machine, in seconds. Used by the creator of a group only."""

    steward_epoch: int = Field(
        15, ge=1, le=86_400, description="Seconds between steward epochs.", examples=[15]
    )
    waiting: int = Field(5, ge=1, le=3_600, description="Seconds a steward epoch may collect.", examples=[5])
    voting: int = Field(30, ge=5, le=604_800, description="Seconds a ballot stays open.", examples=[600])
    commit: int = Field(
        10, ge=2, le=3_600, description="Seconds a passed batch may take to come.", examples=[10]
    )


_Silence = Literal["abstain", "approve", "reject"]


class RuleSettings(Table):
    """What a voter's silence means at the deadline. Used by the creator of a group only."""

    adds: _Silence = Field(
        "abstain",
        description="For adds. abstain: the majority of the votes cast decides.",
        examples=["abstain"],
    )
    removals: _Silence = Field(
        "reject", description="For bans. reject: a sleeping group must not ban.", examples=["reject"]
    )
    policies: _Silence = Field("reject", description="For policy changes.", examples=["reject"])
    min_votes: int = Field(
        1, ge=1, le=10_000, description="Votes that must be cast where silence abstains.", examples=[1]
    )


class RoomSettings(Table):
    """A chat room that is mirrored into the group."""

    platform: str = Field(
        description="Name of the adapter: of its table under [adapters].", examples=["matrix"]
    )
    room: str = Field(
        min_length=1, max_length=512, description="The platform's room id.", examples=["!abc:example.org"]
    )

    @property
    def ref(self) -> RoomRef:
        """As the adapters know it."""
        return RoomRef(self.platform, self.room)


class GroupSettings(Table):
    """One group: made here, or joined by its full name."""

    name: str = Field(
        description="To create: a short name. To join: the full name, as `demls-bridge address` shows it.",
        examples=["demls:lobby@0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"],
    )
    create: bool = Field(
        False, description="true: make this group when it does not exist yet. false: join it.", examples=[True]
    )
    rooms: tuple[RoomSettings, ...] = Field(
        (),
        description="Rooms mirrored into this group.",
        examples=[[{"platform": "matrix", "room": "!abc:example.org"}]],
    )
    steward_candidates: tuple[str, ...] = Field(
        (),
        max_length=63,
        description="Other bridges that may run steward epochs, besides this one. For create only.",
        examples=[["0x70997970c51812dc3a010c7d01b50e0d17dc79c8"]],
    )
    service_members: tuple[str, ...] = Field(
        (),
        max_length=255,
        description="Other bridges: they relay but have no vote, like this one. For create only.",
        examples=[["0x70997970c51812dc3a010c7d01b50e0d17dc79c8"]],
    )
    bootstrap: Literal["closed", "open"] = Field(
        "closed",
        description="While nobody has a vote: closed admits own users and the listed. For create only.",
        examples=["closed"],
    )
    bootstrap_listed: tuple[str, ...] = Field(
        (),
        max_length=256,
        description="Addresses admitted without a vote while nobody has one. For create only.",
        examples=[["0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"]],
    )
    coordination: Literal["waku", "contract"] = Field(
        "waku",
        description=(
            "Who counts the ballots and orders the commits: waku (the members' signed votes) or contract (see "
            "[chain]). The group can change it by vote. For create only."
        ),
        examples=["contract"],
    )
    chat_during_ballot: Literal["wait", "send"] = Field(
        "wait",
        description="wait (the seed's rule): chat waits during ballots; send: it goes on. For create only.",
        examples=["wait"],
    )
    moderator_bans: Literal["propose", "mirror", "ignore"] = Field(
        "propose",
        description=(
            "A moderator's ban in a room. propose: the group votes on it in their name, if both are members; "
            "mirror: it holds at once in this bridge's other rooms of the group; ignore: it stays where it is."
        ),
        examples=["propose"],
    )
    timing: TimingSettings = Field(TimingSettings(), description="Durations. For create only.")
    rules: RuleSettings = Field(RuleSettings(), description="Silence at the deadline. For create only.")

    @field_validator("steward_candidates", "service_members", "bootstrap_listed")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"{address[:60]!r} is not an address (40 hexadecimal digits)")
        return tuple("0x" + address.lower().removeprefix("0x") for address in value)

    @field_validator("name")
    @classmethod
    def _named(cls, value: str) -> str:
        if not _GROUP.fullmatch(value):
            try:
                GroupName.parse(value)
            except ValueError:
                raise ValueError(
                    f"{value[:120]!r} is neither a short name (a-z 0-9 . _ -) nor demls:<group>@0x<address>"
                ) from None
        return value

    @model_validator(mode="after")
    def _full_to_join(self) -> Self:
        if not self.create and _GROUP.fullmatch(self.name):
            raise ValueError(
                "to join a group give its full name demls:<group>@0x<creator>; to make one set create = true"
            )
        return self

    @property
    def short(self) -> str:
        """The name without the creator."""
        return self.name if _GROUP.fullmatch(self.name) else GroupName.parse(self.name).name


class CommandSettings(Table):
    """What begins a command in a room."""

    prefix: str = Field(
        "!",
        max_length=4,
        pattern=r"^\S*[^\s\w]$",
        description="Begins a command in a room, and ends in a sign: !join. /join works beside it everywhere.",
        examples=["%"],
    )


class LoggingSettings(Table):
    """Log lines go to standard error. Secrets are taken out of them."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged.", examples=["info"]
    )
    format: Literal["text", "json"] = Field(
        "text", description="text for people, json for machines.", examples=["json"]
    )


class OpsSettings(Table):
    """Metrics and the watchdog."""

    metrics_port: int = Field(
        0,
        ge=0,
        le=65_535,
        description="Prometheus metrics on http://127.0.0.1:<port>/metrics; 0: off.",
        examples=[9464],
    )
    stall_limit: int = Field(
        60,
        ge=5,
        le=3_600,
        description="Seconds the event loop may hang before the watchdog ends the process with code 70.",
        examples=[60],
    )
    shutdown_limit: int = Field(
        10,
        ge=1,
        le=300,
        description="Seconds an orderly shutdown may take on SIGTERM or SIGINT.",
        examples=[10],
    )
