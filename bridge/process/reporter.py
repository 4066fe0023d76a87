"""The present state of the process as a `bridge.process.report.Report`."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bridge.chain.place import Place
from bridge.conversation.manager import Manager
from bridge.conversation.ports import BallotStatus, GroupStatus
from bridge.model.adapter import Adapter
from bridge.process import report, versions
from bridge.process.watchdog import Watchdog
from bridge.rooms.mirror import Mirror
from bridge.storage import accounts, deliveries, members, size
from bridge.storage.deliveries import Failure, RoomQueue
from bridge.storage.store import Store, Tx
from bridge.waku.transport import Peer, Transport, TransportState

MAX_FAILURES: Final = 50
MAX_PEERS: Final = 200
MAX_ERROR: Final = 500
"""Characters of an error's text; the platforms write most of it."""


@dataclass(slots=True)
class Reporter:
    """`last` is the newest report, for readers on other threads (metrics)."""

    name: str
    address: bytes
    store: Store
    transport: Transport
    manager: Manager
    mirror: Mirror
    adapters: Mapping[str, Adapter]
    watchdog: Watchdog
    chain: Place | None = None
    started: float = field(default_factory=time.time)
    last: report.Report | None = None

    async def report(self) -> report.Report:
        """Take a new one. Reads names and queue lengths from the store. Raises StorageError."""
        groups = {name: group.status() for name, group in self.manager.groups.items()}
        names, failures, stored = await self.store.read(
            lambda tx: (_names(tx, groups), deliveries.failures(tx, MAX_FAILURES), size.database_bytes(tx))
        )
        queues = await self.mirror.queues()
        health = self.transport.health()
        self.last = report.Report(
            name=self.name,
            version=versions.bridge(),
            pid=os.getpid(),
            started=self.started,
            address=_hex(self.address),
            transport=f"{health.state.value}: {health.detail}",
            connected=health.state is TransportState.OK,
            listening=health.listening,
            groups=tuple(_group(status, names[name]) for name, status in groups.items()),
            adapters=tuple(_adapter(platform, adapter) for platform, adapter in self.adapters.items()),
            deliveries_waiting=sum(queue.waiting for queue in queues),
            loop_lag=self.watchdog.lag,
            uptime=time.time() - self.started,
            peers=tuple(map(_peer, health.connected[:MAX_PEERS])),
            waku=dict(health.counters),
            queues=tuple(map(_queue, queues)),
            failures=tuple(map(_failure, failures)),
            versions=versions.everything(),
            database_bytes=stored,
            chain=None if self.chain is None else _chain(self.chain),
        )
        return self.last


def _names(tx: Tx, groups: Mapping[str, GroupStatus]) -> dict[str, dict[str, str]]:
    """Display names by group and address: as members of other bridges gave them, then the own accounts'."""
    own = {account.address: account.display_name for account in accounts.all(tx)}
    found = {}
    for name, status in groups.items():
        known = members.names(tx, name) | own
        present = {*status.members, *(status.ballot.voters if status.ballot else ())}
        found[name] = {_hex(address): known[address] for address in present if address in known}
    return found


def _group(status: GroupStatus, names: dict[str, str]) -> report.Group:
    return report.Group(
        name=status.group,
        full_name=status.full_name,
        state=status.state.value,
        deadline=status.deadline,
        epoch=status.epoch,
        is_steward=status.is_steward,
        members=tuple(map(_hex, status.members)),
        voters=tuple(map(_hex, status.voters)),
        queued=status.queued,
        waiting_chat=status.waiting_chat,
        names=names,
        refused=dict(status.refused),
        coordination=status.coordination.value,
        chain=status.chain,
        signatures=len(status.signatures),
        ballot=_ballot(status.ballot) if status.ballot is not None else None,
    )


def _ballot(view: BallotStatus) -> report.Ballot:
    return report.Ballot(
        ballot_id=view.ballot_id,
        kind=view.changes[0].kind.value if view.changes else "",
        subjects=tuple(_hex(change.subject) for change in view.changes),
        yes=tuple(map(_hex, view.yes)),
        no=tuple(map(_hex, view.no)),
        voters=tuple(map(_hex, view.voters)),
        deadline=view.deadline,
        transaction=_hex(view.transaction) if view.transaction else "",
    )


def _chain(place: Place) -> report.Chain:
    at = place.addresses
    return report.Chain(
        chain_id=place.chain_id,
        registry=_hex(at.registry),
        ballots=_hex(at.ballots),
        key_packages=_hex(at.key_packages),
        first_block=place.first_block,
        url=place.url,
    )


def _peer(peer: Peer) -> report.Peer:
    return report.Peer(peer.peer_id, peer.address, peer.agent, peer.since, peer.in_mesh)


def _queue(row: RoomQueue) -> report.Queue:
    error = row.error[:MAX_ERROR]
    return report.Queue(row.platform, row.room_id, row.waiting, row.oldest, row.attempts, row.due, error)


def _failure(row: Failure) -> report.Failure:
    error = row.error[:MAX_ERROR]
    return report.Failure(row.platform, row.room_id, row.kind, row.attempts, error, row.created_at)


def _adapter(platform: str, adapter: Adapter) -> report.Adapter:
    health = adapter.health()
    return report.Adapter(platform, health.state, health.detail)


def _hex(address: bytes) -> str:
    return "0x" + address.hex()
