"""One delivery on one adapter: what a platform cannot do is done in a lesser, visible way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from bridge.model.adapter import Adapter, Capabilities, Deletes, Edits, Enforces, Outgoing, Reacts
from bridge.model.adapter_store import Change
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author, Body
from bridge.rooms.outbound.payloads import Ban, Delete, Edit, Payload, Post, React, Unban, Unreact
from bridge.rooms.outbound.splitting import split

_MARGIN: Final = 16
"""Bytes that adapters put around a text beside the name: the colon, the mark of a waiting message."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a delivery's target in its room.

    `own` and `theirs` are the events that show it, made by us and by people; `files` are own ones too, which
    carry files and no text. `reaction` is our own reaction's event, `others` how many others made the same one.
    """

    own: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    reply: str = ""
    thread: str = ""
    reaction: str = ""
    others: int = 0

    @property
    def first(self) -> str:
        """An event that shows the target; empty when the room does not."""
        return next(iter(self.own + self.files + self.theirs), "")


@dataclass(slots=True)
class Progress:
    """What was made so far. Survives a retry, so that the tenth part of a text does not repeat nine others."""

    events: list[str] = field(default_factory=list)
    """Events that show the message's text."""
    files: list[str] = field(default_factory=list)
    """Events that show files of the message."""
    other: str = ""
    """The event that did something else: an edit, a reaction."""
    note: str = ""
    gone: bool = False
    """Our own reaction was taken away."""
    changes: list[Change] = field(default_factory=list)
    """What the adapter remembers of it, to be stored with the result."""


@dataclass(frozen=True, slots=True)
class _Work:
    """One delivery: where, under which idempotency key, and what is known and done already."""

    adapter: Adapter
    caps: Capabilities
    room: RoomRef
    key: str
    known: Known
    progress: Progress


async def perform(
    adapter: Adapter, room: RoomRef, key: str, payload: Payload, known: Known, progress: Progress
) -> None:
    """Do it; `progress` says what came of it, also when a DeliveryError is raised on the way."""
    work = _Work(adapter, adapter.describe(room), room, key, known, progress)
    match payload:
        case Post():
            await _post(work, payload, known.reply)
        case Edit():
            await _edit(work, payload)
        case Delete():
            await _delete(work, payload)
        case React():
            await _react(work, payload)
        case Unreact():
            await _unreact(work)
        case Ban():
            await _ban(work, payload)
        case Unban():
            await _unban(work, payload)


async def _post(work: _Work, post: Post, reply: str) -> None:
    """In as many parts as the platform needs; the parts of one message are one delivery."""
    caps, progress = work.caps, work.progress
    body, reply, thread = _placed(work, post, reply)
    together = not (caps.files and post.attachments)
    bodies = _parts(body, caps, post.author) if together or body.plain.strip() else []
    message = Outgoing(
        work.key,
        work.room,
        Body(""),
        post.author,
        thread_event=thread,
        to_user=post.to_user,
        extra={"late": True} if post.late else {},
        changes=progress.changes,
    )
    for index, part in enumerate(bodies):
        if index < len(progress.events):
            continue
        last = index == len(bodies) - 1
        text = replace(
            message,
            key=_part_key(work.key, index),
            body=part,
            reply_to_event=reply if index == 0 else "",
            attachments=post.attachments if last and together else (),
            ballot=post.ballot if caps.ballot and index == 0 else None,
            waiting=post.waiting,
        )
        progress.events.append(await work.adapter.send(text))
    if not together:
        await _files(work, post, message, "" if bodies else reply, len(bodies))


async def _files(work: _Work, post: Post, message: Outgoing, reply: str, index: int) -> None:
    """Files as parts of their own, behind the text's `index` parts."""
    step = work.caps.files
    for number, start in enumerate(range(0, len(post.attachments), step)):
        if number < len(work.progress.files):
            continue
        part = replace(
            message,
            key=_part_key(work.key, index + number),
            reply_to_event=reply if number == 0 else "",
            attachments=post.attachments[start : start + step],
        )
        work.progress.files.append(await work.adapter.send(part))


def _placed(work: _Work, post: Post, reply: str) -> tuple[Body, str, str]:
    """(body, replied event, thread): where it belongs, said by a sign where the platform cannot show it."""
    caps, body = work.caps, post.body
    thread = work.known.thread if caps.thread else ""
    reply = reply if caps.reply else ""
    in_thread = bool(post.thread or post.thread_event)
    if post.reply_to and not reply:
        body = Body(f"↪️ {body.plain}")
    elif in_thread and not thread and not reply:
        reply = work.known.thread if caps.reply else ""
        if not reply:
            body = Body(f"🧵 {body.plain}")
    return body, reply, thread


async def _edit(work: _Work, edit: Edit) -> None:
    caps, known, adapter = work.caps, work.known, work.adapter
    can = caps.edit or (caps.ballot and edit.ballot is not None)
    if not (known.own and can and isinstance(adapter, Edits)):
        if edit.or_post:
            post = Post(Body(f"✏️ edited: {edit.body.plain}"), edit.author, thread=edit.thread)
            await _post(work, post, known.first)
        return
    bodies = _parts(edit.body, caps, edit.author)
    thread = known.thread if caps.thread else ""
    message = Outgoing(
        work.key, work.room, Body(""), edit.author, thread_event=thread, changes=work.progress.changes
    )
    for index, part in enumerate(bodies):
        ballot = edit.ballot if caps.ballot and index == 0 else None
        text = replace(message, key=_part_key(work.key, index), body=part, ballot=ballot)
        if index < len(known.own):
            work.progress.other = await adapter.edit(text, known.own[index])
        elif index - len(known.own) >= len(work.progress.events):
            work.progress.events.append(await adapter.send(text))
    for index, event in enumerate(known.own[len(bodies) :], start=len(bodies)):
        # The new text is shorter: its former last parts go, or say that they are nothing any more.
        key = _part_key(work.key, index)
        if caps.delete and isinstance(adapter, Deletes):
            await adapter.delete(work.room, event, key, "edited")
        else:
            await adapter.edit(replace(message, key=key, body=Body("…")), event)


async def _delete(work: _Work, delete: Delete) -> None:
    known, adapter = work.known, work.adapter
    ours = known.own + known.files
    if ours and work.caps.delete and isinstance(adapter, Deletes):
        for index, event in enumerate(ours):
            await adapter.delete(work.room, event, _part_key(work.key, index), "deleted by its author")
    elif known.first:
        await _post(work, Post(Body(f"🗑️ {delete.who} deleted this message.")), known.first)
    else:
        work.progress.note = "not shown in this room"


async def _react(work: _Work, react: React) -> None:
    adapter, known = work.adapter, work.known
    target = next(iter(known.theirs + known.own + known.files), "")
    if not target:
        work.progress.note = "not shown in this room"
    elif work.caps.react and isinstance(adapter, Reacts):
        work.progress.other = await adapter.react(work.room, target, react.reaction, work.key)
    else:
        await _post(work, Post(Body(f"{react.who} reacted: {react.reaction}")), target)


async def _unreact(work: _Work) -> None:
    """Our own reaction goes with the last person's; a message that told of theirs goes at once."""
    adapter, known = work.adapter, work.known
    if not (work.caps.delete and isinstance(adapter, Deletes)):
        work.progress.note = "this room cannot take it back"
        return
    for index, event in enumerate(known.own):
        await adapter.delete(work.room, event, _part_key(work.key, index), "the reaction was taken back")
    if known.reaction and not known.others:
        key = _part_key(work.key, len(known.own))
        await adapter.delete(work.room, known.reaction, key, "the reaction was taken back")
        work.progress.gone = True


async def _ban(work: _Work, ban: Ban) -> None:
    adapter = work.adapter
    if work.caps.enforce and isinstance(adapter, Enforces):
        user = UserRef(adapter.platform, ban.user_id)
        await adapter.ban(work.room, user, ban.reason or "banned by a vote of the group")
        return
    text = (
        f"⚠️ {_decider(ban)} has banned {ban.name} ({ban.user_id}), but the bridge cannot remove people from "
        "this room. Somebody who may must do it."
    )
    await _post(work, Post(Body(text)), "")


async def _unban(work: _Work, unban: Unban) -> None:
    adapter = work.adapter
    if work.caps.enforce and isinstance(adapter, Enforces):
        await adapter.unban(work.room, UserRef(adapter.platform, unban.user_id))
        return
    text = (
        f"⚠️ {_decider(unban)} has lifted the ban of {unban.name} ({unban.user_id}), but the bridge cannot do "
        "that in this room. Somebody who may must do it."
    )
    await _post(work, Post(Body(text)), "")


def _decider(act: Ban | Unban) -> str:
    return act.by or "The group"


def _parts(body: Body, caps: Capabilities, author: Author | None) -> list[Body]:
    name = len(author.display_name.encode()) if author else 0
    room = caps.max_bytes - name - _MARGIN
    parts = split(body.plain, room)
    html = body.html if caps.html and len(parts) == 1 and len(body.html.encode()) <= room else ""
    return [Body(part, html) for part in parts]


def _part_key(key: str, index: int) -> str:
    return f"{key}.{index}" if index else key
