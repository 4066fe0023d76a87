"""The hosted leaves of a group: loaded when they act, brought up to date by replaying the archive.

A hosted leaf costs nothing while it is silent: the own leaf alone processes commits. Its state is about
1 kB; the tree that it names is shared with every leaf of the same epoch.
"""

from __future__ import annotations

from bridge._native import MlsLeaf, MlsLeafKeys, MlsStore
from bridge.mls.archive import MAX_EPOCHS, Archive
from bridge.mls.errors import translated
from bridge.protocol.errors import LeafBehind, NotPermitted, RemoteError
from bridge.protocol.ports import Address


class HostedLeaves:
    """The leaves of one group that the bridge holds, its own among them."""

    def __init__(self, store: MlsStore, archive: Archive, suite: int) -> None:
        self._store = store
        self._archive = archive
        self._suite = suite

    def leaf(self, address: Address, past_epochs: int = 0) -> MlsLeaf:
        """The leaf of this address. Raises NotPermitted before its wallet has signed (`bind`)."""
        keys = MlsLeafKeys.load(self._store, self._suite, address)
        if keys is None or not keys.is_bound():
            raise NotPermitted(f"the wallet 0x{address.hex()} has not signed the binding")
        return MlsLeaf(self._store, keys, past_epochs)

    def binding_text(self, address: Address) -> bytes:
        """What the wallet must sign before the leaf can act: the same until it has; empty when it has."""
        keys = self._keys(address)
        return b"" if keys.is_bound() else keys.binding_text().encode()

    def bind(self, address: Address, signature: bytes) -> None:
        """Take the wallet's signature over `binding_text`. Raises BadSignature; then nothing has changed."""
        keys = self._keys(address)
        if not keys.is_bound():
            with translated():
                keys.bound(signature).save(self._store)

    def _keys(self, address: Address) -> MlsLeafKeys:
        """The stored keys, or new ones that no wallet stands behind yet."""
        keys = MlsLeafKeys.load(self._store, self._suite, address)
        if keys is None:
            keys = MlsLeafKeys.draft(self._suite, address)
            keys.save(self._store)
        return keys

    def present(self, address: Address, own: MlsLeaf) -> MlsLeaf:
        """The leaf, brought to the own leaf's epoch.

        Raises LeafBehind when it is unknown, lags too far or is on another branch; NotPermitted when it is
        ahead (it joined by a Welcome whose commit the own leaf has yet to see).
        """
        if self._store.get("mls_states", address) is None:
            raise LeafBehind("no leaf of that address is in the group here")
        leaf = self.leaf(address)
        with translated():
            _, start = leaf.position()
            _, end = own.position()
            if start > end:
                raise NotPermitted("the bridge itself has to catch up with the group first")
            if start < end:
                self._replay(leaf, start, end)
            if leaf.fingerprint() != own.fingerprint():
                raise LeafBehind("the leaf is on another branch of the group")
        return leaf

    def _replay(self, leaf: MlsLeaf, start: int, end: int) -> None:
        if end - start > MAX_EPOCHS:
            raise LeafBehind(f"the leaf lags by {end - start} epochs")
        for epoch in range(start, end):
            batch = self._archive.get(epoch)
            if batch is None:
                raise LeafBehind(f"the commit of epoch {epoch} is not kept any more")
            try:
                with translated():
                    alive = leaf.adopt_staged(leaf.stage(batch.proposals, batch.commit))
            except RemoteError as error:
                raise LeafBehind(f"the leaf cannot follow from epoch {epoch}: {error}") from error
            if not alive:
                raise LeafBehind("the leaf was removed from the group")
