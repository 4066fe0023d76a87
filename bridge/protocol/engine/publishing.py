"""Key packages on the chain: how somebody is added to the group while he, or his whole bridge, is away.

    asked ──(binding signed)──► key package made ──(publication signed)──► asked of the chain ──► added, Welcome

A published key package is known to everybody, so anybody can make a Welcome for it, to a group of his own under
our group's name. Such a Welcome is taken only if it leads to an epoch that the own leaf has been in; one that
comes before the commit waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from bridge.protocol import errors, on_chain
from bridge.protocol.batches import key_package_hash
from bridge.protocol.chain import NOWHERE, ChainDomain, MarkUsed, PublishKeyPackage
from bridge.protocol.effects import SignPurpose
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.queued import QueuedChange
from bridge.protocol.engine.state import HeldWelcome, OwnPackage, PendingSignature
from bridge.protocol.events import PublishPackage
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb

if TYPE_CHECKING:
    from bridge.protocol.engine import GroupEngine

MAX_PACKAGES: Final = 1_000
LIFETIME: Final = 28 * 86_400
"""Seconds: how long a key package may be used (protocol.md section 3)."""
RENEW: Final = 7 * 86_400
"""Seconds after which another may be published. A leaf keeps the secrets of eight."""
MAX_WELCOMES: Final = 8
MAX_WELCOME_BYTES: Final = 1_000_000
WELCOME_HELD: Final = 7 * 86_400.0
"""Of Welcomes that wait for their commit: how many, their size, and how long, in seconds."""


class Publishing:
    """Key packages of this bridge's people on the chain, and the steward's word on those that were used."""

    def __init__(self, core: Core, engine: GroupEngine) -> None:
        self._core = core
        self._engine = engine

    # ---- publishing ----

    def publish(self, event: PublishPackage) -> None:
        """A key package for somebody who is no member. Raises NotPermitted, AlreadyMember, QueueFull."""
        core = self._core
        self._domain()
        if not core.joined:
            raise errors.NotPermitted("this bridge is not in the group yet")
        if event.address in core.view.members:
            raise errors.AlreadyMember("you are a member already")
        self._expire()
        packages = core.state.packages
        if event.address not in packages and len(packages) >= MAX_PACKAGES:
            raise errors.QueueFull("too many people have published key packages")
        known = packages.setdefault(event.address, OwnPackage(core.now))
        known.reply_to = event.reply_to or known.reply_to
        text = core.mls.binding_text(event.address)
        if text:
            then = PendingSignature("bind", b"", event.address, event.reply_to)
            core.sign(SignPurpose.BIND, event.address, text, then)
        else:
            self._ask(event.address, known)

    def bound(self, address: Address) -> None:
        """The wallet stands behind the leaf: go on, if its owner asked for a key package."""
        known = self._core.state.packages.get(address)
        if known is not None and not known.package:
            self._ask(address, known)

    def not_bound(self, address: bytes) -> None:
        """It does not, and will not."""
        known = self._core.state.packages.get(address)
        if known is not None and not known.package:
            del self._core.state.packages[address]

    def _ask(self, owner: Address, known: OwnPackage) -> None:
        """Have the wallet sign for this package, or for a fresh one where this one has served."""
        core, is_old = self._core, self._core.now - known.at > RENEW
        is_good = bool(known.asked) and not known.is_spent and not is_old
        if is_good and known.asked == self._typed(owner, known).digest():
            core.answer(known.reply_to, "package_waits", address=f"0x{owner.hex()}")
            return
        if not known.package or known.asked or is_old:
            known.package = core.mls.key_package(owner, int(core.now))
            known.at, known.asked, known.is_spent = core.now, b"", False
        then = PendingSignature("publish", known.package, owner, known.reply_to)
        core.sign_typed(SignPurpose.PUBLISH, owner, self._typed(owner, known), then)

    def signed(self, pending: PendingSignature, signature: bytes) -> None:
        """The wallet has signed the publication: to the chain with it."""
        core, owner = self._core, Address(pending.address)
        known = core.state.packages.get(owner)
        if known is None or known.package != pending.data:
            raise errors.NotPermitted("this key package is not wanted any more")
        is_other = self._typed(owner, known).digest() != pending.digest  # the contracts were moved meanwhile
        if is_other or core.now - known.at > RENEW:
            self._ask(owner, known)
            return
        known.asked = pending.digest
        self._engine.coordinating.ask(PublishKeyPackage(owner, known.package, signature))
        core.answer(known.reply_to, "package_relayed", address=f"0x{owner.hex()}")

    def failed(self, package_hash: str, why: str) -> None:
        """The chain will never take this one."""
        for known in self._core.state.packages.values():
            if known.asked and sha256(known.package).hexdigest() == package_hash:
                known.is_spent = True
                self._core.answer(known.reply_to, "package_failed", reason=why)

    def _typed(self, owner: Address, known: OwnPackage) -> on_chain.Typed:
        return on_chain.publication(self._domain(), owner, known.package)

    def _domain(self) -> ChainDomain:
        domain = self._core.config.chain
        if domain is None or domain.key_packages == NOWHERE:
            raise errors.NotPermitted("this bridge has no chain configured, where key packages are published")
        return domain

    def _expire(self) -> None:
        """Forget packages with which nobody can be added any more."""
        core = self._core
        core.state.packages = {
            owner: known
            for owner, known in core.state.packages.items()
            if core.now - known.at <= LIFETIME or core.question("bind", owner)
        }

    # ---- coming in ----

    def owners(self) -> list[Address]:
        """Those whose key packages others may know, and whose leaves are not in the group."""
        packages = self._core.state.packages
        inside = self._core.mls.hosted() if packages else frozenset()
        return [Address(o) for o, known in packages.items() if known.package and o not in inside]

    def is_public(self, address: bytes) -> bool:
        """Whether others may know a key package of this leaf."""
        known = self._core.state.packages.get(address)
        return known is not None and bool(known.package)

    def hold(self, welcome: pb.InvitationToJoin) -> None:
        """Keep a Welcome until its commit comes. Raises QueueFull: it is not taken as seen, and comes again."""
        core, raw = self._core, welcome.SerializeToString(deterministic=True)
        held = [each for each in core.state.welcomes if each.until > core.now]
        if all(each.payload != raw for each in held):
            if len(held) >= MAX_WELCOMES or sum(len(h.payload) for h in held) + len(raw) > MAX_WELCOME_BYTES:
                raise errors.QueueFull("too many Welcomes wait for their commit")
            held.append(HeldWelcome(raw, core.now + WELCOME_HELD))
        core.state.welcomes = held

    def moved(self) -> None:
        """A new epoch: Welcomes to it may have come before it, and members need no key packages."""
        core = self._core
        for owner in core.state.packages:
            if owner in core.view.members:
                core.unask("publish", owner)
        held, core.state.welcomes = core.state.welcomes, []
        for each in held:
            if each.until > core.now:
                welcome = pb.InvitationToJoin.FromString(each.payload)
                self._engine.guarded(self._engine.joining.on_welcome, welcome)

    def joined(self, address: Address) -> None:
        """He is in, and did not ask for it just now."""
        known = self._core.state.packages.get(address)
        if known is not None:
            self._core.answer(known.reply_to, "joined")
            known.reply_to = ""

    def forget(self, address: bytes) -> None:
        """The secrets of his key packages are gone."""
        if self._core.state.packages.pop(address, None) is not None:
            self._core.unask("publish", address)

    # ---- the steward ----

    def used(self, items: Iterable[QueuedChange]) -> None:
        """These changes are committed: nobody needs to try the key packages of those who were away again."""
        domain = self._core.config.chain
        if domain is None or domain.key_packages == NOWHERE:
            return
        for item in items:
            if item.kind == "add" and item.requester not in (b"", item.address):
                used = MarkUsed(Address(item.address), key_package_hash(item.key_package))
                self._engine.coordinating.ask(used)
