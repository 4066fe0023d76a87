"""Values that all parts of the group protocol share: the group's name and its policy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from bridge.model.notices import ChangeKind
from bridge.protocol.ports import Address

ADDRESS_BYTES = 20
MAX_GROUP_ID_BYTES = 64

CLOCK_SKEW = 5
"""Seconds by which clocks may differ (protocol.md section 7)."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_FULL_NAME = re.compile(r"demls:(?P<name>[^@]*)@0x(?P<creator>[0-9a-fA-F]{40})")


class Silence(Enum):
    """What a voter's silence means when the deadline passes."""

    ABSTAIN = "abstain"
    APPROVE = "approve"
    REJECT = "reject"


class Coordination(Enum):
    """Who counts the ballots: the group's own signed votes, or a contract."""

    WAKU = "waku"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations in seconds. The defaults are the seed's demonstration times (protocol.md section 6)."""

    steward_epoch: int = 15
    waiting: int = 5
    voting: int = 30
    commit: int = 10


@dataclass(frozen=True, slots=True)
class BallotRules:
    """The silence rule of each kind of change, and how many must vote where silence abstains.

    Defaults (protocol.md section 7): no Sybils while members sleep, and a sleeping group must not ban.
    """

    adds: Silence = Silence.ABSTAIN
    removals: Silence = Silence.REJECT
    policies: Silence = Silence.REJECT
    min_votes: int = 1

    def silence(self, kind: ChangeKind) -> Silence:
        """The rule for a batch of this kind."""
        match kind:
            case ChangeKind.ADD:
                return self.adds
            case ChangeKind.REMOVE:
                return self.removals
            case ChangeKind.POLICY:
                return self.policies


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """What all members must agree on; MLS authenticates it as a group-context extension.

    `service_members` are bridges: they relay and steward, but have no vote. Bounds: `policy.check_policy`.
    """

    creator: Address
    steward_candidates: tuple[Address, ...]
    service_members: tuple[Address, ...] = ()
    rules: BallotRules = field(default_factory=BallotRules)
    coordination: Coordination = Coordination.WAKU
    chat_during_ballot: bool = False
    """False: chat waits while a ballot runs (the seed's rule); True: it is sent."""
    bootstrap_open: bool = False
    """While there is no voter: True admits anybody, False only the creator's own users and the listed."""
    bootstrap_listed: tuple[Address, ...] = ()
    timing: Timing = field(default_factory=Timing)

    def voters(self, members: Iterable[Address]) -> tuple[Address, ...]:
        """The members that have a vote (all but service members), sorted by address."""
        return tuple(sorted(set(members).difference(self.service_members)))


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group's full name: `demls:<name>@0x<creator>`. Without the creator it names no trust anchor."""

    name: str
    creator: Address

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"group name {self.name!r}: 1 to 64 of a-z, 0-9, '.', '_', '-', first a letter or a digit"
            )
        if len(self.creator) != ADDRESS_BYTES:
            raise ValueError("the creator's address must have 20 bytes")

    @classmethod
    def parse(cls, text: str) -> GroupName:
        """Read a full name; hexadecimal digits in either case. Raises ValueError."""
        found = _FULL_NAME.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not of the form demls:<group>@0x<40 hexadecimal digits>")
        return cls(found["name"], Address(bytes.fromhex(found["creator"])))

    def __str__(self) -> str:
        return f"demls:{self.name}@0x{self.creator.hex()}"

    @property
    def group_id(self) -> bytes:
        """The MLS group id: the name's UTF-8 (protocol.md section 3)."""
        return self.name.encode()
