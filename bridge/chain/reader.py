"""One group's logs as facts. Logs are hostile until they have been held against what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from web3 import Web3
from web3.types import LogReceipt

from bridge.chain import abi
from bridge.chain.errors import ChainUnavailable
from bridge.chain.place import Addresses
from bridge.chain.planner import NO_HASH
from bridge.protocol.chain import Decided, Fact, Opened, Recorded, Roster, Voted
from bridge.protocol.ports import Address

EVENTS: Final = {
    abi.REGISTRY: frozenset({"RosterSet", "CommitRecorded", "TermsChanged"}),
    abi.BALLOTS: frozenset({"BallotOpened", "VoteCast", "BallotDecided"}),
}
"""What a group is told of."""


class GroupReader:
    """`Reader` of the group with this key (32 bytes, `on_chain.group_key`)."""

    def __init__(self, addresses: Addresses, group_key: bytes) -> None:
        self._key = group_key
        self._of = {bytes(addresses.registry): abi.REGISTRY, bytes(addresses.ballots): abi.BALLOTS}
        self.addresses: Sequence[str] = [Web3.to_checksum_address(address) for address in self._of]
        wanted = [
            topic
            for name, events in EVENTS.items()
            for topic, found in abi.topics(name).items()
            if found in events
        ]
        self.topics: Sequence[Any] = [["0x" + topic.hex() for topic in wanted], "0x" + group_key.hex()]

    def facts(self, logs: Sequence[LogReceipt]) -> list[Fact]:
        """The facts in these logs, in order. Raises ChainUnavailable for logs that make no sense."""
        facts: list[Fact] = []
        policies: dict[int, bytes] = {}
        """Of records that change it; its event comes before the record's, in the same transaction."""
        for log in logs:
            name, values, transaction = self._read(log)
            if name == "TermsChanged":
                policies[values["number"]] = bytes(values["policyHash"])
            else:
                facts.append(_fact(name, values, transaction, policies))
        return facts

    def _read(self, log: LogReceipt) -> tuple[str, dict[str, Any], bytes]:
        try:
            contract = self._of[bytes.fromhex(str(log["address"])[2:])]
            transaction = bytes(log["transactionHash"])
        except (KeyError, TypeError, ValueError) as error:
            raise ChainUnavailable("a log of a contract that was not asked for") from error
        name, values = abi.event(contract, log)
        if name not in EVENTS[contract] or bytes(values["group"]) != self._key or len(transaction) != 32:
            raise ChainUnavailable("a log of another group, or of an event that was not asked for")
        return name, values, transaction


def _fact(name: str, of: dict[str, Any], transaction: bytes, policies: dict[int, bytes]) -> Fact:
    match name:
        case "BallotOpened":
            return Opened(bytes(of["digest"]), of["deadline"], transaction, bytes(of["changes"]))
        case "VoteCast":
            return Voted(bytes(of["digest"]), _address(of["voter"]), of["yes"], transaction)
        case "BallotDecided":
            return Decided(
                bytes(of["digest"]), of["passed"], of["yes"], of["no"], of["byDeadline"], transaction
            )
        case "CommitRecorded":
            return _recorded(of, transaction, policies)
        case _:
            return Roster(
                number=of["number"],
                epoch=of["epoch"],
                candidates=_addresses(of["candidates"]),
                voters=_addresses(of["voters"]),
                services=_addresses(of["serviceMembers"]),
                policy_hash=bytes(of["policyHash"]),
                transaction=transaction,
                settings=bytes(of["terms"]),
            )


def _recorded(of: dict[str, Any], transaction: bytes, policies: dict[int, bytes]) -> Recorded:
    ballot = bytes(of["ballot"])
    return Recorded(
        number=of["number"],
        epoch=of["epoch"],
        commit_hash=bytes(of["commitHash"]),
        digest=b"" if ballot == NO_HASH else ballot,
        committer=_address(of["committer"]),
        transaction=transaction,
        adds=_addresses(of["adds"]),
        removes=tuple(sorted(_addresses(of["removes"]) + _addresses(of["leaves"]))),
        policy_hash=policies.get(of["number"], b""),
    )


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text[2:]))


def _addresses(texts: Sequence[str]) -> tuple[Address, ...]:
    return tuple(_address(text) for text in texts)
