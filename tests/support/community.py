"""A small community to test with: two bridges, three voters."""

from __future__ import annotations

from bridge.protocol.types import Timing
from tests.support.world import Peer, World


def community(
    seed: int = 0, *, chain: bool = False, stewards: int = 1, **policy: object
) -> tuple[World, Peer, Peer]:
    """Alice and Carol on the steward's bridge `a`, Bob on `b`; all are voters, all agree."""
    world = World(seed=seed, timing=Timing(), **policy)
    world.stewards = stewards
    a, b = world.found("a", "b", chain=chain)
    world.until(lambda: len(b.engine.status().members) == 2)
    a.join("alice")
    world.until(lambda: len(a.engine.status().voters) == 1)
    for peer, name in ((a, "carol"), (b, "bob")):
        let_in(world, a, peer, name)
    assert world.agreed()
    assert len(b.engine.status().voters) == 3
    for peer in (a, b):
        peer.notices.clear()
        peer.refused.clear()
    return world, a, b


def let_in(world: World, steward: Peer, peer: Peer, name: str) -> None:
    """`name` asks to join on `peer`, and the voters of `steward` say YES."""
    count = len(steward.engine.status().voters)
    peer.join(name)
    world.until(lambda: steward.engine.status().ballot is not None)
    world.run(1)
    voters = steward.engine.status().voters
    for voter, address in steward.hosted.items():
        if address in voters and steward.engine.status().ballot is not None:
            steward.vote(voter, yes=True)
    world.until(lambda: len(steward.engine.status().voters) == count + 1)
    world.run(2)


def open_ban(world: World, steward: Peer, member: str, target: bytes) -> int:
    """`member` of the steward's bridge asks for a ban; returns the ballot's number once all see it."""
    steward.ban(member, target)  # type: ignore[arg-type]
    world.until(lambda: all(p.engine.status().ballot is not None for p in world.peers if p.up))
    ballot = steward.engine.status().ballot
    assert ballot is not None
    return ballot.ballot_id
