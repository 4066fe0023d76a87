"""Whole groups on a fake clock: real engines, real MLS, real signatures; only time and network are made up.

`World` is a little event simulation. Every `Peer` is a bridge with its own leaf and any number of hosted
members; what it would store is kept in `Peer.disk`, so that a crash and a restart can be played. The network
delivers after a delay and, when told so, loses, doubles and reorders; `CatchUp` is answered from the other
peers' archives, as the conversation shell does it over Waku.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from coincurve import PrivateKey
from eth_account import Account

from bridge.conversation.keys import KeyRing
from bridge.conversation.turn import EffectRunner, Outcome
from bridge.mls import MlsGroupPort
from bridge.model.ethereum import personal_digest
from bridge.model.ids import RoomRef
from bridge.model.message import Author, Body, ChatMessage, MessageKind
from bridge.model.notices import Answer, BallotClosed, BallotOpened, Chat, Notice, State, StateChanged
from bridge.protocol.chain import Intent
from bridge.protocol.engine import EngineConfig, GroupEngine, SignatureStatus
from bridge.protocol.errors import QueueFull
from bridge.protocol.events import (
    CastVote,
    Event,
    JoinMember,
    LeaveMember,
    Payload,
    ProposePolicy,
    PublishPackage,
    RequestBan,
    SendChat,
    Signed,
    Start,
    TimerFired,
    Topic,
)
from bridge.protocol.policy import encode_policy
from bridge.protocol.ports import Address
from bridge.protocol.types import GroupName, GroupPolicy, Timing
from bridge.protocol.wallet import address_of
from tests.support.model_chain import ModelChain

START = 1_800_000_000.0
"""The fake clock begins here (Unix seconds)."""
GROUP = "room"


class Wallet:
    """An Ethereum wallet made from a number."""

    def __init__(self, seed: str) -> None:
        self._key = PrivateKey(hashlib.sha256(seed.encode()).digest())
        self.address: Address = address_of(self._key.public_key)

    def sign(self, message: bytes) -> bytes:
        """EIP-191, r || s || v with v 27 or 28."""
        raw = self._key.sign_recoverable(personal_digest(message), hasher=None)
        return raw[:64] + bytes([raw[64] + 27])

    def sign_typed(self, data: str) -> bytes:
        """EIP-712, by eth-account: an encoder that is not ours."""
        return bytes(Account.sign_typed_data(self._key.secret, full_message=json.loads(data)).signature)


class Wallets:
    """All wallets of one peer; the `Signer` of its runner."""

    def __init__(self, *wallets: Wallet) -> None:
        self._by_address = {wallet.address: wallet for wallet in wallets}

    def add(self, wallet: Wallet) -> None:
        """One more hosted account."""
        self._by_address[wallet.address] = wallet

    def sign(self, address: bytes, message: bytes) -> bytes | None:
        """A signature, or None for a wallet that is not here."""
        wallet = self._by_address.get(Address(address))
        return wallet.sign(message) if wallet else None

    def sign_typed(self, address: bytes, data: str) -> bytes | None:
        """The same for EIP-712 data."""
        wallet = self._by_address.get(Address(address))
        return wallet.sign_typed(data) if wallet else None


@dataclass
class Disk:
    """What survives a crash."""

    rows: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    state: bytes = b""
    keys: list[bytes] = field(default_factory=list)
    timers: dict[str, tuple[float, int]] = field(default_factory=dict)
    seen: set[bytes] = field(default_factory=set)
    archive: list[tuple[Topic, bytes]] = field(default_factory=list)
    intents: dict[str, Intent] = field(default_factory=dict)
    intent_states: dict[str, str] = field(default_factory=dict)
    cursor: int = 0
    """Block up to which the chain was read."""


@dataclass
class Network:
    """Faults, drawn from the world's own generator. Rates between 0 and 1, delays in seconds."""

    loss: float = 0.0
    double: float = 0.0
    least: float = 0.01
    most: float = 0.01


class Peer:
    """One bridge."""

    def __init__(self, world: World, name: str, *, create: bool, group: GroupName | None = None) -> None:
        self.world = world
        self.name = name
        self.wallet = Wallet(f"bridge {name}")
        self.wallets = Wallets(self.wallet)
        self.hosted: dict[str, Address] = {}
        """People of this bridge by name."""
        self.own: dict[str, Wallet] = {}
        """Wallets of those who keep them themselves: not with this bridge."""
        self.group = group or GroupName(GROUP, self.wallet.address)
        self.create = create
        self.disk = Disk()
        self.notices: list[Notice] = []
        self.refused: Counter[str] = Counter()
        self.up = False
        self.generation = 0
        self.has_chain = True
        """Whether this bridge is configured with the world's chain, if there is one."""

    # ---- life ----

    def start(self) -> None:
        """(Re)start from the disk."""
        self.generation += 1
        self.up = True
        chain = self.world.chain
        config = EngineConfig(
            self.group,
            self.wallet.address,
            self.create,
            self.world.policy if self.create else None,
            chain.domain if chain and self.has_chain else None,
        )
        self.port = MlsGroupPort(self.wallet.address, self.wallets.sign, _rows(self.disk))
        if self.disk.state:
            self.engine = GroupEngine.restore(config, self.port, self.disk.state)
        else:
            self.engine = GroupEngine(config, self.port)
        keys = KeyRing(self.disk.keys)
        self._runner = EffectRunner(self.group, self.engine, self.wallets, keys, self.world.random.randbytes)
        for name, (at, token) in list(self.disk.timers.items()):
            self.world.at(at, self._timer(name, token))
        self.handle(Start())

    def crash(self) -> None:
        """kill -9: what is not on the disk is gone."""
        self.up = False

    # ---- events ----

    def handle(self, event: Event) -> Outcome:
        """One event, one transaction, then the network."""
        outcome = self._runner.handle(event, self.world.now)
        disk = self.disk
        for table, key, value in self.port.drain():
            if value is None:
                disk.rows.pop((table, key), None)
            else:
                disk.rows[table, key] = value
        disk.state = self.engine.snapshot()
        disk.keys = self._runner.keys.export()
        for name, timer in outcome.timers.items():
            if timer is None:
                disk.timers.pop(name, None)
            else:
                disk.timers[name] = (timer.at, timer.token)
                self.world.at(timer.at, self._timer(name, timer.token))
        self.notices += outcome.notices
        self.refused += outcome.refused
        for publish in outcome.publishes:
            if publish.archive:
                disk.archive.append((publish.topic, publish.data))
            disk.seen.add(_digest(publish.topic, publish.data))
            self.world.broadcast(self, publish.topic, publish.data)
        for intent in outcome.intents:
            if intent.key not in disk.intents:
                disk.intents[intent.key], disk.intent_states[intent.key] = intent, "waiting"
        for _ in outcome.catch_ups:
            self.world.catch_up(self)
        return outcome

    def _timer(self, name: str, token: int) -> Callable[[], None]:
        generation = self.generation

        def fire() -> None:
            if self.up and generation == self.generation and self.disk.timers.get(name, (0, 0))[1] == token:
                self.disk.timers.pop(name, None)
                self.handle(TimerFired(name, token))

        return fire

    def receive(self, topic: Topic, data: bytes) -> None:
        """A payload from the network; duplicates are dropped as the shell does."""
        if not self.up or _digest(topic, data) in self.disk.seen:
            return
        joined = self.engine.status().members
        outcome = self.handle(Payload(topic, data))
        if outcome.refusal == QueueFull.code or (topic is Topic.APP and not joined):
            return  # not taken: it may come again
        self.disk.seen.add(_digest(topic, data))
        self.disk.archive.append((topic, data))

    # ---- people ----

    def host(self, name: str) -> Address:
        """A hosted account of this bridge."""
        wallet = Wallet(f"person {name}")
        self.wallets.add(wallet)
        self.hosted[name] = wallet.address
        return wallet.address

    def package_of(self, name: str, at: float | None = None) -> tuple[Address, bytes]:
        """A hosted account and a key package that it made at `at` (now, when left out)."""
        address = self.host(name)
        text = self.port.binding_text(address)
        if text:
            self.port.bind(address, Wallet(f"person {name}").sign(text))
        return address, self.port.key_package(address, int(self.world.now if at is None else at))

    def host_own(self, name: str) -> Wallet:
        """An account of this bridge whose wallet is its owner's."""
        self.own[name] = Wallet(f"person {name}")
        self.hosted[name] = self.own[name].address
        return self.own[name]

    def asked(self, name: str) -> list[SignatureStatus]:
        """What this person's own wallet is asked to sign now."""
        return [s for s in self.engine.status().signatures if s.address == self.hosted[name]]

    def sign(self, name: str, *, by: Wallet | None = None) -> Outcome:
        """Their own wallet (or another one) signs the oldest question."""
        question = self.asked(name)[0]
        wallet = by or self.own[name]
        signature = wallet.sign_typed(question.typed) if question.typed else wallet.sign(question.message)
        return self.handle(Signed(question.token, signature))

    def refuse(self, name: str) -> Outcome:
        """They do not sign the oldest question."""
        return self.handle(Signed(self.asked(name)[0].token, b""))

    def join(self, name: str) -> Outcome:
        """`!join`"""
        address = self.hosted[name] if name in self.own else self.host(name)
        return self.handle(JoinMember(address, name, reply_to=name))

    def publish(self, name: str) -> Outcome:
        """`!keypackage`"""
        address = self.hosted[name] if name in self.own else self.host(name)
        return self.handle(PublishPackage(address, reply_to=name))

    def leave(self, name: str) -> Outcome:
        """`!leave`"""
        return self.handle(LeaveMember(self.hosted[name], reply_to=name))

    def ban(self, name: str, target: Address, reason: str = "") -> Outcome:
        """`!ban`"""
        return self.handle(RequestBan(self.hosted[name], target, reason, reply_to=name))

    def vote(self, name: str, yes: bool, ballot_id: int | None = None) -> Outcome:
        """`!vote` on the open ballot."""
        ballot = self.engine.status().ballot
        number = ballot_id if ballot_id is not None else (ballot.ballot_id if ballot else 0)
        return self.handle(CastVote(self.hosted[name], number, yes, reply_to=name))

    def propose(self, name: str, policy: GroupPolicy) -> Outcome:
        """`!propose …` of settings."""
        return self.handle(ProposePolicy(self.hosted[name], encode_policy(policy), reply_to=name))

    def say(self, name: str | None, text: str) -> ChatMessage:
        """A chat message of a hosted member, or of somebody who is none."""
        number = next(self.world.numbers)
        message = ChatMessage(
            hashlib.sha256(f"{self.name} {number}".encode()).digest()[:16],
            MessageKind.MESSAGE,
            Author("test", name or "stranger", name or "stranger"),
            Body(text),
            int(self.world.now * 1000),
            RoomRef("test", self.name),
        )
        self.handle(SendChat(message, self.hosted.get(name or "")))
        return message

    # ---- what was seen ----

    @property
    def state(self) -> State:
        """The machine's state."""
        return self.engine.status().state

    def of(self, kind: type[Notice]) -> list[Notice]:
        """The notices of one kind."""
        return [notice for notice in self.notices if isinstance(notice, kind)]

    def states(self) -> list[State]:
        """The states entered so far, in order."""
        return [notice.new for notice in self.notices if isinstance(notice, StateChanged)]

    def texts(self) -> list[str]:
        """The chat shown in this bridge's rooms, in order."""
        return [notice.message.body.plain for notice in self.notices if isinstance(notice, Chat)]

    def answers(self, name: str) -> list[str]:
        """The codes of what one person was told."""
        return [n.code for n in self.notices if isinstance(n, Answer) and n.reply_to == name]


class World:
    """Time, network and peers."""

    def __init__(self, seed: int = 0, timing: Timing | None = None, **policy: object) -> None:
        self.now = START
        self.random = random.Random(seed)
        self.network = Network()
        self.numbers = itertools.count()
        self.peers: list[Peer] = []
        self.stewards = 1
        """How many of the bridges are candidates."""
        self._timing = timing or Timing()
        self._extra = policy
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self.policy: GroupPolicy
        self.chain: ModelChain | None = None
        """Made by `found` when there is to be one."""

    def found(self, *names: str, chain: bool = False) -> list[Peer]:
        """The first name creates the group, the others are bridges that join it as service members.

        `chain`: there is one, and all bridges are configured with it.
        """
        creator = Peer(self, names[0], create=True)
        if chain:
            self.chain = ModelChain(self, creator.group)
        others = [Peer(self, name, create=False, group=creator.group) for name in names[1:]]
        self.peers = [creator, *others]
        self.policy = GroupPolicy(
            creator=creator.wallet.address,
            steward_candidates=tuple(peer.wallet.address for peer in self.peers[: self.stewards]),
            service_members=tuple(peer.wallet.address for peer in self.peers),
            timing=self._timing,
            **self._extra,  # type: ignore[arg-type]
        )
        for peer in self.peers:
            peer.start()
        return self.peers

    def at(self, when: float, run: Callable[[], None]) -> None:
        """Put something on the agenda."""
        heapq.heappush(self._agenda, (max(when, self.now), next(self.numbers), run))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._agenda and self._agenda[0][0] <= end:
            when, _, run = heapq.heappop(self._agenda)
            self.now = max(self.now, when)
            run()
        self.now = end

    def until(self, done: Callable[[], bool], limit: float = 300.0) -> None:
        """Let time pass until `done`; fails after `limit` fake seconds."""
        end = self.now + limit
        while not done():
            assert self.now < end, "it did not come to pass"
            self.run(0.25)

    def broadcast(self, sender: Peer, topic: Topic, data: bytes) -> None:
        """To all the others, each copy with its own fate."""
        for peer in self.peers:
            if peer is not sender:
                for _ in range(self._copies()):
                    self._post(peer, topic, data)

    def _copies(self) -> int:
        if self.random.random() < self.network.loss:
            return 0
        return 2 if self.random.random() < self.network.double else 1

    def _post(self, peer: Peer, topic: Topic, data: bytes) -> None:
        delay = self.random.uniform(self.network.least, self.network.most)
        self.at(self.now + delay, lambda: peer.receive(topic, data))

    def catch_up(self, asking: Peer) -> None:
        """The others' archives; the answers take the same network."""
        for peer in self.peers:
            if peer is not asking and peer.up:
                for topic, data in peer.disk.archive:
                    if _digest(topic, data) not in asking.disk.seen and self._copies():
                        self._post(asking, topic, data)

    def settle(self) -> None:
        """A quiet end: no more faults, and time for steward epochs and catch-ups."""
        self.network = Network()
        if self.chain is not None:
            self.chain.up()
        for peer in self.peers:
            if not peer.up:
                peer.start()
        self.run(120)
        for peer in self.peers:
            self.catch_up(peer)
        self.run(120)

    def agreed(self) -> bool:
        """Whether all are in Working at one epoch with the same members."""
        views = {(p.engine.status().epoch, frozenset(p.engine.status().members)) for p in self.peers}
        return len(views) == 1 and all(peer.state is State.WORKING for peer in self.peers)


def opened(peer: Peer) -> Iterator[BallotOpened]:
    """The ballots that a peer was shown."""
    return (notice for notice in peer.notices if isinstance(notice, BallotOpened))


def closed(peer: Peer) -> list[BallotClosed]:
    """The results that a peer was shown."""
    return [notice for notice in peer.notices if isinstance(notice, BallotClosed)]


def _rows(disk: Disk) -> list[tuple[str, bytes, bytes]]:
    return [(table, key, value) for (table, key), value in disk.rows.items()]


def _digest(topic: Topic, data: bytes) -> bytes:
    return hashlib.sha256(topic.encode() + b"\0" + data).digest()
