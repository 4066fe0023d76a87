"""Threads, files and moderators' bans on a real Synapse."""

from __future__ import annotations

import hashlib

import pytest

from bridge.model.adapter import DeliveryError, Outgoing
from bridge.model.message import Attachment, Body
from bridge.model.view import FileSource, ViewError, WantsView
from tests.adapters.matrix.conftest import MatrixArena
from tests.adapters.suite import BOB, outgoing

PNG = b"\x89PNG not really " * 100


class Elsewhere:
    """The view's part that reads files of other platforms."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        self.asked.append(attachment.reference)
        content = self.files.get(attachment.reference)
        if content is None or len(content) > limit:
            raise ViewError("nobody has this file")
        return content


def file_message(arena: MatrixArena, key: str, file: Attachment) -> Outgoing:
    """A file as a part of its own, as the mirror sends it."""
    return Outgoing(key, arena.room, Body(""), BOB, attachments=(file,))


async def content_of(arena: MatrixArena, event_id: str) -> dict[str, object]:
    events = await arena.person.events(arena.room.room_id)
    return next(dict(event["content"]) for event in events if event["event_id"] == event_id)


async def test_threads_are_read(arena: MatrixArena) -> None:
    root = await arena.say("topic")
    thread = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True}
    first = await arena.person.say(
        arena.room.room_id, "in it", **{"m.relates_to": {**thread, "m.in_reply_to": {"event_id": root}}}
    )
    message = await arena.inbox.wait_for_text("in it")
    assert (message.thread_event, message.reply_to_event) == (root, "")
    reply = {**thread, "is_falling_back": False, "m.in_reply_to": {"event_id": first}}
    await arena.person.say(arena.room.room_id, "a real reply", **{"m.relates_to": reply})
    message = await arena.inbox.wait_for_text("a real reply")
    assert (message.thread_event, message.reply_to_event) == (root, first)


async def test_threads_are_written(arena: MatrixArena) -> None:
    root = await arena.say("topic")
    event_id = await arena.adapter.send(outgoing(arena, "k1", "in it", thread_event=root))
    assert (await content_of(arena, event_id))["m.relates_to"] == {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": root},
    }
    reply = await arena.adapter.send(outgoing(arena, "k2", "reply", thread_event=root, reply_to_event=event_id))
    relation = (await content_of(arena, reply))["m.relates_to"]
    assert relation["is_falling_back"] is False  # type: ignore[index]
    assert relation["m.in_reply_to"] == {"event_id": event_id}  # type: ignore[index]
    # A root that is in a thread itself can have none: Synapse refuses, a reply remains.
    nested = await arena.adapter.send(outgoing(arena, "k3", "deeper", thread_event=reply))
    assert (await content_of(arena, nested))["m.relates_to"] == {"m.in_reply_to": {"event_id": reply}}


async def test_a_file_is_an_attachment_and_can_be_read(arena: MatrixArena) -> None:
    address = await arena.person.upload(PNG, "image/png")
    room, info = arena.room.room_id, {"mimetype": "image/png", "size": len(PNG)}
    file = {"msgtype": "m.image", "url": address, "info": info}
    await arena.person.event(room, "m.room.message", {**file, "body": "cat.png"})
    await arena.person.event(room, "m.room.message", {**file, "body": "my cat", "filename": "cat.png"})
    await arena.inbox.wait_for_text("my cat")
    plain, captioned = arena.inbox.messages
    assert plain.body == Body("")
    assert plain.attachments == captioned.attachments
    [attachment] = plain.attachments
    assert attachment == Attachment(address, "cat.png", "image/png", len(PNG))
    assert isinstance(arena.adapter, FileSource)
    assert arena.adapter.holds(attachment)
    assert await arena.adapter.fetch(attachment, len(PNG)) == PNG
    good = Attachment(address, "cat.png", "image/png", 0, hashlib.sha256(PNG).digest())
    assert await arena.adapter.fetch(good, 10**6) == PNG


async def test_what_cannot_be_read_is_refused(arena: MatrixArena) -> None:
    address = await arena.person.upload(PNG, "image/png")
    for attachment, limit in (
        (Attachment(address, "", "", 0), len(PNG) - 1),
        (Attachment(address, "", "", 0, sha256=bytes(32)), 10**6),
        (Attachment(address, "", "", 0, key=b"k"), 10**6),
        (Attachment("mxc://localhost/nothing", "", "", 0), 10**6),
        (Attachment("https://example.org/f", "", "", 0), 10**6),
    ):
        with pytest.raises(DeliveryError):
            await arena.adapter.fetch(attachment, limit)
    for reference in ("https://example.org/f", "mxc://a/../b", "mxc://a/b?c", "mxc://a"):
        assert not arena.adapter.holds(Attachment(reference, "", "", 0))


async def test_a_file_from_elsewhere_is_uploaded(arena: MatrixArena) -> None:
    assert isinstance(arena.adapter, WantsView)
    view = Elsewhere({"discord:1": PNG})
    arena.adapter.attach_view(view)  # type: ignore[arg-type]
    file = Attachment("discord:1", "cat.png", "image/png", len(PNG))
    event_id = await arena.adapter.send(file_message(arena, "k", file))
    content = await content_of(arena, event_id)
    assert (content["msgtype"], content["filename"], content["body"]) == ("m.image", "cat.png", "Bob")
    assert content["info"] == {"mimetype": "image/png", "size": len(PNG)}
    assert await arena.person.download(str(content["url"])) == (PNG, "image/png")
    assert await arena.adapter.send(file_message(arena, "k", file)) == event_id
    # A file of Matrix needs no second upload.
    own = Attachment(str(content["url"]), "cat.txt", "text/plain; charset=x", len(PNG))
    again = await content_of(arena, await arena.adapter.send(file_message(arena, "k2", own)))
    assert (again["msgtype"], again["url"]) == ("m.file", content["url"])
    assert view.asked == ["discord:1", "discord:1"]


async def test_a_file_that_cannot_be_uploaded_is_named(arena: MatrixArena) -> None:
    file = Attachment("discord:1", "cat.png", "image/png", len(PNG))
    await arena.adapter.send(file_message(arena, "k1", file))  # no view
    view = Elsewhere({"discord:1": PNG})
    arena.adapter.attach_view(view)  # type: ignore[arg-type]
    await arena.adapter.send(file_message(arena, "k2", Attachment("discord:2", "x", "text/plain", 3)))
    await arena.adapter.send(file_message(arena, "k3", Attachment("discord:1", "big", "text/plain", 2**40)))
    arena.proxy.answer("/upload", 413, {"errcode": "M_TOO_LARGE"}, times=1)
    await arena.adapter.send(file_message(arena, "k4", file))
    assert view.asked == ["discord:2", "discord:1"]
    assert [shown.text for shown in await arena.read()] == [
        f"Bob: [cat.png (image/png, {len(PNG)} bytes): discord:1]",
        "Bob: [x (text/plain, 3 bytes): discord:2]",
        f"Bob: [big (text/plain, {2**40} bytes): discord:1]",
        f"Bob: [cat.png (image/png, {len(PNG)} bytes): discord:1]",
    ]


async def test_the_servers_limit_for_files_is_kept(arena: MatrixArena) -> None:
    arena.proxy.answer("/media/config", 200, {"m.upload.size": 10}, times=1)
    view = Elsewhere({"discord:1": PNG})
    arena.adapter.attach_view(view)  # type: ignore[arg-type]
    file = Attachment("discord:1", "cat.png", "image/png", 11)
    await arena.adapter.send(file_message(arena, "k", file))
    assert "cat.png" in (await arena.read())[0].text
    assert view.asked == []


async def test_a_reaction_can_be_taken_back(arena: MatrixArena) -> None:
    theirs = await arena.say("like this?")
    reaction = await arena.adapter.react(arena.room, theirs, "👍", "r1")
    await arena.adapter.delete(arena.room, reaction, "d1", "taken back")
    assert await arena.reactions(theirs) == []
    await arena.react(theirs, "🎉")
    await arena.inbox.wait_for(2)
    [mine] = arena.inbox.reactions
    await arena.delete(mine.event_id)
    await arena.inbox.wait_for_delete(mine.event_id)


async def test_moderators_bans_are_told_and_our_own_are_not(arena: MatrixArena) -> None:
    room, victim = arena.room.room_id, arena.victim
    await arena.adapter.ban(arena.room, victim, "ours")
    await arena.adapter.unban(arena.room, victim)
    await arena.person.ban(room, victim.user_id, "spam")
    await arena.person.unban(room, victim.user_id)
    await arena.person.invite(room, victim.user_id)
    await arena.person.kick(room, victim.user_id)
    await arena.say("done")
    await arena.inbox.wait_for_text("done")
    banned, lifted = arena.inbox.bans
    assert (banned.target, banned.author.user_id, banned.reason) == (victim, arena.person.user_id, "spam")
    assert banned.target_name
    assert (banned.lifted, lifted.lifted) == (False, True)
    assert lifted.target == victim
    assert 0 < banned.time_ms <= lifted.time_ms


async def test_bans_of_while_the_bridge_was_down_are_told(arena: MatrixArena) -> None:
    await arena.stop_adapter()
    await arena.person.ban(arena.room.room_id, arena.victim.user_id)
    for i in range(25):  # so that the ban lies in a gap
        await arena.say(f"later {i}")
    await arena.start_adapter()
    await arena.inbox.wait_for(26)
    [banned] = arena.inbox.bans
    assert banned.target == arena.victim
    assert not banned.lifted
