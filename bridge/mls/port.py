"""`MlsGroupPort`: one group on the native MLS part, seen from one bridge."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bridge._native import MlsBuilt, MlsLeaf, MlsStaged, MlsStore, mls_peek
from bridge.mls.archive import NOWHERE, Archive, Batch
from bridge.mls.errors import translated
from bridge.mls.hosted import HostedLeaves
from bridge.mls.kept import KeptCommit, KeptCommits
from bridge.protocol.errors import LeafBehind, NotAMember, NotPermitted, ProtocolError
from bridge.protocol.ports import (
    AddChange,
    Address,
    Built,
    Change,
    ContentType,
    Opened,
    Peeked,
    PolicyChange,
    RemoveChange,
    Staged,
    View,
)

PAST_EPOCHS: Final = 5
"""Past epochs whose chat the own leaf still opens (protocol.md section 3). Hosted leaves do not receive."""

SignBinding = Callable[[Address, bytes], bytes | None]
"""Signs a wallet binding: (address, text) to an EIP-191 signature r ‖ s ‖ v of 65 bytes, v 27 or 28.

None when the wallet is not here."""

_MAX_PENDING: Final = 32
"""Commits that may be built or staged at once; each holds a copy of the group. The oldest goes."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A built or staged commit that waits for `adopt`."""

    commit: MlsBuilt | MlsStaged
    batch: Batch
    removed: tuple[Address, ...]


class MlsGroupPort:
    """One group: the bridge's own leaf and the leaves that it hosts. Implements `MlsPort`, which documents
    the methods. Not thread-safe: the group's task owns it.

    `rows` are the rows drained so far, for a group that is restored: (table, key, value). `sign_binding`
    signs the own leaf's wallet binding: the bridge's wallet is always here, and without its leaf the port
    could do nothing. Hosted leaves are bound by `bind`, wherever their wallets are. `group_id`, when given,
    is the only group that a Welcome may lead to. Every result that leaves the process (`seal`,
    `propose_update`, `build`, `key_package`) must be preceded by storing what `drain` returns after the
    call, or a restart would use a ratchet key twice.
    """

    def __init__(
        self,
        own: Address,
        sign_binding: SignBinding,
        rows: Iterable[tuple[str, bytes, bytes]] = (),
        *,
        suite: int = 1,
        group_id: bytes | None = None,
    ) -> None:
        self._own_address = own
        self._group_id = group_id
        self._pending: dict[int, _Pending] = {}
        self._next_token = 1
        self._view: View | None = None
        with translated():
            self._store = MlsStore(list(rows))
            self._archive = Archive(self._store)
            self._kept = KeptCommits(self._store, own)
            self._leaves = HostedLeaves(self._store, self._archive, suite)
            self._bind_own(sign_binding)
            self._own = self._leaves.leaf(own, PAST_EPOCHS)

    def _bind_own(self, sign_binding: SignBinding) -> None:
        text = self.binding_text(self._own_address)
        signature = sign_binding(self._own_address, text) if text else None
        if signature is not None:
            self.bind(self._own_address, signature)

    # What the group is

    def view(self) -> View | None:
        if self._view is None and self._own.is_member():
            with translated():
                group_id, epoch, members, policy = self._own.view()
            self._view = View(group_id, epoch, tuple(Address(member) for member in members), policy)
        return self._view

    def hosted(self) -> frozenset[Address]:
        view = self.view()
        held = {Address(key) for key in self._store.keys("mls_states")} - {self._own_address}
        return frozenset(held.intersection(view.members)) if view else frozenset()

    def lost(self, leaf: Address) -> bool:
        try:
            self._leaves.present(leaf, self._own)
        except LeafBehind:
            return True
        except ProtocolError:
            return False
        return False

    def peek(self, message: bytes) -> Peeked:
        with translated():
            group_id, epoch, kind = mls_peek(message)
        return Peeked(group_id, epoch, ContentType(kind))

    def exporter(self, label: str, context: bytes, length: int) -> bytes:
        with translated():
            return self._own.export(label.encode(), context, length)

    def archived(self, epoch: int) -> Batch | None:
        """The batch that ended `epoch`, for a member that asks for it; None when it is not kept."""
        return self._archive.get(epoch)

    # Application messages

    def open(self, message: bytes) -> Opened:
        with translated():
            sender, epoch, plaintext = self._own.open(message)
        return Opened(Address(sender), epoch, plaintext)

    def seal(self, leaf: Address, plaintext: bytes) -> bytes:
        with translated():
            if leaf == self._own_address:
                return self._own.seal(plaintext)
            self._require_member()
            return self._leaves.present(leaf, self._own).seal(plaintext)

    # Coming and going

    def create(self, group_id: bytes, policy: bytes, now: int) -> None:
        if self._group_id not in (None, group_id):
            raise NotPermitted("this port is for another group")
        with translated():
            self._own.create(group_id, policy, now)
        self._archive.truncate(0)
        self._moved()

    def key_package(self, leaf: Address, now: int) -> bytes:
        with translated():
            return self._leaf(leaf).key_package(now)

    def binding_text(self, leaf: Address) -> bytes:
        with translated():
            return self._leaves.binding_text(leaf)

    def bind(self, leaf: Address, signature: bytes) -> None:
        self._leaves.bind(leaf, signature)

    def check_key_package(self, key_package: bytes, now: int) -> Address:
        with translated():
            return Address(self._own.check_key_package(key_package, now))

    def join(self, leaf: Address, welcome: bytes, now: int, *, only_known: bool = False) -> View | None:
        """See `MlsPort.join`. A Welcome for a hosted leaf must lead to the branch that the own leaf is on;
        one that has a place in the group already can only move to an epoch that the own leaf knows."""
        if leaf == self._own_address:
            return self._join_own(welcome)
        view = self._require_member()
        joining = self._leaf(leaf)
        with translated():
            known = [*self._archive.fingerprints(), (view.epoch, self._own.fingerprint())]
            joined = joining.join(welcome, view.group_id, known, only_known or joining.is_member())
        return view if joined else None

    def _join_own(self, welcome: bytes) -> View | None:
        view = self.view()
        group_id = view.group_id if view else self._group_id
        with translated():
            if not self._own.join(welcome, group_id, [], False):
                return None
            _, epoch = self._own.position()
        self._archive.truncate(epoch)
        self._moved()
        return self.view()

    def forget(self, leaf: Address) -> None:
        """See `MlsPort.forget`. The signature keys stay: a rejoin with them keeps late chat readable."""
        if leaf == self._own_address:  # its Welcome led to a group that is not the one asked for
            with translated():
                self._own.forget_group()
            self._moved()
            return
        # A leaf that is not bound was never in a group.
        if self._store.get("leaf_keys", leaf) is not None and not self.binding_text(leaf):
            with translated():
                self._leaf(leaf).forget()

    # Commits

    def propose_update(self, leaf: Address) -> bytes:
        with translated():
            if leaf == self._own_address:
                return self._own.propose_update()
            self._require_member()
            return self._leaves.present(leaf, self._own).propose_update()

    def receive_proposal(self, message: bytes) -> Address:
        with translated():
            return Address(self._own.receive_proposal(message))

    def build(self, changes: Sequence[Change], now: int) -> Built:
        view = self._require_member()
        with translated():
            made = self._own.build([_to_native(change) for change in changes], now)
            proposals, commit, welcome = tuple(made.proposals()), made.commit(), made.welcome()
        batch = Batch(view.epoch, now, NOWHERE, proposals, commit)
        token = self._remember(_Pending(made, batch, _removed(changes)))
        return Built(token, proposals, commit, welcome)

    def stage(self, proposals: Sequence[bytes], commit: bytes, now: int) -> Staged:
        view = self._require_member()
        with translated():
            made = self._own.stage(list(proposals), commit)
            committer, updates, removes_self = made.committer(), made.updates(), made.removes_self()
            changes = tuple(_from_native(*change) for change in made.changes())
        batch = Batch(view.epoch, now, NOWHERE, tuple(proposals), commit)
        token = self._remember(_Pending(made, batch, _removed(changes)))
        updated = tuple(Address(address) for address in updates)
        return Staged(token, Address(committer), changes, updated, removes_self)

    def adopt(self, token: int) -> View | None:
        pending = self._pending.pop(token, None)
        if pending is None:
            raise NotPermitted("that commit is neither built nor staged")
        return self._adopt(pending)

    def _adopt(self, pending: _Pending) -> View | None:
        with translated():
            if isinstance(pending.commit, MlsBuilt):
                self._own.adopt_built(pending.commit)
            else:
                self._own.adopt_staged(pending.commit)
        self._moved()
        view = self.view()
        self._archive_batch(pending.batch, alive=view is not None)
        for address in pending.removed:
            if address != self._own_address and self._store.get("mls_states", address) is not None:
                self._leaf(address).forget_group()
        return view

    def discard(self, token: int) -> None:
        self._pending.pop(token, None)

    def keep(self, token: int) -> None:
        pending = self._pending.get(token)
        if pending is None or not isinstance(pending.commit, MlsBuilt):
            raise NotPermitted("only a commit that was built here can be kept")
        with translated():
            content = pending.commit.export()
        self._kept.put(KeptCommit(content, pending.batch.epoch, pending.batch.time, pending.removed))

    def kept(self) -> bytes:
        kept = self._kept.get()
        return b"" if kept is None else hashlib.sha256(self._restored(kept).commit()).digest()

    def adopt_kept(self) -> View | None:
        kept = self._kept.get()
        if kept is None:
            raise NotPermitted("no commit is kept")
        made = self._restored(kept)
        with translated():
            proposals, commit = tuple(made.proposals()), made.commit()
        batch = Batch(kept.epoch, kept.time, NOWHERE, proposals, commit)
        view = self._adopt(_Pending(made, batch, tuple(map(Address, kept.removed))))
        self._kept.drop()
        return view

    def drop_kept(self) -> None:
        self._kept.drop()

    def _restored(self, kept: KeptCommit) -> MlsBuilt:
        with translated():
            return MlsBuilt.restore(kept.content)

    def drain(self) -> list[tuple[str, bytes, bytes | None]]:
        return self._store.drain()

    def _archive_batch(self, batch: Batch, *, alive: bool) -> None:
        with translated():
            fingerprint = self._own.fingerprint() if alive else NOWHERE
        self._archive.add(Batch(batch.epoch, batch.time, fingerprint, batch.proposals, batch.commit))

    def _leaf(self, address: Address) -> MlsLeaf:
        return self._own if address == self._own_address else self._leaves.leaf(address)

    def _require_member(self) -> View:
        view = self.view()
        if view is None:
            raise NotAMember("the bridge is not in the group")
        return view

    def _moved(self) -> None:
        """The epoch changed: what was read or made in the old one is void.

        A kept commit stays until it is dropped: whoever kept it has to know that it lost.
        """
        self._view = None
        self._pending.clear()

    def _remember(self, pending: _Pending) -> int:
        token, self._next_token = self._next_token, self._next_token + 1
        self._pending[token] = pending
        while len(self._pending) > _MAX_PENDING:
            del self._pending[min(self._pending)]
        return token


def _removed(changes: Sequence[Change]) -> tuple[Address, ...]:
    return tuple(change.address for change in changes if isinstance(change, RemoveChange))


def _to_native(change: Change) -> tuple[str, bytes, bytes]:
    match change:
        case AddChange(address, key_package):
            return "add", address, key_package
        case RemoveChange(address):
            return "remove", address, b""
        case PolicyChange(policy):
            return "policy", policy, b""


def _from_native(kind: str, first: bytes, second: bytes) -> Change:
    match kind:
        case "add":
            return AddChange(Address(first), second)
        case "remove":
            return RemoveChange(Address(first))
        case _:
            return PolicyChange(first)
