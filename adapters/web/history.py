"""Messages as a browser gets them: pages of history, and what changed since a revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from adapters.web.database import Tx
from adapters.web.frames import page
from adapters.web.messages import BRIDGE, WEB, banned, revision
from bridge.model.view import SendStatus

PAGE: Final = 100
"""Messages in one answer or frame."""
RESET_BEYOND: Final = 1_000
"""Changes after which a browser that was away begins anew with the newest page."""
MAX_NAMES: Final = 20
"""Names listed under a reaction."""
_VISIBLE: Final = "room = ? AND only_for IN ('', ?) AND revision <= ?"


@dataclass(frozen=True, slots=True)
class Changes:
    """`messages` ascending by revision, the newest of which is `revision`; `more`: ask again at once."""

    messages: list[page.Message]
    revision: int
    reset: bool = False
    more: bool = False


def since(tx: Tx, room: str, viewer: str, after: int) -> Changes:
    """What changed after a revision, at most one page; a revision that is not known begins anew."""
    top = _top(tx, room, viewer)
    row = tx.execute("SELECT floor FROM rooms WHERE room = ?", (room,)).fetchone()
    if row is None:
        return Changes([], 0, reset=after != 0)
    known = row["floor"] <= after <= revision(tx, room)
    if not known or _count(tx, room, viewer, after, top) > RESET_BEYOND:
        return _newest(tx, room, viewer, top)
    sql = f"SELECT * FROM messages WHERE {_VISIBLE} AND revision > ? ORDER BY revision LIMIT ?"  # noqa: S608
    rows = tx.execute(sql, (room, viewer, top, after, PAGE)).fetchall()
    more = len(rows) == PAGE
    # A page's last revision; at the end the room's, so that hidden changes are not looked at again.
    return Changes(shown(tx, rows, viewer), rows[-1]["revision"] if more else max(top, after), more=more)


def before(tx: Tx, room: str, viewer: str, position: int, limit: int) -> tuple[list[page.Message], bool]:
    """Messages before a position, ascending, and whether there are older ones."""
    sql = f"SELECT * FROM messages WHERE {_VISIBLE} AND position < ? ORDER BY position DESC LIMIT ?"  # noqa: S608
    rows = tx.execute(sql, (room, viewer, _top(tx, room, viewer), position, limit + 1)).fetchall()
    return shown(tx, rows[:limit][::-1], viewer), len(rows) > limit


def _newest(tx: Tx, room: str, viewer: str, top: int) -> Changes:
    messages, _ = before(tx, room, viewer, 2**62, PAGE)
    return Changes(sorted(messages, key=lambda each: each.revision), top, reset=True)


def _top(tx: Tx, room: str, viewer: str) -> int:
    out = banned(tx, room, viewer)
    return revision(tx, room) if out is None else out[0]


def _count(tx: Tx, room: str, viewer: str, after: int, top: int) -> int:
    sql = f"SELECT 1 FROM messages WHERE {_VISIBLE} AND revision > ? LIMIT ?"  # noqa: S608
    counted = f"SELECT count(*) FROM ({sql})"  # noqa: S608
    return int(tx.execute(counted, (room, viewer, top, after, RESET_BEYOND + 1)).fetchone()[0])


def shown(tx: Tx, rows: Sequence[Any], viewer: str) -> list[page.Message]:
    """Rows of `messages` as one person sees them."""
    ids = [row["id"] for row in rows]
    reactions, files = _reactions(tx, ids, viewer), _files(tx, ids)
    return [_message(row, viewer, reactions[row["id"]], files[row["id"]]) for row in rows]


def _message(
    row: Any, viewer: str, reactions: list[page.ReactionCount], files: list[page.File]
) -> page.Message:
    return page.Message(
        id=row["id"],
        position=row["position"],
        revision=row["revision"],
        author=_author(row, viewer),
        text=row["text"],
        html=row["html"],
        time_ms=row["time_ms"],
        edited=bool(row["edited"]),
        deleted=bool(row["deleted"]),
        status=SendStatus(row["status"]) if row["status"] else None,
        reason=row["reason"],
        late=bool(row["late"]),
        reply_to=row["reply_to"],
        thread=row["thread"],
        to_me=bool(row["only_for"]),
        reactions=reactions,
        attachments=files,
        ballot=msgspec.json.decode(row["ballot"], type=page.BallotNote) if row["ballot"] else None,
    )


def _author(row: Any, viewer: str) -> page.Author:
    is_bridge = row["platform"] == BRIDGE and not row["user_id"]
    return page.Author(
        name=row["name"],
        platform="" if is_bridge else row["platform"],
        user_id=row["user_id"],
        address=row["address"],
        me=row["platform"] == WEB and row["user_id"] == viewer,
        bridge=is_bridge,
    )


def _reactions(tx: Tx, ids: list[str], viewer: str) -> defaultdict[str, list[page.ReactionCount]]:
    given: defaultdict[str, dict[str, list[tuple[str, str]]]] = defaultdict(dict)
    for row in _of(tx, "reactions", ids, "rowid"):
        given[row["message_id"]].setdefault(row["key"], []).append((row["user_id"], row["name"]))
    found: defaultdict[str, list[page.ReactionCount]] = defaultdict(list)
    for message_id, by_key in given.items():
        for key, people in by_key.items():
            names = [name for _, name in people[:MAX_NAMES]]
            mine = any(user_id == viewer for user_id, _ in people)
            found[message_id].append(page.ReactionCount(key, len(people), names, mine))
    return found


def _files(tx: Tx, ids: list[str]) -> defaultdict[str, list[page.File]]:
    found: defaultdict[str, list[page.File]] = defaultdict(list)
    for row in _of(tx, "files", ids, "number"):
        file = page.File(row["name"], f"/api/files/{row['id']}", row["size"], row["media_type"])
        found[row["message_id"]].append(file)
    return found


def _of(tx: Tx, table: str, ids: list[str], order: str) -> list[Any]:
    marks = ", ".join("?" * len(ids))
    sql = f"SELECT * FROM {table} WHERE message_id IN ({marks}) ORDER BY {order}"  # noqa: S608
    return tx.execute(sql, ids).fetchall()
