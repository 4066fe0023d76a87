"""Intents as calls of the contracts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import structlog
from web3.types import TxReceipt

from bridge.chain import abi, codec, refusals
from bridge.chain.codec import Call
from bridge.chain.errors import ChainUnavailable
from bridge.chain.place import Addresses
from bridge.chain.ports import Outcome, Planned
from bridge.model.ethereum import keccak256
from bridge.model.notices import ChangeKind
from bridge.protocol import on_chain
from bridge.protocol.chain import (
    Finalize,
    Intent,
    MarkUsed,
    OpenBallot,
    PublishKeyPackage,
    Record,
    RelayVote,
    SetRoster,
)
from bridge.protocol.errors import Malformed
from bridge.protocol.policy import decode_policy, policy_hash
from bridge.protocol.types import Coordination, GroupName, Silence
from bridge.storage.intents import IntentRow

MAX_VOTES: Final = 50
"""Votes in one transaction: some 1.6 million gas."""
NO_HASH: Final = bytes(32)

_KINDS: Final = {ChangeKind.ADD: 0, ChangeKind.REMOVE: 1, ChangeKind.POLICY: 2}
_SILENCES: Final = {Silence.ABSTAIN: 0, Silence.APPROVE: 1, Silence.REJECT: 2}

log: Final = structlog.get_logger("bridge.chain.planner")


class ContractPlanner:
    """`Planner` for the contracts at `addresses`. `name_of`: a stored group's full name, None if unknown."""

    def __init__(self, addresses: Addresses, name_of: Callable[[str], GroupName | None]) -> None:
        self._at = addresses
        self._name_of = name_of

    def plan(self, rows: Sequence[IntentRow]) -> list[Planned]:
        """One transaction for each intent, but up to 50 votes of one ballot together, where the first stood.

        An intent that cannot be made into a call (of another version, of a group that is not configured any
        more) is logged and left waiting.
        """
        planned: list[Planned] = []
        votes: dict[tuple[str, bytes], list[tuple[IntentRow, RelayVote]]] = {}
        for row in rows:
            try:
                intent = codec.decode(row.payload)
                name = self._name_of(row.group)
                if name is None:
                    continue
                if isinstance(intent, RelayVote):
                    votes.setdefault((row.group, intent.digest), []).append((row, intent))
                else:
                    planned.append(Planned(self._call(intent, name), (row,)))
            except (msgspec.MsgspecError, KeyError, Malformed) as error:
                log.error("an intent cannot be read", group=row.group, intent=row.id, error=str(error)[:200])
        for (group, digest), waiting in votes.items():
            planned += self._votes(group, digest, waiting)
        return sorted(planned, key=lambda one: one.intents[0].id)

    def in_words(self, refusal: str) -> str:
        """A custom error's selector as a sentence."""
        return refusals.in_words(refusal)

    def is_done(self, refusal: str) -> bool:
        """Whether a refusal means that what was asked for is so already."""
        return refusals.is_done(refusal)

    def outcome(self, rows: Sequence[IntentRow], receipt: TxReceipt) -> Outcome:
        """What a successful transaction has done: votes that the contract skipped are named with the reason."""
        skipped: dict[tuple[bytes, bytes], str] = {}
        for log in receipt["logs"]:
            if bytes.fromhex(str(log["address"])[2:]) != self._at.ballots:
                continue
            try:
                found, values = abi.event(abi.BALLOTS, log)
            except ChainUnavailable:
                continue
            if found == "VoteSkipped":
                voter = bytes.fromhex(values["voter"][2:])
                skipped[bytes(values["digest"]), voter] = refusals.skipped(values["reason"])
        of: dict[int, str] = {}
        for row in rows:
            intent = codec.decode(row.payload)
            vote = isinstance(intent, RelayVote)
            of[row.id] = skipped.get((intent.digest, intent.voter), "") if vote else ""  # type: ignore[union-attr]
        return Outcome(of)

    # ---- calls ----

    def _votes(self, group: str, digest: bytes, waiting: list[tuple[IntentRow, RelayVote]]) -> list[Planned]:
        name = self._name_of(group)
        assert name is not None, "looked up by the caller"
        key = on_chain.group_key(name)
        made = []
        for first in range(0, len(waiting), MAX_VOTES):
            part = waiting[first : first + MAX_VOTES]
            votes = [(vote.voter, vote.yes, vote.signature) for _, vote in part]
            data = abi.call(abi.BALLOTS, "castVotesBySig", key, digest, votes)
            made.append(Planned(Call(self._at.ballots, data), tuple(row for row, _ in part)))
        return made

    def _call(self, intent: Intent, name: GroupName) -> Call:
        key = on_chain.group_key(name)
        match intent:
            case OpenBallot():
                changes = on_chain.changes_hash(
                    intent.kind, intent.epoch, intent.adds, intent.removes, intent.policy
                )
                data = abi.call(
                    abi.BALLOTS, "open", key, _KINDS[intent.kind], changes, intent.digest, intent.epoch,
                    intent.deadline,
                )  # fmt: skip
                return Call(self._at.ballots, data)
            case Finalize():
                return Call(self._at.ballots, abi.call(abi.BALLOTS, "finalize", key, intent.digest))
            case Record():
                return Call(self._at.registry, _record(key, intent))
            case SetRoster():
                return Call(self._at.registry, _set_roster(name, intent))
            case PublishKeyPackage():
                data = abi.call(
                    abi.KEY_PACKAGES, "publishBySig", key, intent.owner, intent.package, intent.signature
                )
                return Call(self._at.key_packages, data)
            case MarkUsed():
                data = abi.call(abi.KEY_PACKAGES, "markUsed", key, intent.owner, intent.hash)
                return Call(self._at.key_packages, data)
            case RelayVote():
                raise AssertionError("votes are planned in batches")


def terms(policy: bytes) -> tuple[Any, ...]:
    """The contract's `Terms` of a policy (canonical bytes). Raises Malformed."""
    read = decode_policy(policy)
    rules = (
        _SILENCES[read.rules.adds],
        _SILENCES[read.rules.removals],
        _SILENCES[read.rules.policies],
        read.rules.min_votes,
        read.timing.voting,
    )
    coordinated = read.coordination is Coordination.CONTRACT
    return (
        sorted(read.steward_candidates),
        sorted(read.service_members),
        rules,
        coordinated,
        policy_hash(read),
    )


def _record(key: bytes, intent: Record) -> bytes:
    own = {claim.address for claim in intent.claims}
    commit = (
        intent.number,
        intent.epoch,
        intent.commit_hash,
        intent.digest or NO_HASH,
        sorted(set(intent.adds) - own),
        sorted(set(intent.removes) - own),
        [(claim.address, claim.rejoins, claim.epoch, claim.signature) for claim in intent.claims],
    )
    if intent.policy:
        return abi.call(abi.REGISTRY, "recordPolicy", key, commit, terms(intent.policy))
    return abi.call(abi.REGISTRY, "recordCommit", key, commit)


def _set_roster(name: GroupName, intent: SetRoster) -> bytes:
    roster = (intent.epoch, sorted(intent.voters), sorted(intent.services))
    if intent.creates:
        hashed = keccak256(name.name.encode())
        return abi.call(abi.REGISTRY, "createGroup", hashed, roster, terms(intent.policy))
    return abi.call(abi.REGISTRY, "resumeGroup", on_chain.group_key(name), roster, terms(intent.policy))
