"""Messages of the rooms in the database: what people write, what the mirror shows, and how both change.

`position` orders a room's messages; every change takes the room's next `revision`, by which browsers resume.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from adapters.web.addresses import hexed
from adapters.web.database import Tx
from adapters.web.errors import BadRequest, Forbidden, Unknown
from adapters.web.frames.page import BallotNote
from bridge.model.adapter import Outgoing
from bridge.model.message import Attachment
from bridge.model.text import clean_body, clean_name, one_line, safe_html

KEPT: Final = 20_000
"""Messages kept per room; the group's own history is in the bridge's store."""
KEPT_EVENTS: Final = 100_000
PRUNE_EVERY: Final = 100
MAX_REACTIONS: Final = 40
"""Reactions of one person on one message, and different ones on a message."""
MAX_FILES: Final = 10
BRIDGE: Final = "demls.bridge"
"""Platform of what the bridge itself says, as in `bridge.rooms`."""
WEB: Final = "web"


@dataclass(frozen=True, slots=True)
class Said:
    """What a person wrote. `only_for`: their user id when only they are to see it (a command), else ''."""

    ref: str
    room: str
    user_id: str
    name: str
    address: str
    text: str
    time_ms: int
    reply_to: str = ""
    thread: str = ""
    only_for: str = ""


def open_room(tx: Tx, room: str) -> None:
    """Make the room's counters. Revisions begin at the clock: those of a lost file are never met again."""
    start = time.time_ns() // 1_000_000
    tx.execute("INSERT OR IGNORE INTO rooms VALUES (?, 0, ?, ?)", (room, start, start))


def revision(tx: Tx, room: str) -> int:
    """The room's highest revision."""
    return counters(tx, room)[0]


def counters(tx: Tx, room: str) -> tuple[int, int]:
    """The room's highest revision and position."""
    row = tx.execute("SELECT revision, position FROM rooms WHERE room = ?", (room,)).fetchone()
    return (0, 0) if row is None else (int(row["revision"]), int(row["position"]))


def once(tx: Tx, ref: str, user_id: str, kind: str) -> bool:
    """Whether this was not asked before. Raises BadRequest when the ref was used for something else."""
    row = tx.execute("SELECT user_id, kind FROM events WHERE ref = ?", (ref,)).fetchone()
    if row is None:
        tx.execute("INSERT INTO events (ref, user_id, kind) VALUES (?, ?, ?)", (ref, user_id, kind))
        return True
    if (row["user_id"], row["kind"]) != (user_id, kind):
        raise BadRequest("This ref was used for something else. Please send it again.", "ref-used")
    return False


def add(tx: Tx, said: Said) -> None:
    """Store what a person wrote; its id is the ref."""
    author = (WEB, said.user_id, said.name, said.address)
    _insert(tx, said.ref, said.room, author, said.only_for, said.text, "", said.time_ms)
    sql = "UPDATE messages SET reply_to = ?, thread = ? WHERE id = ?"
    tx.execute(sql, (said.reply_to, said.thread, said.ref))


def shown_id(key: str) -> str:
    """The event id of what the mirror sends with this key. No UUID has its form."""
    return "b" + hashlib.sha256(key.encode()).hexdigest()[:32]


def show(tx: Tx, message: Outgoing) -> str:
    """Store what the mirror sends; a key that is known changes nothing. Returns the event id."""
    event_id, room = shown_id(message.key), message.room.room_id
    if not once(tx, event_id, "", "send"):
        return event_id
    html = safe_html(message.body.html)
    now_ms = time.time_ns() // 1_000_000
    _insert(tx, event_id, room, _author(message), message.to_user, clean_body(message.body.plain), html, now_ms)
    tx.execute(
        "UPDATE messages SET reply_to = ?, thread = ?, status = ?, late = ?, ballot = ? WHERE id = ?",
        (
            "" if _is_control(tx, message.reply_to_event) else message.reply_to_event,
            message.thread_event,
            "waiting" if message.waiting else "",
            int(message.extra.get("late") is True),
            _ballot(message),
            event_id,
        ),
    )
    _files(tx, event_id, message.attachments)
    return event_id


def _is_control(tx: Tx, ref: str) -> bool:
    """Whether a control was used with this ref: it is no message, so an answer to it quotes nothing."""
    return tx.execute("SELECT 1 FROM events WHERE ref = ? AND kind = 'Command'", (ref,)).fetchone() is not None


def correct(tx: Tx, message: Outgoing, event_id: str) -> str:
    """Store the mirror's correction of a message. Returns the correction's event id. Raises Unknown."""
    own = shown_id(f"edit {message.key} {event_id}")
    body, html = clean_body(message.body.plain), safe_html(message.body.html)
    row = tx.execute("SELECT text, deleted, status, ballot FROM messages WHERE id = ?", (event_id,)).fetchone()
    if row is None:
        raise Unknown("the page does not keep this message any more")
    if not once(tx, own, "", "edit"):
        return own  # a repetition must not undo a later correction
    status = "waiting" if message.waiting else ("sent" if row["status"] == "waiting" else row["status"])
    ballot = _ballot(message) or row["ballot"]
    edited = int(row["text"] != body and not ballot)
    if row["deleted"] or (row["text"], row["status"], row["ballot"]) == (body, status, ballot):
        return own
    tx.execute(
        "UPDATE messages SET text = ?, html = ?, status = ?, ballot = ?, edited = max(edited, ?) WHERE id = ?",
        (body, html, status, ballot, edited, event_id),
    )
    _files(tx, event_id, message.attachments)
    touch(tx, event_id)
    return own


def edit(tx: Tx, message_id: str, room: str, user_id: str, text: str) -> None:
    """A person corrects their own message. Raises Unknown, Forbidden."""
    row = _own(tx, message_id, room, user_id)
    if row["only_for"]:
        raise Forbidden("A command cannot be edited: it was carried out. Please type a new one.")
    if row["deleted"]:
        raise Forbidden("This message is deleted.")
    tx.execute("UPDATE messages SET text = ?, html = '', edited = 1 WHERE id = ?", (text, message_id))
    touch(tx, message_id)


def delete(tx: Tx, message_id: str, room: str, user_id: str) -> None:
    """A person deletes their own message. Raises Unknown, Forbidden."""
    _own(tx, message_id, room, user_id)
    erase(tx, message_id)


def erase(tx: Tx, message_id: str) -> None:
    """Empty a message; nothing when it is gone."""
    tx.execute("DELETE FROM reactions WHERE message_id = ?", (message_id,))
    tx.execute("DELETE FROM files WHERE message_id = ?", (message_id,))
    sql = "UPDATE messages SET text = '', html = '', ballot = '', deleted = 1 WHERE id = ? AND deleted = 0"
    if tx.execute(sql, (message_id,)).rowcount:
        touch(tx, message_id)


def react(tx: Tx, event_id: str, message_id: str, key: str, user_id: str, name: str) -> str:
    """Add a reaction; returns its event id, that of an equal one when there is one. Raises BadRequest."""
    if not key:
        raise BadRequest("A reaction needs a sign.")
    known = reaction(tx, message_id, key, user_id)
    if known:
        return known
    sql = "SELECT count(DISTINCT key) AS keys, sum(user_id = ?) AS mine FROM reactions WHERE message_id = ?"
    count = tx.execute(sql, (user_id, message_id)).fetchone()
    if count["keys"] >= MAX_REACTIONS or (count["mine"] or 0) >= MAX_REACTIONS:
        raise BadRequest("There are too many reactions on this message.", "full")
    tx.execute("INSERT INTO reactions VALUES (?, ?, ?, ?, ?)", (event_id, message_id, key, user_id, name))
    touch(tx, message_id)
    return event_id


def reaction(tx: Tx, message_id: str, key: str, user_id: str) -> str:
    """The event id of a person's reaction, or ''."""
    sql = "SELECT event_id FROM reactions WHERE message_id = ? AND key = ? AND user_id = ?"
    row = tx.execute(sql, (message_id, key, user_id)).fetchone()
    return "" if row is None else str(row["event_id"])


def unreact(tx: Tx, event_id: str) -> bool:
    """Take a reaction back; whether there was one."""
    row = tx.execute("SELECT message_id FROM reactions WHERE event_id = ?", (event_id,)).fetchone()
    if row is None:
        return False
    tx.execute("DELETE FROM reactions WHERE event_id = ?", (event_id,))
    touch(tx, row["message_id"])
    return True


def set_status(tx: Tx, message_id: str, status: str, reason: str) -> None:
    """What became of a person's message."""
    sql = "UPDATE messages SET status = ?, reason = ? WHERE id = ? AND (status, reason) <> (?, ?)"
    reason = one_line(reason, 300)
    if tx.execute(sql, (status, reason, message_id, status, reason)).rowcount:
        touch(tx, message_id)


def ban(tx: Tx, room: str, user_id: str, reason: str) -> bool:
    """Keep somebody out: they see nothing that changes from now on. Whether it is new."""
    row = (room, user_id, one_line(reason, 300), revision(tx, room))
    return tx.execute("INSERT OR IGNORE INTO bans VALUES (?, ?, ?, ?)", row).rowcount > 0


def unban(tx: Tx, room: str, user_id: str) -> None:
    """Lift a ban, if there is one."""
    tx.execute("DELETE FROM bans WHERE room = ? AND user_id = ?", (room, user_id))


def banned(tx: Tx, room: str, user_id: str) -> tuple[int, str] | None:
    """Up to which revision a banned person may read, and why they are out; None when they are not."""
    row = tx.execute("SELECT * FROM bans WHERE room = ? AND user_id = ?", (room, user_id)).fetchone()
    return None if row is None else (int(row["position"]), str(row["reason"]))


def visible(tx: Tx, message_id: str, room: str, user_id: str) -> Any:
    """A message that this person can see, as a row. Raises Unknown."""
    sql = "SELECT * FROM messages WHERE id = ? AND room = ? AND only_for IN ('', ?)"
    row = tx.execute(sql, (message_id, room, user_id)).fetchone()
    if row is None:
        raise Unknown("This message is not here any more.", "no-message")
    return row


def touch(tx: Tx, message_id: str) -> None:
    """Give a changed message the room's next revision."""
    row = tx.execute("SELECT room FROM messages WHERE id = ?", (message_id,)).fetchone()
    if row is not None:
        sql = "UPDATE messages SET revision = ? WHERE id = ?"
        tx.execute(sql, (_next(tx, row["room"], "revision"), message_id))


def prune(tx: Tx, room: str, kept: int = KEPT, kept_events: int = KEPT_EVENTS) -> None:
    """Forget what is old. A browser that was away for so long begins anew."""
    sql = "DELETE FROM messages WHERE room = ? AND position <= (SELECT position FROM rooms WHERE room = ?) - ?"
    tx.execute(sql, (room, room, kept))
    tx.execute("DELETE FROM events WHERE n <= (SELECT max(n) FROM events) - ?", (kept_events,))


def _own(tx: Tx, message_id: str, room: str, user_id: str) -> Any:
    row = visible(tx, message_id, room, user_id)
    if (row["platform"], row["user_id"]) != (WEB, user_id):
        raise Forbidden("Only its author can change a message.")
    return row


def _insert(
    tx: Tx,
    message_id: str,
    room: str,
    author: tuple[str, str, str, str],
    only_for: str,
    text: str,
    html: str,
    time_ms: int,
) -> None:
    open_room(tx, room)
    position = _next(tx, room, "position")
    tx.execute(
        "INSERT INTO messages (id, room, position, revision, platform, user_id, name, address, only_for, text, "
        "html, time_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (message_id, room, position, _next(tx, room, "revision"), *author, only_for, text, html, time_ms),
    )
    if position % PRUNE_EVERY == 0:
        prune(tx, room)


def _next(tx: Tx, room: str, counter: str) -> int:
    # `counter` is one of two column names of ours.
    sql = f"UPDATE rooms SET {counter} = {counter} + 1 WHERE room = ? RETURNING {counter}"  # noqa: S608
    return int(tx.execute(sql, (room,)).fetchone()[0])


def _author(message: Outgoing) -> tuple[str, str, str, str]:
    author = message.author
    if author is None:
        return BRIDGE, "", "", ""
    name = clean_name(author.display_name, author.user_id)
    return author.platform, author.user_id, name, hexed(author.address)


def _ballot(message: Outgoing) -> str:
    card = message.ballot
    if card is None:
        return ""
    note = BallotNote(
        card.number, list(card.question), card.yes, card.no, card.voters, card.deadline, card.result
    )
    return msgspec.json.encode(note).decode()


def _files(tx: Tx, message_id: str, files: tuple[Attachment, ...]) -> None:
    for number, file in enumerate(files[:MAX_FILES]):
        file_id = hashlib.sha256(f"{message_id} {number} {file.reference}".encode()).hexdigest()[:32]
        name = one_line(file.name, 120) or "file"
        kind = one_line(file.media_type, 100)
        row = (file_id, message_id, number, file.reference, name, kind, file.size, file.sha256, file.key)
        tx.execute("INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
