"""Two bridges in one group: what one says the other shows, once, in order, whatever happens in between."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.conversation.conversation import ConversationStopped
from bridge.conversation.topics import content_topic
from bridge.conversation.tuning import Tuning
from bridge.protocol.effects import Effect, Publish
from bridge.protocol.engine import EngineConfig, GroupEngine
from bridge.protocol.errors import UnknownBallot
from bridge.protocol.events import CastVote, Event, Payload, SendChat, Topic
from bridge.protocol.history import HistoryRequest
from bridge.protocol.wire import demls_pb2 as pb
from bridge.storage.store import Tx
from bridge.waku.memory import MemoryHub, MemoryTransport
from bridge.waku.transport import WakuMessage
from tests.support.conversations import ALICE, BOB, GROUP, NAME, POLICY, Crash, Node, joined, message
from tests.support.waiting import pause, until
from tests.support.world import Wallet

APP, WELCOME = content_topic(GROUP, Topic.APP), content_topic(GROUP, Topic.WELCOME)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The databases of two bridges that have joined; made once, copied for each test."""
    folder = tmp_path_factory.mktemp("joined")

    async def join() -> None:
        hub = MemoryHub()
        alice = await Node(ALICE, folder / "alice.db", hub, create=True).start()
        bob = await Node(BOB, folder / "bob.db", hub).start()
        await joined(alice, bob)
        await bob.stop()
        await alice.stop()

    asyncio.run(join())
    return folder


@pytest.fixture
def hub() -> MemoryHub:
    return MemoryHub()


@pytest.fixture
async def pair(template: Path, tmp_path: Path, hub: MemoryHub) -> AsyncIterator[tuple[Node, Node]]:
    for file in template.iterdir():
        shutil.copy(file, tmp_path / file.name)
    alice = await Node(ALICE, tmp_path / "alice.db", hub, create=True).start()
    bob = await Node(BOB, tmp_path / "bob.db", hub).start()
    await joined(alice, bob)
    yield alice, bob
    await alice.stop()
    await bob.stop()


async def shows(node: Node, texts: list[str]) -> None:
    """The node shows exactly these, and goes on showing exactly these."""

    async def all_there() -> bool:
        return len(await node.texts()) >= len(texts)

    await until(all_there, f"{len(texts)} texts shown")
    assert await node.texts() == texts


async def test_chat_goes_both_ways(pair: tuple[Node, Node]) -> None:
    alice, bob = pair
    await alice.say("hello")
    await shows(bob, ["hello"])
    await bob.say("good day")
    await shows(alice, ["hello", "good day"])
    status = bob.group.status()
    assert status.steward == ALICE.address
    assert set(status.members) == {ALICE.address, BOB.address}
    assert status.voters == ()


async def test_many_events_share_a_transaction(pair: tuple[Node, Node]) -> None:
    alice, bob = pair
    texts = [f"message {number}" for number in range(150)]
    before = alice.group.transactions
    await asyncio.gather(*(alice.say(text) for text in texts))
    assert alice.group.transactions - before < len(texts) / 10
    await shows(bob, texts)


async def test_a_refused_request_changes_nothing(pair: tuple[Node, Node]) -> None:
    alice, _ = pair
    ran: list[Tx] = []
    with pytest.raises(UnknownBallot):
        await alice.group.submit(CastVote(ALICE.address, 7, True), ran.append)
    assert not ran


async def test_what_goes_along_is_in_the_same_transaction(pair: tuple[Node, Node]) -> None:
    alice, bob = pair
    ran: list[Tx] = []
    alice.store.fail = "before"
    await alice.group.submit(SendChat(message("one"), None), ran.append)
    assert len(ran) == 1  # the work of the failed write never ran, the second try's did
    await shows(bob, ["one"])


async def test_work_that_fails_fails_its_request_only(pair: tuple[Node, Node]) -> None:
    alice, bob = pair

    def broken(tx: Tx) -> None:
        raise ValueError("no")

    results = await asyncio.gather(
        alice.say("before"),
        alice.group.submit(SendChat(message("never"), None), broken),
        alice.say("after"),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), ValueError, type(None)]
    await shows(bob, ["before", "after"])


async def test_duplicates_are_dropped_even_after_a_restart(pair: tuple[Node, Node], hub: MemoryHub) -> None:
    alice, bob = pair
    recorder = MemoryTransport(hub)
    recorder.subscribe([APP])
    await recorder.start()
    await alice.say("once")
    await shows(bob, ["once"])
    heard = await recorder.receive()
    while heard.payload[:1] != b"\0":  # something else than the MLS message: a request for history
        heard = await recorder.receive()
    for number in range(3):
        hub.inject(replace(heard, timestamp_ns=number))
    await alice.say("twice")
    await shows(bob, ["once", "twice"])
    await bob.kill()
    await bob.start()
    hub.inject(heard)
    await alice.say("thrice")
    await shows(bob, ["once", "twice", "thrice"])
    # `wrong_epoch`: history offers them the batch that let them in. A duplicate would be refused otherwise.
    assert set(bob.refused()) <= {"wrong_epoch"}
    await recorder.stop()


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_failed_transaction_loses_and_doubles_nothing(pair: tuple[Node, Node], moment: str) -> None:
    alice, bob = pair
    for number in range(6):
        alice.store.fail = moment if number == 2 else ""
        bob.store.fail = moment if number == 4 else ""
        await alice.group.submit(SendChat(message(f"m{number}"), None))
    await shows(bob, [f"m{number}" for number in range(6)])


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("write", [1, 2, 3, 4])
async def test_a_kill_of_the_receiver_loses_and_doubles_nothing(
    pair: tuple[Node, Node], write: int, moment: str
) -> None:
    alice, bob = pair
    bob.store.die_at = (bob.store.writes + write, moment)
    texts = [f"m{number}" for number in range(12)]
    for text in texts[:6]:
        await alice.say(text)
        await asyncio.sleep(0.01)
    await until(lambda: bob.store.dead, "bob died")
    await bob.kill()
    for text in texts[6:10]:
        await alice.say(text)  # while bob is down
    await bob.start()
    for text in texts[10:]:
        await alice.say(text)
    await shows(bob, texts)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("write", [1, 2, 3])
async def test_a_kill_of_the_sender_loses_and_doubles_nothing(
    pair: tuple[Node, Node], write: int, moment: str
) -> None:
    alice, bob = pair
    alice.store.die_at = (alice.store.writes + write, moment)
    waiting = [message(f"m{number}") for number in range(6)]
    asked = [asyncio.create_task(alice.group.submit(SendChat(each, None))) for each in waiting[:4]]
    await until(lambda: alice.store.dead, "alice died")
    await alice.kill()
    await asyncio.gather(*asked, return_exceptions=True)
    await alice.start()
    for each in waiting:  # who got no answer asks again, as the mirror does with its durable inbox
        await alice.group.submit(SendChat(each, None))
    await shows(bob, [f"m{number}" for number in range(6)])


async def test_history_fills_a_gap_of_a_deaf_bridge(pair: tuple[Node, Node], hub: MemoryHub) -> None:
    alice, bob = pair
    await alice.say("heard")
    await shows(bob, ["heard"])
    hub.cut(bob.transport)
    for number in range(20):
        await alice.say(f"missed {number}")
    hub.heal(bob.transport)
    await alice.say("last")
    await shows(bob, ["heard", *(f"missed {number}" for number in range(20)), "last"])


async def test_more_than_one_answer_holds_is_fetched(template: Path, tmp_path: Path, hub: MemoryHub) -> None:
    for file in template.iterdir():
        shutil.copy(file, tmp_path / file.name)
    tuning = Tuning(
        ask_settling=0.2, ask_least=0.05, answer_delay=0.01, answer_every=0.05, answer_count=25, answer_burst=99
    )
    alice = await Node(ALICE, tmp_path / "alice.db", hub, create=True, tuning=tuning).start()
    texts = [f"m{number}" for number in range(130)]
    await asyncio.gather(*(alice.say(text) for text in texts))
    bob = await Node(BOB, tmp_path / "bob.db", hub, tuning=tuning).start()
    await shows(bob, texts)
    await alice.stop()
    await bob.stop()


async def test_garbage_is_refused_and_counted(pair: tuple[Node, Node], hub: MemoryHub) -> None:
    alice, bob = pair
    garbage = [b"", b"\xff" * 40, b"\x00\x01garbage", b"\x1a\x03abc", bytes(5_000)]
    for payload in garbage:
        hub.inject(WakuMessage(APP, payload, 1))
        hub.inject(WakuMessage(WELCOME, payload, 1))
    codes = ("malformed", "malformed_mls")
    await until(
        lambda: sum(bob.group.status().refused.get(code, 0) for code in codes) == 2 * len(garbage),
        "all refused and counted",
    )
    assert sum(bob.refused().count(code) for code in codes) == 2 * len(garbage)
    await alice.say("still here")
    await shows(bob, ["still here"])
    counted = bob.group.status().refused["malformed"]
    await bob.kill()
    await bob.start()
    assert bob.group.status().refused["malformed"] == counted


async def test_a_payload_of_any_size_arrives_once(
    pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large Welcome does not fit in a Waku message: it travels, and is replayed, in pieces."""
    alice, bob = pair
    handle, arrived = GroupEngine.handle, list[bytes]()

    def large(text: str) -> bytes:
        return b"\x0a" + bytes(400_000) + text.encode()

    def with_large_ones(self: GroupEngine, event: Event, now: float) -> list[Effect]:
        if isinstance(event, Payload) and len(event.data) > 140_000:
            arrived.append(event.data)
            return []
        effects = handle(self, event, now)
        if isinstance(event, SendChat) and event.message.body.plain.startswith("large"):
            effects.append(Publish(Topic.APP, large(event.message.body.plain)))
        return effects

    monkeypatch.setattr(GroupEngine, "handle", with_large_ones)
    await bob.kill()
    await alice.say("large 1")
    await bob.start()  # what they missed comes by history
    await until(lambda: arrived, "the large one is whole again")
    # What is shown after it proves that it is committed: a bridge killed before that takes it again.
    await alice.say("mark 1")
    await shows(bob, ["large 1", "mark 1"])
    await bob.kill()
    await bob.start()
    await alice.say("large 2")
    await until(lambda: len(arrived) > 1, "the second large one")
    await alice.say("mark 2")
    await shows(bob, ["large 1", "mark 1", "large 2", "mark 2"])
    assert arrived == [large("large 1"), large("large 2")]


async def test_a_dead_database_ends_the_process(pair: tuple[Node, Node]) -> None:
    alice, _ = pair

    async def broken(work: object, *, lazy: bool = False) -> None:
        raise Crash

    alice.store.write = broken  # type: ignore[method-assign,assignment]
    asked = asyncio.create_task(alice.say("never"))
    error = await alice.failed()
    assert isinstance(error, BaseExceptionGroup)
    assert error.split(Crash)[1] is None
    with pytest.raises((Crash, ConversationStopped)):
        await asked


async def test_a_bad_network_loses_and_doubles_nothing(pair: tuple[Node, Node], hub: MemoryHub) -> None:
    alice, bob = pair
    hub.faults.drop, hub.faults.duplicate, hub.faults.delay, hub.faults.reorder = 0.2, 0.2, 0.2, 0.2
    texts = [f"m{number}" for number in range(200)]
    for text in texts:
        await alice.say(text)
    await shows(bob, texts)


async def test_killed_in_the_middle_of_many_messages(pair: tuple[Node, Node]) -> None:
    """Both, at different times; what was said while they were down comes too."""
    alice, bob = pair
    texts = [f"m{number}" for number in range(200)]
    for number, text in enumerate(texts):
        await alice.say(text)
        if number == 60:
            await bob.kill()
        if number == 120:
            await bob.start()
        if number == 150:
            await alice.kill()
            await alice.start()
    await shows(bob, texts)
    assert await alice.texts() == texts


async def test_a_poisoned_payload_is_given_up_and_harms_nobody(
    pair: tuple[Node, Node], hub: MemoryHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the engine have a fault after all: one payload is lost, not the group."""
    alice, bob = pair
    handle = GroupEngine.handle

    def faulty(self: GroupEngine, event: Event, now: float) -> list[Effect]:
        if isinstance(event, Payload) and event.data == b"poison":
            raise ZeroDivisionError
        return handle(self, event, now)

    monkeypatch.setattr(GroupEngine, "handle", faulty)
    hub.inject(WakuMessage(APP, b"poison", 1))
    await asyncio.gather(alice.say("a"), alice.say("b"))
    await shows(bob, ["a", "b"])
    assert bob.group.status().refused["internal"] == 1
    hub.inject(WakuMessage(APP, b"poison", 2))
    await alice.say("c")
    await shows(bob, ["a", "b", "c"])
    assert bob.group.status().refused["internal"] == 1


async def test_history_is_not_told_to_strangers(pair: tuple[Node, Node], hub: MemoryHub) -> None:
    alice, bob = pair
    await alice.say("secret")
    await shows(bob, ["secret"])
    await bob.stop()  # they may ask, and what they are told all may hear
    await pause(5 * alice.tuning.answer_delay)
    spy = MemoryTransport(hub)
    spy.subscribe([APP])
    await spy.start()
    eve, now = Wallet("eve"), int(time.time())
    request = HistoryRequest(GROUP.encode(), eve.address, 0, now)
    forged = HistoryRequest(GROUP.encode(), BOB.address, 0, now)
    for each in (request, forged):
        signed = each.with_signature(eve.sign(each.signing_bytes()))
        data = pb.AppMessage(history_request=signed.to_wire()).SerializeToString()
        hub.inject(WakuMessage(APP, data, 1))
    await until(lambda: alice.group.status().refused.get("not_allowed"), "the stranger is refused")
    await until(lambda: alice.group.status().refused.get("bad_signature"), "the forger is refused")
    await pause(5 * alice.tuning.answer_delay)
    heard = [await spy.receive() for _ in range(len(spy.inbox))]
    assert not [each for each in heard if each.payload[:1] == b"\0"]
    await spy.stop()


async def test_a_stopped_group_takes_no_requests(pair: tuple[Node, Node]) -> None:
    alice, _ = pair
    await alice.stop()
    with pytest.raises(ConversationStopped):
        await alice.say("too late")


async def test_a_group_is_opened_once_and_foreign_topics_are_ignored(pair: tuple[Node, Node]) -> None:
    alice, _ = pair
    config = EngineConfig(NAME, ALICE.address, create=True, policy=POLICY)
    with pytest.raises(ValueError, match="twice"):
        await alice.manager.open([config])
    for name in ("/other/1/app_msg/proto", "/room/1/else/proto", "nonsense"):
        alice.manager.dispatch(WakuMessage(name, b"x", 1))
    await alice.say("flushes the queue")
    assert "malformed" not in alice.group.status().refused
