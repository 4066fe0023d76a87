"""One delivery on one adapter: what a platform cannot do is done in a lesser, visible way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bridge.mirror.payloads import Ban, Delete, Edit, Payload, Post, React
from bridge.mirror.splitting import split
from bridge.model.adapter import Adapter, Capabilities, Deletes, Edits, Enforces, Outgoing, Reacts
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author, Body

_MARGIN: Final = 16
"""Bytes that adapters put around a text beside the name: the colon, the mark of a waiting message."""


@dataclass(frozen=True, slots=True)
class Known:
    """Events that show a delivery's target, in its room: made by us, and by people; and what is replied to."""

    own: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    reply: str = ""


@dataclass(slots=True)
class Progress:
    """What was made so far. Survives a retry, so that the tenth part of a text does not repeat nine others."""

    events: list[str] = field(default_factory=list)
    """Events that show the message."""
    other: str = ""
    """The event that did something else: an edit, a reaction."""
    note: str = ""


async def perform(
    adapter: Adapter, room: RoomRef, key: str, payload: Payload, known: Known, progress: Progress
) -> None:
    """Do it; `progress` says what came of it, also when a DeliveryError is raised on the way."""
    caps = adapter.describe(room)
    match payload:
        case Post():
            await _post(adapter, caps, room, key, payload, known.reply, progress)
        case Edit():
            await _edit(adapter, caps, room, key, payload, known, progress)
        case Delete():
            await _delete(adapter, caps, room, key, payload, known, progress)
        case React():
            await _react(adapter, caps, room, key, payload, known, progress)
        case Ban():
            await _ban(adapter, caps, room, key, payload, progress)


async def _post(
    adapter: Adapter, caps: Capabilities, room: RoomRef, key: str, post: Post, reply: str, progress: Progress
) -> None:
    """In as many parts as the platform needs; the parts of one message are one delivery."""
    body = post.body
    if post.reply_to and not (caps.reply and reply):
        body = Body(f"↪️ {body.plain}")
    bodies = _parts(body, caps, post.author)
    for index, part in enumerate(bodies):
        if index < len(progress.events):
            continue
        last = index == len(bodies) - 1
        message = Outgoing(
            key=_part_key(key, index),
            room=room,
            body=part,
            author=post.author,
            reply_to_event=reply if caps.reply and index == 0 else "",
            to_user=post.to_user,
            attachments=post.attachments if last else (),
            waiting=post.waiting,
            extra={"late": True} if post.late else {},
        )
        progress.events.append(await adapter.send(message))


async def _edit(
    adapter: Adapter, caps: Capabilities, room: RoomRef, key: str, edit: Edit, known: Known, progress: Progress
) -> None:
    if not (known.own and caps.edit and isinstance(adapter, Edits)):
        if edit.or_post:
            post = Post(Body(f"✏️ edited: {edit.body.plain}"), edit.author)
            reply = next(iter(known.own + known.theirs), "")
            await _post(adapter, caps, room, key, post, reply, progress)
        return
    bodies = _parts(edit.body, caps, edit.author)
    for index, part in enumerate(bodies):
        message = Outgoing(_part_key(key, index), room, part, edit.author)
        if index < len(known.own):
            progress.other = await adapter.edit(message, known.own[index])
        elif index - len(known.own) >= len(progress.events):
            progress.events.append(await adapter.send(message))
    for index, event in enumerate(known.own[len(bodies) :], start=len(bodies)):
        # The new text is shorter: its former last parts go, or say that they are nothing any more.
        if caps.delete and isinstance(adapter, Deletes):
            await adapter.delete(room, event, _part_key(key, index), "edited")
        else:
            await adapter.edit(Outgoing(_part_key(key, index), room, Body("…"), edit.author), event)


async def _delete(
    adapter: Adapter,
    caps: Capabilities,
    room: RoomRef,
    key: str,
    delete: Delete,
    known: Known,
    progress: Progress,
) -> None:
    if known.own and caps.delete and isinstance(adapter, Deletes):
        for index, event in enumerate(known.own):
            await adapter.delete(room, event, _part_key(key, index), "deleted by its author")
    elif known.own or known.theirs:
        post = Post(Body(f"🗑️ {delete.who} deleted this message."))
        await _post(adapter, caps, room, key, post, (known.own + known.theirs)[0], progress)
    else:
        progress.note = "not shown in this room"


async def _react(
    adapter: Adapter,
    caps: Capabilities,
    room: RoomRef,
    key: str,
    react: React,
    known: Known,
    progress: Progress,
) -> None:
    target = next(iter(known.theirs + known.own), "")
    if not target:
        progress.note = "not shown in this room"
    elif caps.react and isinstance(adapter, Reacts):
        progress.other = await adapter.react(room, target, react.reaction, key)
    else:
        post = Post(Body(f"{react.who} reacted: {react.reaction}"))
        await _post(adapter, caps, room, key, post, target, progress)


async def _ban(
    adapter: Adapter, caps: Capabilities, room: RoomRef, key: str, ban: Ban, progress: Progress
) -> None:
    if caps.enforce and isinstance(adapter, Enforces):
        await adapter.ban(
            room, UserRef(room.platform, ban.user_id), ban.reason or "banned by a vote of the group"
        )
        return
    text = (
        f"⚠️ The group has banned {ban.name} ({ban.user_id}), but the bridge cannot remove people from this "
        "room. Somebody who may must do it."
    )
    await _post(adapter, caps, room, key, Post(Body(text)), "", progress)


def _parts(body: Body, caps: Capabilities, author: Author | None) -> list[Body]:
    name = len(author.display_name.encode()) if author else 0
    room = caps.max_bytes - name - _MARGIN
    parts = split(body.plain, room)
    html = body.html if caps.html and len(parts) == 1 and len(body.html.encode()) <= room else ""
    return [Body(part, html) for part in parts]


def _part_key(key: str, index: int) -> str:
    return f"{key}.{index}" if index else key
