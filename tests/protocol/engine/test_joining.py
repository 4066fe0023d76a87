"""Coming in: who is believed, what is checked after the Welcome, what is done when a leaf is lost."""

from __future__ import annotations

from bridge.protocol.engine import EngineConfig, GroupEngine
from bridge.protocol.events import JoinMember, Payload, Topic
from bridge.protocol.ports import AddChange
from bridge.protocol.types import GroupName
from bridge.protocol.wire import demls_pb2 as pb
from tests.support.community import community
from tests.support.world import Peer, Wallet, World


def test_a_welcome_to_a_group_of_another_creator_is_refused() -> None:
    """Somebody answers with a Welcome to a group of his own making that has the same name."""
    world = World(bootstrap_open=True)
    (a,) = world.found("a")
    joiner = Peer(world, "joiner", create=False, group=a.group)
    world.peers.append(joiner)
    joiner.start()
    package = joiner.port.key_package(joiner.wallet.address, int(world.now))
    (impostor,) = World(seed=1).found("impostor")
    built = impostor.port.build([AddChange(joiner.wallet.address, package)], int(world.now))
    welcome = pb.WelcomeMessage(
        invitation_to_join=pb.InvitationToJoin(mls_message_out_bytes=built.welcome, group_id=b"room")
    )
    before = joiner.engine.status().members
    joiner.handle(Payload(Topic.WELCOME, welcome.SerializeToString()))
    assert dict(joiner.refused) == {"invalid_group": 1}
    assert joiner.engine.status().members == before == ()
    world.run(60)
    assert joiner.wallet.address in a.engine.status().members


def test_announcements_of_strangers_are_ignored() -> None:
    """Only the creator named in the full name is believed before the own leaf is in."""
    world = World()
    a, b = world.found("a", "b")
    stranger = GroupName("room", Wallet("stranger").address)
    lost = Peer(world, "lost", create=False, group=stranger)
    world.peers.append(lost)
    lost.start()
    world.run(60)
    assert lost.engine.status().members == ()
    assert lost.refused["wrong_group"] > 0
    assert len(b.engine.status().members) == 2
    assert a.wallet.address in b.engine.status().members


def test_a_person_whose_leaf_is_lost_rejoins_without_a_vote() -> None:
    """The wallet signs for it; the leaf is replaced in one commit; nobody votes."""
    world, a, b = community()
    bob = b.hosted["bob"]
    b.port.forget(bob)
    b.say("bob", "spoken by the bridge")
    b.handle(JoinMember(bob, "bob", reply_to="bob"))
    world.until(lambda: bob in b.port.hosted())
    assert bob in a.engine.status().members
    assert len(a.engine.status().voters) == 3
    assert a.engine.status().ballot is None
    b.say("bob", "spoken by Bob")
    world.run(2)
    assert a.texts() == ["spoken by the bridge", "spoken by Bob"]


def test_restored_engines_are_the_same() -> None:
    world, a, b = community()
    config = EngineConfig(b.group, b.wallet.address, False)
    again = GroupEngine.restore(config, b.port, b.engine.snapshot())
    assert again.snapshot() == b.engine.snapshot()
    assert again.status() == b.engine.status()
    assert world.agreed()
    assert a.engine.status().own != b.engine.status().own
