"""The small community of `community.py`, coordinated by contracts on a model chain."""

from __future__ import annotations

from dataclasses import replace

from bridge.protocol.types import Coordination, GroupPolicy
from tests.support.community import community
from tests.support.model_chain import ModelChain
from tests.support.world import Peer, World


def on_chain(seed: int = 0, stewards: int = 1) -> tuple[World, Peer, Peer, ModelChain]:
    """Alice and Carol on the steward's bridge `a`, Bob on `b`; the group has moved to the contracts."""
    world, a, b = community(seed, chain=True, stewards=stewards)
    assert world.chain is not None
    move(world, a, b, Coordination.CONTRACT)
    world.until(lambda: all(p.engine.status().chain_ready for p in (a, b)))
    for peer in (a, b):
        peer.notices.clear()
        peer.refused.clear()
    return world, a, b, world.chain


def move(world: World, a: Peer, b: Peer, coordination: Coordination) -> None:
    """The community votes for another way of coordination, and all adopt it."""
    a.propose("alice", replace(present(a), coordination=coordination))
    vote_all(world, a, b)
    world.until(lambda: all(p.engine.status().coordination is coordination for p in (a, b)))


def present(peer: Peer) -> GroupPolicy:
    """The group's policy."""
    policy = peer.engine.status().policy
    assert policy is not None
    return policy


def vote_all(world: World, a: Peer, b: Peer, *, yes: bool = True) -> None:
    """Wait for the ballot; Alice, Carol and Bob vote, if they are voters still."""
    world.until(lambda: all(p.engine.status().ballot is not None for p in (a, b)))
    ballot = a.engine.status().ballot
    assert ballot is not None
    for peer, name in ((a, "alice"), (a, "carol"), (b, "bob")):
        open_here = peer.engine.status().ballot
        if open_here is not None and peer.hosted[name] in open_here.voters:
            peer.vote(name, yes=yes)
