"""The mirror with the real Matrix adapter: two rooms of one Synapse, a group that follows a script."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.matrix import plugin
from adapters.matrix.adapter import MatrixAdapter
from bridge.conversation.groups import Groups
from bridge.model.ids import RoomRef
from bridge.rooms.commands.router import Router
from bridge.rooms.commands.sentences import say
from bridge.rooms.inbound.named_inbox import NamedInbox
from bridge.rooms.mirror import Mirror
from bridge.storage.store import Store
from tests.support.matrix_person import MatrixPerson
from tests.support.mirrors import GROUP, KEY, ScriptedGroup, wallet_address
from tests.support.servers.synapse import Synapse, User
from tests.support.waiting import guard

PNG = b"\x89PNG not really"


class Pair:
    """Alice's room and Bob's, one mirrored into the other; Eve is in both."""

    def __init__(self, synapse: Synapse) -> None:
        self.bot = synapse.register("bot")
        names = ("alice", "bob", "eve")
        self.alice, self.bob, self.eve = (MatrixPerson(synapse.url, synapse.register(name)) for name in names)
        self.url = synapse.url

    async def rooms(self) -> tuple[str, str]:
        self.a = await self.alice.create_room(self.bot.user_id, self.eve.user_id)
        self.b = await self.bob.create_room(self.bot.user_id, self.eve.user_id)
        for person, room in ((self.alice, self.a), (self.bob, self.b)):
            await self.eve.join(room)
            await person.set_power(room, self.bot.user_id, 50)
        return self.a, self.b

    async def in_b(self, kind: str = "m.room.message") -> list[dict[str, Any]]:
        """The bot's events in Bob's room that stand, oldest first."""
        events = await self.bob.events(self.b)
        return [e for e in events if (e["type"], e["sender"]) == (kind, self.bot.user_id) and e["content"]]

    async def until_b(self, done: Callable[[list[dict[str, Any]]], bool], kind: str = "m.room.message") -> None:
        async with guard():
            while not done(await self.in_b(kind)):
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def mirrored(
    store: Store, adapters: dict[str, MatrixAdapter], rooms: list[RoomRef]
) -> AsyncIterator[None]:
    """A mirror of these rooms, with one group that follows a script, while the block runs."""
    links = dict.fromkeys(rooms, GROUP)
    groups = Groups()
    router = Router(wallet_address)
    mirror = Mirror(store, adapters, groups, links, router, say, moderator_bans={GROUP: "mirror"})
    groups.put(ScriptedGroup(store, mirror))
    for name, adapter in adapters.items():
        await adapter.start(NamedInbox(mirror, name))
    runs = [mirror.run(), *(adapter.run() for adapter in adapters.values())]
    tasks = [asyncio.create_task(run) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for adapter in adapters.values():
            await adapter.stop()
        await store.close()


def made_adapter(url: str, bot: User, folder: Path) -> MatrixAdapter:
    config = {"homeserver": url, "user_id": bot.user_id, "access_token": bot.token}
    adapter = plugin.create(plugin.table.model_validate(config), folder)
    assert isinstance(adapter, MatrixAdapter)
    return adapter


@pytest.fixture
async def pair(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Pair]:
    made = Pair(synapse)
    rooms = [RoomRef("matrix", room) for room in await made.rooms()]
    adapter = made_adapter(made.url, made.bot, tmp_path)
    store = await Store.open(f"sqlite:///{tmp_path}/bridge.db", KEY)
    async with mirrored(store, {"matrix": adapter}, rooms):
        for person, room in ((made.alice, made.a), (made.bob, made.b)):
            await person.wait_for_membership(room, made.bot.user_id, "join")
        yield made
    for person in (made.alice, made.bob, made.eve):
        await person.close()


async def test_a_thread_with_a_file_and_its_end(pair: Pair) -> None:
    root = await pair.alice.say(pair.a, "topic")
    await pair.until_b(lambda events: len(events) == 1)
    [copy] = await pair.in_b()
    url = await pair.alice.upload(PNG, "image/png")
    thread = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True}
    content = {"msgtype": "m.image", "body": "look", "filename": "cat.png", "url": url, "m.relates_to": thread}
    event = await pair.alice.event(pair.a, "m.room.message", content)
    await pair.until_b(lambda events: len(events) == 3)
    _, text, image = await pair.in_b()
    assert text["content"]["body"].endswith(": look")
    assert (image["content"]["url"], image["content"]["filename"]) == (url, "cat.png")
    for shown in (text, image):
        relation = shown["content"]["m.relates_to"]
        assert (relation["rel_type"], relation["event_id"]) == ("m.thread", copy["event_id"])
    await pair.alice.delete(pair.a, event)
    await pair.until_b(lambda events: len(events) == 1)


async def test_the_bridges_reaction_goes_with_the_last_one(pair: Pair) -> None:
    event = await pair.alice.say(pair.a, "like this?")
    await pair.until_b(lambda events: len(events) == 1)
    hers = await pair.alice.react(pair.a, event, "👍")
    eves = await pair.eve.react(pair.a, event, "👍")
    await pair.until_b(lambda events: len(events) == 1, "m.reaction")
    await pair.alice.delete(pair.a, hers)
    await pair.alice.say(pair.a, "one is left")
    await pair.until_b(lambda events: len(events) == 2)
    assert len(await pair.in_b("m.reaction")) == 1
    await pair.eve.delete(pair.a, eves)
    await pair.until_b(lambda events: not events, "m.reaction")


async def test_a_moderators_ban_is_mirrored_and_lifted(pair: Pair) -> None:
    eve = pair.eve.user_id
    await pair.alice.ban(pair.a, eve, "spam")
    await pair.bob.wait_for_membership(pair.b, eve, "ban")
    await pair.until_b(lambda events: any("mirrors it" in event["content"]["body"] for event in events))
    await pair.alice.unban(pair.a, eve)
    await pair.bob.wait_for_membership(pair.b, eve, "leave")
    await pair.until_b(lambda events: len(events) == 2)
    assert await pair.alice.membership(pair.a, eve) == "leave"


async def test_two_accounts_of_one_platform(synapse: Synapse, tmp_path: Path) -> None:
    """Rooms and cursors go by the adapter's name; people are the same, so a ban reaches the other's room."""
    home, work = synapse.register("home"), synapse.register("work")
    alice, eve = (MatrixPerson(synapse.url, synapse.register(name)) for name in ("alice", "eve"))
    a = await alice.create_room(home.user_id, eve.user_id)
    b = await alice.create_room(work.user_id, eve.user_id)
    for room, bot in ((a, home), (b, work)):
        await eve.join(room)
        await alice.set_power(room, bot.user_id, 50)
    adapters = {"matrix": made_adapter(synapse.url, home, tmp_path / "matrix"),
                "work": made_adapter(synapse.url, work, tmp_path / "work")}  # fmt: skip
    rooms = [RoomRef("matrix", a), RoomRef("work", b, "matrix")]
    store = await Store.open(f"sqlite:///{tmp_path}/bridge.db", KEY)
    async with mirrored(store, adapters, rooms):
        for room, bot in ((a, home), (b, work)):
            await alice.wait_for_membership(room, bot.user_id, "join")
        for here, there, bot in ((a, b, work), (b, a, home)):
            await alice.say(here, f"from {here}")
            async with guard():
                while not any(
                    event["sender"] == bot.user_id and f"from {here}" in event["content"].get("body", "")
                    for event in await alice.events(there)
                ):
                    await asyncio.sleep(0.05)
        await alice.ban(a, eve.user_id, "spam")
        await alice.wait_for_membership(b, eve.user_id, "ban")
    for person in (alice, eve):
        await person.close()
