"""From what the bridge wants to say to the content of a Matrix event."""

from __future__ import annotations

import html
import json
import re
from typing import Any, Final

from adapters.matrix.fields import text
from bridge.model.adapter import Outgoing, Rejected
from bridge.model.message import Attachment, Author

MAX_CONTENT: Final = 60_000
"""Bytes of an event's content as JSON; an event of over 65,536 bytes with its envelope is refused."""
MAX_PLAIN: Final = 28_000
"""Bytes of text that always fit: JSON writes a quote, backslash or line end as two bytes."""
MAX_FILE_NAME: Final = 255
WAITING: Final = "⏳"
_HTML_FORMAT: Final = "org.matrix.custom.html"
_NOT_TXN: Final = re.compile(r"[^A-Za-z0-9._\-]")


def transaction_id(kind: str, key: str) -> str:
    """The transaction id of a delivery: the same key gives the same event, even after a crash.

    `kind` keeps a send and a later edit with the same key apart.
    """
    return f"{kind}.{_NOT_TXN.sub(lambda found: f'~{ord(found.group()):x}', key)}"


def message_content(message: Outgoing) -> dict[str, Any]:
    """The content of a m.room.message. Raises `Rejected` when it cannot be made small enough."""
    plain, markup = _texts(message)
    content: dict[str, Any] = {
        # A notice asks other bots not to answer; mirrored people are no bots.
        "msgtype": "m.text" if message.author else "m.notice",
        "body": plain,
        # Names in mirrored text must not ring anybody's bell.
        "m.mentions": {},
    }
    if markup:
        content |= {"format": _HTML_FORMAT, "formatted_body": markup}
    return _fitting(content | _relation(message))


def file_content(message: Outgoing, file: Attachment, address: str) -> dict[str, Any]:
    """The content that shows an uploaded file (`address`: mxc://…); its caption says whose it is."""
    kind = file.media_type.partition("/")[0]
    name = text(file.name, MAX_FILE_NAME) or "file"
    content: dict[str, Any] = {
        "msgtype": f"m.{kind}" if kind in {"image", "audio", "video"} else "m.file",
        "body": name,
        "filename": name,
        "url": address,
        "info": {"mimetype": file.media_type, "size": file.size},
        "m.mentions": {},
    }
    if message.author:
        author = _name(message.author)
        markup = f"<strong>{html.escape(author)}</strong>"
        content |= {"body": author, "format": _HTML_FORMAT, "formatted_body": markup}
    return content | _relation(message)


def without_thread(content: dict[str, Any]) -> dict[str, Any]:
    """The same as a reply: for a root that cannot have a thread, as it is itself part of one."""
    reply = content["m.relates_to"]["m.in_reply_to"]
    return content | {"m.relates_to": {"m.in_reply_to": reply}}


def _relation(message: Outgoing) -> dict[str, Any]:
    """What the message answers and the thread it belongs to, as `m.relates_to`."""
    reply, root = message.reply_to_event, message.thread_event
    if root:
        # Clients without threads show a reply to the root.
        fallback = {"is_falling_back": not reply, "m.in_reply_to": {"event_id": reply or root}}
        return {"m.relates_to": {"rel_type": "m.thread", "event_id": root, **fallback}}
    return {"m.relates_to": {"m.in_reply_to": {"event_id": reply}}} if reply else {}


def edit_content(message: Outgoing, event_id: str) -> dict[str, Any]:
    """The content that replaces `event_id`'s text. Raises `Rejected` when it is too large."""
    new = message_content(message)
    new.pop("m.relates_to", None)  # an edit cannot change what is replied to
    return _fitting(
        {
            "msgtype": new["msgtype"],
            # Shown only by clients that know no edits; shortened, as the text is in the event already.
            "body": f"* {new['body'][:200]}",
            "m.mentions": {},
            "m.new_content": new,
            "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
        }
    )


def reaction_content(event_id: str, reaction: str) -> dict[str, Any]:
    """The content of a m.reaction."""
    return {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": reaction}}


def _texts(message: Outgoing) -> tuple[str, str]:
    """Plain text and HTML ('' when plain text says it all) with the author's name in front."""
    plain = "\n".join([message.body.plain, *map(_line, message.attachments)]).strip("\n")
    markup = message.body.html
    if markup:
        markup += "".join(f"<br>{html.escape(_line(each))}" for each in message.attachments)
    if message.author:
        name = _name(message.author)
        markup = f"<strong>{html.escape(name)}</strong>: {markup or _escaped(plain)}"
        plain = f"{name}: {plain}"
    if message.waiting:
        plain, markup = f"{plain} {WAITING}", f"{markup} {WAITING}" if markup else ""
    return plain, markup


def _name(author: Author) -> str:
    return " ".join(author.display_name.split()) or author.user_id


def _escaped(plain: str) -> str:
    return html.escape(plain).replace("\n", "<br>")


def _line(file: Attachment) -> str:
    """A file that cannot be uploaded is named, not dropped."""
    return f"[{file.name} ({file.media_type}, {file.size} bytes): {file.reference}]"


def _fitting(content: dict[str, Any]) -> dict[str, Any]:
    """The content, without its HTML when only that makes it too large."""
    if _size(content) <= MAX_CONTENT:
        return content
    bare = {key: value for key, value in content.items() if key not in {"format", "formatted_body"}}
    if "m.new_content" in bare:
        new = bare["m.new_content"]
        bare["m.new_content"] = {k: v for k, v in new.items() if k not in {"format", "formatted_body"}}
    if _size(bare) > MAX_CONTENT:
        raise Rejected(f"the message is too long for Matrix (over {MAX_CONTENT} bytes); send it in parts")
    return bare


def _size(content: dict[str, Any]) -> int:
    return len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
