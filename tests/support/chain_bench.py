"""A group on a real chain, driven step by step: sender, follower, planner and reader of `bridge.chain`."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data

from bridge.chain import codec
from bridge.chain.contracts import ContractPlanner, GroupReader, deploy
from bridge.chain.follower import Follower
from bridge.chain.follower import FollowerTuning as Following
from bridge.chain.node import Node
from bridge.chain.place import Addresses
from bridge.chain.ports import Settle
from bridge.chain.sender import Sender
from bridge.chain.sender import SenderTuning as Sending
from bridge.model.notices import ChangeKind
from bridge.protocol import on_chain
from bridge.protocol.chain import ChainDomain, Fact, Intent, OpenBallot, Record, RelayVote, SetRoster
from bridge.protocol.policy import encode_policy
from bridge.protocol.ports import Address
from bridge.protocol.types import Coordination, GroupName, GroupPolicy, Timing
from bridge.storage import intents
from bridge.storage.store import Store
from tests.support.servers.anvil import Anvil

CONFIRMATIONS = 4
GROUP = "arena"
ROUNDS = 40


class Payer:
    """A wallet with a fixed key; the same name is the same key."""

    def __init__(self, name: str) -> None:
        self.key = hashlib.sha256(b"chain bench " + name.encode()).digest()
        self._account = Account.from_key(self.key)
        self.address = Address(bytes.fromhex(self._account.address[2:]))

    def sign_transaction(self, transaction: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """As `bridge.chain.ports.Account`."""
        signed = self._account.sign_transaction(dict(transaction))
        return bytes(signed.raw_transaction), bytes(signed.hash)

    def sign(self, typed: on_chain.Typed) -> bytes:
        """EIP-712, as a wallet does it from the document."""
        import json

        message = encode_typed_data(full_message=json.loads(typed.json()))
        return bytes(self._account.sign_message(message).signature)


class Bench:
    """One bridge's way to a chain, with a group `demls:arena@<bridge>` of voters and the bridge itself."""

    def __init__(self, chain: Anvil, node: Node, store: Store, bridge: Payer, addresses: Addresses) -> None:
        self.chain, self.node, self.store, self.bridge, self.addresses = chain, node, store, bridge, addresses
        self.voters = [Payer(f"voter {number}") for number in range(3)]
        self.name = GroupName(GROUP, bridge.address)
        self.policy = GroupPolicy(
            creator=bridge.address,
            steward_candidates=(bridge.address, self.voters[0].address),
            service_members=(bridge.address,),
            coordination=Coordination.CONTRACT,
            timing=Timing(voting=600),
        )
        self.key = on_chain.group_key(self.name)
        self.domain = ChainDomain(
            chain.chain_id,
            addresses.registry,
            addresses.ballots,
            self.key,
            CONFIRMATIONS,
            60,
            addresses.key_packages,
        )
        self.now = float(self.block_time())
        self.facts: list[Fact] = []
        self.failures: dict[str, str] = {}
        self.reader = GroupReader(addresses, self.key)
        self.following = Following(chain.chain_id, CONFIRMATIONS)
        self.sending = Sending(chain.chain_id, CONFIRMATIONS)
        self.sender = self.new_sender()
        self.follower = self.new_follower()

    # ---- parts ----

    def new_sender(self, account: Payer | None = None, node: Node | None = None) -> Sender:
        """A sender on the same store, as after a restart."""
        planner = ContractPlanner(self.addresses, lambda group: self.name if group == GROUP else None)
        return Sender(
            self.store,
            node or self.node,
            account or self.bridge,
            planner,
            self._failed,
            lambda: self.now,
            self.sending,
        )

    def new_follower(self, node: Node | None = None) -> Follower:
        """A follower on the same store."""
        return Follower(
            GROUP, self.store, node or self.node, self.reader, self._seen, lambda: self.now, self.following
        )

    async def _failed(self, group: str, key: str, why: str, settle: Settle) -> None:
        self.failures[key] = why
        await self.store.write(settle)

    async def _seen(self, block: int, time: int, facts: list[Fact], settle: Settle) -> None:
        await self.store.write(settle)
        self.facts += facts

    # ---- driving ----

    def block_time(self) -> int:
        """Of the newest block."""
        return int(self.chain.request("eth_getBlockByNumber", ["latest", False])["timestamp"], 16)

    async def ask(self, *wanted: Intent) -> None:
        """Store intents, as the engine's turn does."""
        for intent in wanted:
            await self.store.write(
                lambda tx, one=intent: intents.add(tx, GROUP, one.key, codec.encode(one), self.now)  # type: ignore[misc]
            )

    async def work(self, sender: Sender | None = None) -> None:
        """Send, mine and follow until nothing waits and everything is confirmed."""
        for _ in range(ROUNDS):
            await (sender or self.sender).step()
            self.chain.mine()
            self.now = max(self.now + 1, float(self.block_time()))
            if not await self.pending():
                break
        self.chain.mine(CONFIRMATIONS)
        while await self.follower.step():
            pass

    async def pending(self) -> int:
        """Intents that wait or are on their way."""
        from sqlalchemy import func, select

        from bridge.storage.schema import chain_intents as table

        open_ones = table.c.state.in_((intents.State.WAITING, intents.State.SENT))
        return int(
            await self.store.read(
                lambda tx: tx.conn.execute(select(func.count()).where(open_ones)).scalar_one()
            )
        )

    def of(self, kind: type) -> list[Any]:
        """The facts of one kind so far."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    # ---- intents ----

    def roster(self, **changed: Any) -> SetRoster:
        """The group as it begins, in MLS epoch 5."""
        made = SetRoster(
            epoch=5,
            candidates=self.policy.steward_candidates,
            voters=tuple(voter.address for voter in self.voters),
            services=(self.bridge.address,),
            policy=encode_policy(self.policy),
        )
        return replace(made, **changed)

    def ballot(self, digest: bytes = b"\x01" * 32, **changed: Any) -> OpenBallot:
        """On adding a stranger."""
        made = OpenBallot(
            digest=digest,
            kind=ChangeKind.ADD,
            epoch=5,
            deadline=self.block_time() + 500,
            adds=(Payer("stranger").address,),
            removes=(),
        )
        return replace(made, **changed)

    def vote(self, ballot: OpenBallot, voter: Payer, yes: bool = True) -> RelayVote:
        """A signed vote."""
        typed = on_chain.Typed(
            "demls Ballots",
            self.domain.chain_id,
            self.domain.ballots,
            "Vote",
            (
                ("group", "bytes32", self.key),
                ("digest", "bytes32", ballot.digest),
                ("changes", "bytes32", changes(ballot)),
                ("support", "bool", yes),
            ),
        )
        return RelayVote(ballot.digest, voter.address, yes, voter.sign(typed))

    def record(self, ballot: OpenBallot | None, number: int = 1, **changed: Any) -> Record:
        """The commit of a ballot."""
        made = Record(
            number=number,
            epoch=5,
            commit_hash=hashlib.sha256(b"commit %d" % number).digest(),
            digest=ballot.digest if ballot else b"",
            adds=ballot.adds if ballot else (),
            removes=ballot.removes if ballot else (),
            claims=(),
            policy=ballot.policy if ballot else b"",
        )
        return replace(made, **changed)


def changes(ballot: OpenBallot) -> bytes:
    """The contracts' hash of what an intent opens."""
    return on_chain.changes_hash(ballot.kind, ballot.epoch, ballot.adds, ballot.removes, ballot.policy)


def fund(chain: Anvil, address: bytes, wei: int = 10**20) -> None:
    """Give an account money."""
    chain.request("anvil_setBalance", ["0x" + address.hex(), hex(wei)])


@asynccontextmanager
async def bench_on(chain: Anvil, folder: Path) -> AsyncIterator[Bench]:
    """A bench on a fresh database, with the contracts deployed by the bridge's wallet."""
    bridge = Payer("bridge")
    fund(chain, bridge.address)
    store = await Store.open(f"sqlite:///{folder}/bridge.db", bytes(range(32)))
    try:
        async with Node(chain.url) as node:
            made = await deploy(node, bridge, chain.chain_id)
            yield Bench(chain, node, store, bridge, made.addresses)
    finally:
        await store.close()
