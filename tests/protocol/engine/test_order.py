"""Order of chat: gaps are filled before what follows is shown, and a false predecessor delays only itself."""

from __future__ import annotations

from bridge.model.notices import Chat
from bridge.protocol.events import Topic
from bridge.protocol.wire import demls_pb2 as pb
from tests.protocol.engine.test_refused import inside
from tests.support.community import community
from tests.support.world import Network


def test_a_gap_is_filled_before_what_follows_is_shown() -> None:
    world, a, b = community()
    a.say("alice", "one")
    world.run(1)
    world.network = Network(loss=1.0)
    a.say("alice", "two")
    a.say("carol", "three")
    world.network = Network()
    a.say("alice", "four")
    world.run(5)
    assert b.texts() == ["one", "two", "three", "four"]
    assert not any(n.late for n in b.notices if isinstance(n, Chat))


def test_what_never_comes_holds_nothing_up_for_long() -> None:
    world, a, b = community()
    a.say("alice", "one")
    world.run(1)
    world.network = Network(loss=1.0)
    a.say("alice", "lost for ever")
    a.disk.archive = [(topic, data) for topic, data in a.disk.archive if topic is Topic.WELCOME]
    world.network = Network()
    a.say("alice", "three")
    world.run(30)
    assert b.texts() == ["one", "three"]
    assert [n.late for n in b.notices if isinstance(n, Chat)] == [False, True]


def test_a_false_predecessor_delays_only_its_own_message() -> None:
    world, a, b = community()
    wire = pb.ConversationMessage(
        message=b"hello",
        message_id=b"m" * 16,
        after=b"?" * 16,
        after_epoch=99,
        time_ms=1,
        author=pb.Author(platform="test", user_id="carol", display_name="Carol"),
    )
    b.receive(Topic.APP, inside(a, a.hosted["carol"], pb.AppMessage(conversation_message=wire)).data)
    a.say("alice", "at once")
    world.run(1)
    assert b.texts() == ["at once"]
    world.run(30)
    assert b.texts() == ["at once", "hello"]


def test_reordered_messages_are_shown_in_their_senders_order() -> None:
    world, a, b = community(seed=7)
    world.network = Network(0.0, 0.5, 0.01, 3.0)
    texts = [f"m{number}" for number in range(40)]
    for text in texts:
        a.say("alice", text)
        world.run(0.05)
    world.run(30)
    assert b.texts() == texts


def test_a_bridge_that_was_down_shows_what_it_missed_in_order() -> None:
    world, a, b = community()
    b.crash()
    texts = [f"m{number}" for number in range(20)]
    for text in texts:
        a.say("alice", text)
    world.run(5)
    b.start()
    a.say("alice", "after")
    world.run(30)
    assert b.texts() == [*texts, "after"]
