"""Messages as a browser gets them: pages of history, and what changed since a revision."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.web.database import Tx
from adapters.web.messages import BRIDGE, WEB, banned, revision

PAGE: Final = 100
"""Messages in one answer or frame."""
RESET_BEYOND: Final = 1_000
"""Changes after which a browser that was away begins anew with the newest page."""
MAX_NAMES: Final = 20
"""Names listed under a reaction."""
_VISIBLE: Final = "room = ? AND only_for IN ('', ?) AND revision <= ?"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """`messages` ascending by revision, the newest of which is `revision`; `more`: ask again at once."""

    messages: list[Json]
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
    return Changes(to_json(tx, rows, viewer), rows[-1]["revision"] if more else max(top, after), more=more)


def before(tx: Tx, room: str, viewer: str, position: int, limit: int) -> tuple[list[Json], bool]:
    """Messages before a position, ascending, and whether there are older ones."""
    sql = f"SELECT * FROM messages WHERE {_VISIBLE} AND position < ? ORDER BY position DESC LIMIT ?"  # noqa: S608
    rows = tx.execute(sql, (room, viewer, _top(tx, room, viewer), position, limit + 1)).fetchall()
    return to_json(tx, rows[:limit][::-1], viewer), len(rows) > limit


def _newest(tx: Tx, room: str, viewer: str, top: int) -> Changes:
    messages, _ = before(tx, room, viewer, 2**62, PAGE)
    return Changes(sorted(messages, key=lambda each: int(each["revision"])), top, reset=True)


def _top(tx: Tx, room: str, viewer: str) -> int:
    out = banned(tx, room, viewer)
    return revision(tx, room) if out is None else out[0]


def _count(tx: Tx, room: str, viewer: str, after: int, top: int) -> int:
    sql = f"SELECT 1 FROM messages WHERE {_VISIBLE} AND revision > ? LIMIT ?"  # noqa: S608
    counted = f"SELECT count(*) FROM ({sql})"  # noqa: S608
    return int(tx.execute(counted, (room, viewer, top, after, RESET_BEYOND + 1)).fetchone()[0])


def to_json(tx: Tx, rows: Sequence[Any], viewer: str) -> list[Json]:
    """Rows of `messages` as the protocol's Message, seen by one person."""
    ids = [row["id"] for row in rows]
    reactions, files = _reactions(tx, ids, viewer), _files(tx, ids)
    return [_message(row, viewer, reactions[row["id"]], files[row["id"]]) for row in rows]


def _message(row: Any, viewer: str, reactions: list[Json], files: list[Json]) -> Json:
    is_bridge = row["platform"] == BRIDGE and not row["user_id"]
    author = {
        "name": row["name"],
        "platform": "" if is_bridge else row["platform"],
        "user_id": row["user_id"],
        "address": row["address"],
        "me": row["platform"] == WEB and row["user_id"] == viewer,
        "bridge": is_bridge,
    }
    copied = ("id", "position", "revision", "text", "html", "time_ms", "fate", "reason", "reply_to", "thread")
    return {
        **{key: row[key] for key in copied},
        "author": author,
        **{key: bool(row[key]) for key in ("edited", "deleted", "late")},
        "to_me": bool(row["only_for"]),
        "reactions": reactions,
        "attachments": files,
        "ballot": json.loads(row["ballot"]) if row["ballot"] else None,
    }


def _reactions(tx: Tx, ids: list[str], viewer: str) -> defaultdict[str, list[Json]]:
    found: defaultdict[str, dict[str, Json]] = defaultdict(dict)
    for row in _of(tx, "reactions", ids, "rowid"):
        entry = found[row["message_id"]].setdefault(
            row["key"], {"key": row["key"], "count": 0, "names": [], "mine": False}
        )
        entry["count"] += 1
        entry["mine"] |= row["user_id"] == viewer
        if len(entry["names"]) < MAX_NAMES:
            entry["names"].append(row["name"])
    return defaultdict(list, {key: list(entries.values()) for key, entries in found.items()})


def _files(tx: Tx, ids: list[str]) -> defaultdict[str, list[Json]]:
    found: defaultdict[str, list[Json]] = defaultdict(list)
    for row in _of(tx, "files", ids, "number"):
        entry = {key: row[key] for key in ("name", "size", "media_type")}
        found[row["message_id"]].append({**entry, "url": f"/api/files/{row['id']}"})
    return found


def _of(tx: Tx, table: str, ids: list[str], order: str) -> list[Any]:
    marks = ", ".join("?" * len(ids))
    sql = f"SELECT * FROM {table} WHERE message_id IN ({marks}) ORDER BY {order}"  # noqa: S608
    return tx.execute(sql, ids).fetchall()
