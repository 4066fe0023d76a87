"""Discord, Matrix and the page behind one face: a person who acts there, and the room as they see it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.support.matrix_person import MatrixPerson
from tests.support.page_browser import Browser, Tab
from tests.support.servers.discord.model import Channel, Guild, Message
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.server import DiscordServer
from tests.support.waiting import guard, until

_REPLY_LINE = re.compile(r"\A-# ↪ \[[^\]]*\]\(<https://discord\.com/channels/\d+/\d+/(\d+)>\)\n")


@dataclass(frozen=True)
class Shown:
    """A message as it is shown now. `reply_to` and `thread` are ids of the same room, or ''."""

    id: str
    author: str
    text: str
    reply_to: str = ""
    thread: str = ""
    reactions: tuple[str, ...] = ()


class Side(Protocol):
    """One platform's room, and a person in it."""

    name: str

    async def say(self, text: str, *, reply_to: str = "") -> str:
        """Write; returns the message's id."""

    async def edit(self, message: str, text: str) -> None:
        """Edit an own message."""

    async def delete(self, message: str) -> None:
        """Delete an own message."""

    async def react(self, message: str, key: str) -> None:
        """React to a message."""

    async def unreact(self, message: str, key: str) -> None:
        """Take an own reaction back."""

    async def messages(self) -> list[Shown]:
        """What is shown, oldest first; deleted messages are not."""

    async def file(self, name: str) -> bytes | None:
        """The content of a file that is shown, None when none of that name is."""


class DiscordSide:
    """A person in a channel (its threads included) of the local Discord server."""

    name = "discord"

    def __init__(self, server: DiscordServer, guild: Guild, channel: Channel, person: Person) -> None:
        self.server, self.guild, self.channel, self.person = server, guild, channel, person

    async def say(self, text: str, *, reply_to: str = "") -> str:
        target = self.message(reply_to) if reply_to else None
        return str((await self.person.say(self.channel, text, reply_to=target)).id)

    async def edit(self, message: str, text: str) -> None:
        await self.person.edit(self.message(message), text)

    async def delete(self, message: str) -> None:
        await self.person.delete(self.message(message))

    async def react(self, message: str, key: str) -> None:
        await self.person.react(self.message(message), key)

    async def unreact(self, message: str, key: str) -> None:
        await self.person.unreact(self.message(message), key)

    def message(self, message: str) -> Message:
        """The server's own record of a message."""
        return next(each for each in self._all() if str(each.id) == message)

    def _all(self) -> list[Message]:
        places = [self.channel, *self.server.threads(self.channel)]
        return [each for place in places for each in self.server.messages(place)]

    async def messages(self) -> list[Shown]:
        return [self._shown(each) for each in self._all()]

    def _shown(self, message: Message) -> Shown:
        line = _REPLY_LINE.match(message.content)
        return Shown(
            id=str(message.id),
            author=message.author.name,
            text=_REPLY_LINE.sub("", message.content),
            reply_to=line[1] if line else str(message.reference or ""),
            thread=str(message.channel_id) if message.channel_id != self.channel.id else "",
            reactions=tuple(key for key, people in message.reactions.items() if people),
        )

    async def file(self, name: str) -> bytes | None:
        files = [file for each in self._all() for file in each.attachments]
        return next((file.data for file in files if file.filename == name), None)


class MatrixSide:
    """A person in a room of the homeserver."""

    name = "matrix"

    def __init__(self, person: MatrixPerson, room: str) -> None:
        self.person, self.room = person, room
        self._reactions: dict[tuple[str, str], str] = {}

    async def say(self, text: str, *, reply_to: str = "", thread: str = "") -> str:
        relation: dict[str, object] = {}
        if thread:
            relation = {"rel_type": "m.thread", "event_id": thread, "is_falling_back": True}
        if reply_to or thread:
            relation["m.in_reply_to"] = {"event_id": reply_to or thread}
        extra = {"m.relates_to": relation} if relation else {}
        return await self.person.say(self.room, text, **extra)

    async def edit(self, message: str, text: str) -> None:
        await self.person.edit(self.room, message, text)

    async def delete(self, message: str) -> None:
        await self.person.delete(self.room, message)

    async def react(self, message: str, key: str) -> None:
        self._reactions[message, key] = await self.person.react(self.room, message, key)

    async def unreact(self, message: str, key: str) -> None:
        await self.person.delete(self.room, self._reactions.pop((message, key)))

    async def messages(self) -> list[Shown]:
        seen = await self.person.read(self.room)
        events = await self.person.events(self.room)  # later: nothing of `seen` is missing in it
        relations = {each["event_id"]: each["content"].get("m.relates_to", {}) for each in events}
        deleted = {each["event_id"] for each in events if not each["content"]}
        reactions: dict[str, list[str]] = {}
        for event in events:
            if event["type"] == "m.reaction" and (to := relations[event["event_id"]]):
                reactions.setdefault(to["event_id"], []).append(to["key"])
        shown = []
        for each in seen:
            to = relations[each.event_id]
            is_thread = to.get("rel_type") == "m.thread"
            is_reply = not (is_thread and to.get("is_falling_back"))
            answered = to.get("m.in_reply_to", {}).get("event_id", "") if is_reply else ""
            thread = to["event_id"] if is_thread else ""
            found = tuple(reactions.get(each.event_id, ()))
            if each.event_id not in deleted:
                # The bridge's bot writes the author's name in front of the text.
                shown.append(Shown(each.event_id, each.text, each.text, answered, thread, found))
        return shown

    async def file(self, name: str) -> bytes | None:
        for each in await self.person.read(self.room):
            if each.content.get("filename", each.text) == name and "url" in each.content:
                return (await self.person.download(each.content["url"]))[0]
        return None


class PageSide:
    """A person at the page, with a browser that connects again by itself."""

    name = "web"

    def __init__(self, data: Path) -> None:
        """`data` is the bridge's data folder, where the page leaves its address."""
        self._address = data / "web" / "url"
        self.browser = Browser(self.url())
        self.tab: Tab

    def url(self) -> str:
        """Where the page is now; another place after a restart."""
        return self._address.read_text("ascii").strip()

    async def open(self, name: str) -> None:
        """Sign in with a test account and look at the room."""
        accounts = (await self.browser.session())["test_accounts"]
        [password] = [each["password"] for each in accounts if each["name"] == name]
        answer = await self.browser.sign_in(name, password)
        assert answer.status_code == 200, answer.text
        self.tab = Tab(self.url, self.browser.cookie)
        await self.tab.until(lambda: any(each["type"] == "me" for each in self.tab.frames))

    async def close(self) -> None:
        await self.tab.close()
        await self.browser.close()

    async def say(self, text: str, *, reply_to: str = "") -> str:
        return await self.tab.ask("say", text=text, **({"reply_to": reply_to} if reply_to else {}))

    async def edit(self, message: str, text: str) -> None:
        await self.tab.ask("edit", id=message, text=text)

    async def delete(self, message: str) -> None:
        await self.tab.ask("delete", id=message)

    async def react(self, message: str, key: str) -> None:
        await self.tab.ask("react", id=message, key=key)

    async def unreact(self, message: str, key: str) -> None:
        await self.tab.ask("unreact", id=message, key=key)

    async def vote(self, ballot: int) -> None:
        """Press YES."""
        await self.tab.ask("command", name="vote", arguments={"ballot": str(ballot), "choice": "yes"})

    async def messages(self) -> list[Shown]:
        return [
            Shown(
                id=each["id"],
                author=each["author"]["name"],
                text=each["text"],
                reply_to=each["reply_to"],
                thread=each["thread"],
                reactions=tuple(one["key"] for one in each["reactions"]),
            )
            for each in self.tab.shown()
            if not each["deleted"]
        ]

    async def file(self, name: str) -> bytes | None:
        files = [file for each in self.tab.shown() for file in each["attachments"]]
        url = next((file["url"] for file in files if file["name"] == name), None)
        if url is None:
            return None
        answer = await self.browser.http.get(url, follow_redirects=True)
        return answer.content if answer.status_code == 200 else None


async def sees(
    side: Side, words: str, where: Callable[[Shown], bool] = lambda _: True, *, writer: str = ""
) -> Shown:
    """Wait until the side shows a message with these words (of this writer, and as `where` wants it)."""
    seen: Sequence[Shown] = ()

    async def look() -> Shown | None:
        nonlocal seen
        seen = await side.messages()
        wanted = (each for each in seen if words in each.text and writer in each.author and where(each))
        return next(wanted, None)

    what = f"{side.name} shows {words!r} by {writer!r}"
    return await until(look, what, seen=lambda: "\n".join(map(str, seen[-15:])), every=0.1)


async def loses(side: Side, words: str) -> None:
    """Wait until the side shows no message with these words."""
    async with guard():
        while any(words in each.text for each in await side.messages()):
            await asyncio.sleep(0.1)


async def gets(side: Side, name: str) -> bytes:
    """Wait until the side shows a file of that name; returns its content."""
    async with guard():
        while (found := await side.file(name)) is None:
            await asyncio.sleep(0.1)
    return found
