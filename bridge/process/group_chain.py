"""The way between the groups and the chain, put together: one sender, and a follower for each group.

    groups ── intents, stored with what asked for them ──► Sender ──► node
    groups ◄── facts, stored with the follower's cursor ── Follower ◄── node

Nothing is sent or believed before the contracts at the configured addresses have been verified.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Final

import structlog

from bridge.chain import contracts, follower, sender
from bridge.chain.contracts import ContractPlanner, GroupReader
from bridge.chain.errors import ChainError, ChainUnavailable
from bridge.chain.follower import Follower
from bridge.chain.key_packages import KeyPackages
from bridge.chain.node import Node
from bridge.chain.place import DEVELOPMENT_BLOCK_SECONDS, DEVELOPMENT_CHAIN, Place
from bridge.chain.ports import Account, Health, Settle
from bridge.chain.sender import Sender
from bridge.conversation.ports import ChainSeen, GroupHandle, IntentFailed, Request
from bridge.process.chain_way import place_of
from bridge.protocol import on_chain
from bridge.protocol.chain import ChainDomain, Fact
from bridge.protocol.errors import QueueFull
from bridge.protocol.types import GroupName
from bridge.settings import ChainSettings
from bridge.storage.store import Store

WEI: Final = Decimal(10**18)
AGAIN: Final = (1.0, 60.0)
"""Seconds before contracts that could not be verified are looked at again: first, and at most."""
FULL: Final = 0.5
"""Seconds before a group whose queue is full is asked again."""
FUND_BELOW: Final = 5 * 10**17
"""Wei; on the development chain, where funds are for the asking."""
FUND_LOOKS: Final = 40
"""Looks for funds that were asked for: ten blocks."""

log: Final = structlog.get_logger("bridge.process.group_chain")


class GroupChain:
    """Use: `domain` for each group's engine; when all groups are in `groups`, `run` in a task."""

    def __init__(
        self,
        settings: ChainSettings,
        place: Place,
        node: Node,
        store: Store,
        account: Account,
        names: Mapping[str, GroupName],
        groups: Mapping[str, GroupHandle],
    ) -> None:
        self.place = place
        self._settings = settings
        self._node = node
        self._store = store
        self._account = account
        self._names = names
        self._groups = groups
        self._trouble: Health | None = Health("degraded", "the contracts have not been verified yet")
        """What keeps everything from beginning."""
        planner = ContractPlanner(place.addresses, names.get)
        self._sender = Sender(store, node, account, planner, self._failed, time.time, _sending(settings, place))
        self._followers = {group: self._follower(group) for group in names}
        self._packages = {group: self._key_packages(group) for group in names}

    def _follower(self, group: str) -> Follower:
        async def seen(block: int, at: int, facts: list[Fact], settle: Settle) -> None:
            await self._tell(group, ChainSeen(block, at, tuple(facts)), settle)

        reader = GroupReader(self.place.addresses, on_chain.group_key(self._names[group]))
        tuning = _following(self._settings, self.place)
        return Follower(group, self._store, self._node, reader, seen, time.time, tuning)

    def _key_packages(self, group: str) -> KeyPackages:
        key = on_chain.group_key(self._names[group])
        place, confirmations = self.place, self._settings.confirmations
        return KeyPackages(self._node, place.addresses, key, confirmations, place.first_block)

    # ---- what others ask ----

    def domain(self, group: str) -> ChainDomain:
        """What votes of this group are bound to."""
        at = self.place.addresses
        return ChainDomain(
            chain_id=self.place.chain_id,
            registry=at.registry,
            ballots=at.ballots,
            group_key=on_chain.group_key(self._names[group]),
            confirmations=self._settings.confirmations,
            grace=self._settings.grace,
            key_packages=at.key_packages,
        )

    def wake(self) -> None:
        """Something was asked of the chain, and is committed."""
        self._sender.wake()

    def health(self, group: str) -> str:
        """Of a group's way to the chain, in words."""
        following = self._followers[group].health
        if self._trouble is not None:
            return str(self._trouble)
        return str(
            following if following.state != "ok" or self._sender.health.state == "ok" else self._sender.health
        )

    def key_package(self, group: str, owner: bytes) -> bytes | None:
        """A key package that this address has published for the group; None when none waits."""
        packages = self._packages.get(group)
        return packages.of(owner) if packages else None

    # ---- life ----

    async def run(self) -> None:
        """Work until cancelled. Trouble with the chain is health; raises what store and groups raise."""
        await self._verified()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._sender.run(), name="chain: sender")
            tasks.create_task(self._refresh_key_packages(), name="chain: key packages")
            for group, following in self._followers.items():
                tasks.create_task(following.run(), name=f"chain: {group}")

    async def _verified(self) -> None:
        wait, longest = AGAIN
        while True:
            try:
                await contracts.verify(self._node, self.place.addresses, self.place.chain_id)
                await funded(self._node, self.place.chain_id, self._account)
            except ChainError as error:
                if self._trouble is None or self._trouble.detail != str(error):
                    log.warning("the contracts cannot be verified", error=str(error))
                self._trouble = Health("down", str(error))
                await asyncio.sleep(wait)
                wait = min(2 * wait, longest)
            else:
                self._trouble = None
                return

    async def _refresh_key_packages(self) -> None:
        while True:
            for packages in self._packages.values():
                try:
                    await packages.refresh()
                except ChainError as error:
                    # The followers tell the operator; a command finds the key packages known so far.
                    log.debug("key packages cannot be read", error=str(error))
            await asyncio.sleep(self._settings.poll)

    # ---- to the groups ----

    async def _failed(self, group: str, key: str, why: str, settle: Settle) -> None:
        if group in self._groups:
            await self._tell(group, IntentFailed(key, why), settle)
        else:
            await self._store.write(settle)

    async def _tell(self, group: str, request: Request, settle: Settle) -> None:
        """Returns when the group has stored it, together with what `settle` stores."""
        while True:
            try:
                await self._groups[group].submit(request, settle)
                return
            except QueueFull:
                await asyncio.sleep(FULL)


def _sending(settings: ChainSettings, place: Place) -> sender.SenderTuning:
    return sender.SenderTuning(
        place.chain_id,
        settings.confirmations,
        poll=settings.poll,
        resend=3 * settings.poll,
        stuck=settings.stuck,
        daily_limit=int(settings.daily_limit * WEI),
        low_funds=int(settings.low_funds * WEI),
    )


def _following(settings: ChainSettings, place: Place) -> follower.FollowerTuning:
    return follower.FollowerTuning(
        place.chain_id,
        settings.confirmations,
        first_block=place.first_block,
        poll=settings.poll,
        stale=settings.stale,
    )


# ---- opening ----


@asynccontextmanager
async def opened(
    settings: ChainSettings,
    store: Store,
    account: Account,
    names: Mapping[str, GroupName],
    groups: Mapping[str, GroupHandle],
) -> AsyncIterator[GroupChain]:
    """The way to the chain while the block runs; `settings` say that there is one.

    `names`: the groups' full names by short name; `groups` is filled before `run`.

    Raises WrongSettings; for the development chain also OSError
    (its port) and ChainError.
    """
    async with AsyncExitStack() as stack:
        if settings.development_port is None:
            place = place_of(settings)
            node = await stack.enter_async_context(Node(settings.node_url.get_secret_value()))
        else:
            # Late: py-evm, in its own extra, for trying things out only.
            from bridge.chain import devchain

            port = settings.development_port
            url = await stack.enter_async_context(devchain.serving("127.0.0.1", port))
            node = await stack.enter_async_context(Node(url))
            place = await _new_contracts(node, account, url)
        yield GroupChain(settings, place, node, store, account, names, groups)


async def _new_contracts(node: Node, account: Account, url: str) -> Place:
    """Contracts on a development chain that has begun just now."""
    await funded(node, DEVELOPMENT_CHAIN, account)
    made = await contracts.deploy(node, account, DEVELOPMENT_CHAIN)
    return Place(DEVELOPMENT_CHAIN, made.addresses, made.first_block, url)


async def funded(node: Node, chain_id: int, account: Account) -> None:
    """On the development chain: take funds, and wait for them. Elsewhere nothing. Raises ChainUnavailable."""
    if chain_id != DEVELOPMENT_CHAIN:
        return
    address = "0x" + account.address.hex()
    if await node.balance(address) >= FUND_BELOW:
        return
    await node.request("demls_fund", [address])
    for _ in range(FUND_LOOKS):
        if await node.balance(address) >= FUND_BELOW:
            return
        await asyncio.sleep(DEVELOPMENT_BLOCK_SECONDS / 4)
    raise ChainUnavailable("the development chain gives no funds")
