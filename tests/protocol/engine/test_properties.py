"""Whole groups under faults: whatever happens, all end in Working, at one epoch, with the same members.

Messages are lost, late, doubled and reordered; people join, leave, chat, ask for bans and vote as chance has
it; bridges crash and restart from what they had stored. hypothesis prints the failing example.
"""

from __future__ import annotations

import contextlib
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.model.notices import MembersChanged, State, StateChanged
from bridge.protocol.errors import LocalError
from bridge.protocol.types import Timing
from tests.support.world import Network, Peer, World

EXAMPLES = int(os.environ.get("DEMLS_EXAMPLES", "500"))
PEOPLE = ("alice", "bob", "carol", "dave")

rates = st.sampled_from([0.0, 0.05, 0.2, 0.5])
delays = st.sampled_from([(0.01, 0.01), (0.01, 2.0), (0.01, 8.0)])
networks = st.builds(lambda loss, double, delay: Network(loss, double, *delay), rates, rates, delays)
people = st.sampled_from(PEOPLE)
actions = st.one_of(
    st.tuples(st.just("run"), st.sampled_from([0.2, 1.0, 5.0, 16.0, 40.0])),
    st.tuples(st.just("network"), networks),
    st.tuples(st.sampled_from(["crash", "restart"]), st.integers(0, 6)),
    st.tuples(st.sampled_from(["join", "leave", "say"]), people),
    st.tuples(st.sampled_from(["yes", "no"]), people),
    st.tuples(st.just("ban"), st.tuples(people, people)),
    st.tuples(st.just("decide"), st.tuples(st.booleans(), st.integers(1, 4))),
)


class Play:
    """Carries out drawn actions; what makes no sense at the moment is refused by the engine."""

    def __init__(self, peers: int, seed: int) -> None:
        timing = Timing(steward_epoch=5, waiting=3, voting=10, commit=5)
        self.world = World(seed=seed, timing=timing, bootstrap_open=True)
        self.peers = self.world.found(*"abcdefg"[:peers])
        self.world.until(lambda: all(len(p.engine.status().members) == peers for p in self.peers))
        self.home = {name: self.peers[i % peers] for i, name in enumerate(PEOPLE)}
        for name, peer in self.home.items():
            peer.join(name)
        self.world.until(lambda: all(len(p.engine.status().voters) == len(PEOPLE) for p in self.peers))
        self.said: list[tuple[str, str]] = []

    def act(self, action: tuple[str, object]) -> None:
        """One drawn action."""
        kind, what = action
        if kind == "run":
            self.world.run(float(what))  # type: ignore[arg-type]
        elif kind == "network":
            assert isinstance(what, Network)
            self.world.network = what
        elif kind in ("crash", "restart"):
            peer = self.peers[int(what) % len(self.peers)]  # type: ignore[call-overload]
            if kind == "crash":
                peer.crash()
            elif not peer.up:
                peer.start()
        else:
            self._person(kind, what)
            self.world.run(0.3)

    def _decide(self, yes: bool, count: int) -> None:
        """A ballot opens within a steward epoch; so many people then vote the same way."""
        self.world.run(8)
        for who in PEOPLE[:count]:
            self._person("yes" if yes else "no", who)

    def _person(self, kind: str, what: object) -> None:
        if kind == "decide":
            self._decide(*what)  # type: ignore[misc]
            return
        who = what[0] if isinstance(what, tuple) else str(what)
        if self.home[who].up:
            with contextlib.suppress(LocalError):
                self._ask(kind, who, self.home[who], what)

    def _ask(self, kind: str, who: str, peer: Peer, what: object) -> None:
        if kind == "join":
            peer.join(who)
        elif kind == "leave":
            peer.leave(who)
        elif kind == "say":
            text = f"{who} {len(self.said)}"
            self.said.append((who, text))
            peer.say(who, text)
        elif kind == "ban" and isinstance(what, tuple):
            peer.ban(who, self.home[what[1]].hosted[what[1]])
        elif kind in ("yes", "no"):
            peer.vote(who, kind == "yes")

    def check(self) -> None:
        """What must hold at the end of every story."""
        self.world.settle()
        for _ in range(10):  # a rejected or unfinished request may still be on its way
            if self.world.agreed():
                break
            self.world.run(60)
        for peer in self.peers:
            assert peer.state is State.WORKING
            assert not any(
                isinstance(n, StateChanged) and n.new is not State.WORKING and not n.deadline
                for n in peer.notices
            ), "a state without a deadline"
        statuses = [peer.engine.status() for peer in self.peers]
        assert len({s.epoch for s in statuses}) == 1, [s.epoch for s in statuses]
        assert len({frozenset(s.members) for s in statuses}) == 1
        gone = {address for peer in self.peers for address in _gone(peer)}
        staying = [who for who, peer in self.home.items() if peer.hosted[who] not in gone]
        for peer in self.peers:
            texts = peer.texts()
            assert len(texts) == len(set(texts)), "a message was shown twice"
            lost = [text for who, text in self.said if who in staying and text not in texts]
            assert not lost, f"{peer.name} has not seen {lost}"


def _gone(peer: Peer) -> list[bytes]:
    changes = [notice for notice in peer.notices if isinstance(notice, MembersChanged)]
    return [address for change in changes for address in (*change.banned, *change.left)]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    peers=st.integers(3, 7),
    seed=st.integers(0, 2**32),
    story=st.lists(actions, min_size=10, max_size=50),
)
def test_groups_always_come_back_together(peers: int, seed: int, story: list[tuple[str, object]]) -> None:
    play = Play(peers, seed)
    for action in story:
        play.act(action)
    play.check()


@settings(max_examples=max(10, EXAMPLES // 3), deadline=None, print_blob=True)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.1, 0.3]),
    crashes=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 29)), max_size=3),
)
def test_no_chat_is_lost_or_doubled(seed: int, loss: float, crashes: list[tuple[int, int]]) -> None:
    """Every message of every bridge arrives once in every other one, in its sender's order."""
    play = Play(3, seed)
    play.world.network = Network(loss, 0.2, 0.01, 3.0)
    for number in range(30):
        for peer in play.peers:
            if not peer.up:
                peer.start()
        for which, when in crashes:
            if when == number:
                play.peers[which].crash()
        sender = play.peers[number % 3]
        if sender.up:
            play.said.append((sender.name, f"{sender.name} {number}"))
            sender.say(None, f"{sender.name} {number}")
        play.world.run(0.5)
    play.check()
    for peer in play.peers:
        assert sorted(peer.texts()) == sorted(text for _, text in play.said)
