"""The behaviour every adapter must show, on the real platform: written against an `Arena`.

A platform's test subclasses `AdapterSuite` and provides the fixture `arena`: one linked room with the
person Alice in it, the running adapter, and ways to act as them and to read the room as they see it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bridge.model.adapter import Adapter, Deletes, Edits, Enforces, Outgoing, Reacts, RetryLater
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author, Body
from tests.support.memory_inbox import MemoryInbox
from tests.support.waiting import guard, until

BOB = Author(platform="elsewhere", user_id="bob-1", display_name="Bob")


@dataclass(frozen=True)
class Shown:
    """A message as a person sees it now. `text` is '' when it was deleted."""

    event_id: str
    text: str


class Arena(Protocol):
    """What a platform's test must be able to do. Alice may do all that an ordinary person may."""

    room: RoomRef

    @property
    def adapter(self) -> Adapter:
        """What is tested."""

    inbox: MemoryInbox
    alice: UserRef
    victim: UserRef
    """Another person in the room, for bans."""

    async def say(self, text: str) -> str: ...
    async def say_at_once(self, texts: Sequence[str]) -> None: ...
    async def edit(self, event_id: str, text: str) -> None: ...
    async def delete(self, event_id: str) -> None: ...
    async def react(self, event_id: str, key: str) -> None: ...
    async def read(self) -> list[Shown]:
        """What the bot wrote, oldest first, edits applied."""

    async def reactions(self, event_id: str) -> list[str]: ...
    async def is_in_room(self, user: UserRef) -> bool: ...
    async def try_to_join(self, user: UserRef) -> bool: ...
    async def kill_server(self) -> None: ...
    async def start_server(self) -> None: ...
    async def stop_adapter(self) -> None:
        """As a crash would: the receiving task is cancelled."""

    async def start_adapter(self) -> None:
        """A new adapter on the same inbox."""


def outgoing(arena: Arena, key: str, text: str, **more: object) -> Outgoing:
    """A mirrored message by Bob."""
    return Outgoing(key=key, room=arena.room, body=Body(text), author=BOB, **more)  # type: ignore[arg-type]


async def deliver(arena: Arena, message: Outgoing) -> str:
    """Send as the mirror does: the same delivery again for as long as the adapter says so."""
    async with guard():
        while True:
            try:
                return await arena.adapter.send(message)
            except RetryLater as trouble:
                if trouble.after <= 0:
                    raise
                await asyncio.sleep(min(trouble.after, 0.5))


class AdapterSuite:
    """Run by every platform."""

    async def test_text_reaches_the_inbox_with_its_author(self, arena: Arena) -> None:
        event_id = await arena.say("hello group")
        message = await arena.inbox.wait_for_text("hello group")
        assert message.event_id == event_id
        assert message.room == arena.room
        assert message.author.user_id == arena.alice.user_id
        assert message.author.display_name
        assert message.time_ms > 0

    async def test_text_is_shown_with_the_authors_name(self, arena: Arena) -> None:
        event_id = await arena.adapter.send(outgoing(arena, "k1", "hello room"))
        [shown] = await arena.read()
        assert shown.event_id == event_id
        assert "Bob" in shown.text
        assert "hello room" in shown.text

    async def test_own_messages_do_not_come_back(self, arena: Arena) -> None:
        await arena.adapter.send(outgoing(arena, "k1", "mine"))
        await arena.say("hers")
        await arena.inbox.wait_for_text("hers")
        assert arena.inbox.texts == ["hers"]

    async def test_the_same_key_shows_one_message(self, arena: Arena) -> None:
        first = await arena.adapter.send(outgoing(arena, "once", "only once"))
        second = await arena.adapter.send(outgoing(arena, "once", "only once"))
        assert first == second
        assert len(await arena.read()) == 1

    async def test_a_burst_arrives_whole_and_each_once(self, arena: Arena) -> None:
        texts = [f"burst {i}" for i in range(100)]
        await arena.say_at_once(texts)
        await arena.inbox.wait_for(100)
        assert Counter(arena.inbox.texts) == Counter(texts)

    async def test_order_is_kept(self, arena: Arena) -> None:
        texts = [f"line {i}" for i in range(30)]
        for text in texts:
            await arena.say(text)
        await arena.inbox.wait_for(30)
        assert arena.inbox.texts == texts

    async def test_edits_both_ways(self, arena: Arena) -> None:
        original = await arena.say("teh")
        await arena.inbox.wait_for_text("teh")
        await arena.edit(original, "the")
        edit = await arena.inbox.wait_for_text("the")
        assert edit.edits_event == original
        assert isinstance(arena.adapter, Edits)
        shown = await arena.adapter.send(outgoing(arena, "k", "draft", waiting=True))
        marked = (await arena.read())[0].text
        await arena.adapter.edit(outgoing(arena, "k", "draft"), shown)
        [after] = await arena.read()
        assert after.event_id == shown
        assert marked.startswith(after.text)
        assert marked != after.text

    async def test_deletes_both_ways(self, arena: Arena) -> None:
        original = await arena.say("oops")
        await arena.delete(original)
        await arena.inbox.wait_for_delete(original)
        assert isinstance(arena.adapter, Deletes)
        shown = await arena.adapter.send(outgoing(arena, "k", "gone"))
        await arena.adapter.delete(arena.room, shown, "d", "deleted by its author")
        await arena.adapter.delete(arena.room, shown, "d2", "again")
        assert [each.text for each in await arena.read()] == [""]

    async def test_reactions_both_ways(self, arena: Arena) -> None:
        theirs = await arena.say("like this?")
        assert isinstance(arena.adapter, Reacts)
        await arena.adapter.react(arena.room, theirs, "👍", "r1")
        await arena.adapter.react(arena.room, theirs, "👍", "r2")
        assert await arena.reactions(theirs) == ["👍"]
        ours = await arena.adapter.send(outgoing(arena, "k", "and this?"))
        await arena.react(ours, "🎉")
        await arena.inbox.wait_for(2)
        [reaction] = arena.inbox.reactions
        assert (reaction.target_event, reaction.key) == (ours, "🎉")
        assert reaction.author.user_id == arena.alice.user_id

    async def test_a_restart_goes_on_where_it_was(self, arena: Arena) -> None:
        await arena.say("before")
        await arena.inbox.wait_for_text("before")
        await arena.stop_adapter()
        for i in range(15):
            await arena.say(f"meanwhile {i}")
        await arena.start_adapter()
        await arena.say("after")
        await arena.inbox.wait_for_text("after")
        assert arena.inbox.texts == ["before", *(f"meanwhile {i}" for i in range(15)), "after"]

    async def test_server_killed_in_the_middle_of_sends(self, arena: Arena) -> None:
        async def deliveries() -> None:
            for i in range(40):
                await deliver(arena, outgoing(arena, f"kill-{i}", f"sent {i}"))

        sender = asyncio.create_task(deliveries())

        async def some_are_sent() -> bool:
            return sender.done() or len(await arena.read()) >= 10

        await until(some_are_sent, "ten messages are sent", every=0.01)
        await arena.kill_server()
        assert not sender.done()
        await arena.start_server()
        await sender
        await arena.say("still there?")
        await arena.inbox.wait_for_text("still there?")
        assert [each.text.partition(": ")[2] for each in await arena.read()] == [f"sent {i}" for i in range(40)]
        assert arena.inbox.texts == ["still there?"]

    async def test_a_ban_removes_and_keeps_out_until_lifted(self, arena: Arena) -> None:
        assert isinstance(arena.adapter, Enforces)
        await arena.adapter.ban(arena.room, arena.victim, "voted out")
        assert not await arena.is_in_room(arena.victim)
        assert not await arena.try_to_join(arena.victim)
        await arena.adapter.ban(arena.room, arena.victim, "again")
        await arena.adapter.unban(arena.room, arena.victim)
        await arena.adapter.unban(arena.room, arena.victim)
        assert await arena.try_to_join(arena.victim)
