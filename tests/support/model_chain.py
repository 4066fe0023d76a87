"""A chain for whole groups on the fake clock: blocks, confirmations, reorganisations, a way that may be down.

Every peer has a sender (intents on its disk) and a follower (a cursor on its disk, and a lag in blocks).
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge.protocol.chain import ChainDomain, Fact, Intent
from bridge.protocol.events import ChainSeen, IntentFailed
from bridge.protocol.on_chain import group_key
from bridge.protocol.ports import Address
from bridge.protocol.types import GroupName
from tests.support.model_contract import Contract, Refused, TooEarly

if TYPE_CHECKING:
    from tests.support.world import Peer, World


@dataclass
class Block:
    """What happened in it, and the contracts after it."""

    time: int
    after: Contract
    facts: list[Fact] = field(default_factory=list)
    done: list[tuple[str, str]] = field(default_factory=list)
    """(peer, key) of the intents in it."""
    failed: list[tuple[str, str, str]] = field(default_factory=list)
    """(peer, key, why)."""


class ModelChain:
    """One group's contracts on a chain that mines every `pace` seconds."""

    def __init__(self, world: World, name: GroupName, confirmations: int = 3, pace: float = 1.0) -> None:
        self.world = world
        self.domain = ChainDomain(
            31337,
            Address(b"R" * 20),
            Address(b"B" * 20),
            group_key(name),
            confirmations,
            20,
            Address(b"K" * 20),
        )
        self.blocks = [Block(int(world.now), Contract(self.domain, name.creator))]
        self.pace = pace
        self.unreachable: set[str] = set()
        """Peers whose node is down."""
        self.lag: dict[str, int] = {}
        """Blocks by which a peer's follower is behind the others."""
        self.refuse: Callable[[Intent], str] = lambda intent: ""
        """Why an intent is given up by its sender; empty for no reason."""
        self.forge: Callable[[Fact], Fact] = lambda fact: fact
        """What the contracts are made to say in place of a fact."""
        self.strangers: list[tuple[Intent, Address]] = []
        """Transactions that no bridge sends: direct votes."""
        self.reorganisations = 0
        world.at(world.now + pace, self._mine)

    @property
    def contract(self) -> Contract:
        """At the head."""
        return self.blocks[-1].after

    def down(self, *peers: Peer) -> None:
        """Nobody (or none of these) reaches a node."""
        self.unreachable |= {peer.name for peer in peers or self.world.peers}

    def up(self) -> None:
        """Everybody does again."""
        self.unreachable.clear()

    def reorganise(self, depth: int) -> None:
        """The last blocks vanish with all that was in them; senders send what was theirs again."""
        assert depth <= self.domain.confirmations
        for block in self.blocks[max(1, len(self.blocks) - depth) :]:
            for name, key in block.done:
                self._peer(name).disk.intent_states[key] = "waiting"
        del self.blocks[max(1, len(self.blocks) - depth) :]
        self.reorganisations += 1

    # ---- mining ----

    def _mine(self) -> None:
        after = copy.deepcopy(self.contract)
        block = Block(max(int(self.world.now), self.blocks[-1].time + 1), after)
        for intent, sender in self.strangers:
            self._execute(block, intent, sender)
        self.strangers = []
        for peer in self.world.peers:
            if not peer.up or peer.name in self.unreachable:
                continue
            for key, intent in peer.disk.intents.items():
                if peer.disk.intent_states[key] == "waiting":
                    self._send(block, peer, key, intent)
        self.blocks.append(block)
        self.world.at(self.world.now + self.pace, self._mine)
        for peer in list(self.world.peers):
            self._follow(peer)

    def _send(self, block: Block, peer: Peer, key: str, intent: Intent) -> None:
        why = self.refuse(intent)
        if not why:
            try:
                self._execute(block, intent, peer.wallet.address)
            except TooEarly:
                return
            except Refused as refusal:
                why = str(refusal)
        block.done.append((peer.name, key))
        if why:
            block.failed.append((peer.name, key, why))
        peer.disk.intent_states[key] = "sent"

    def _execute(self, block: Block, intent: Intent, sender: Address) -> None:
        seed = f"{len(self.blocks)} {len(block.facts)} {self.reorganisations}"
        draft = copy.deepcopy(block.after)
        facts = draft.apply(intent, sender, block.time, hashlib.sha256(seed.encode()).digest())
        block.after = draft
        block.facts += facts

    # ---- following ----

    def _follow(self, peer: Peer) -> None:
        if not (peer.up and peer.has_chain) or peer.name in self.unreachable:
            return
        confirmed = len(self.blocks) - 1 - self.domain.confirmations - self.lag.get(peer.name, 0)
        first = peer.disk.cursor + 1
        if confirmed < first:
            return
        blocks = self.blocks[first : confirmed + 1]
        facts = tuple(self.forge(fact) for block in blocks for fact in block.facts)
        peer.disk.cursor = confirmed
        peer.handle(ChainSeen(confirmed, blocks[-1].time, facts))
        for block in blocks:
            for name, key, why in block.failed:
                if name == peer.name:
                    peer.handle(IntentFailed(key, why))

    def _peer(self, name: str) -> Peer:
        return next(peer for peer in self.world.peers if peer.name == name)
