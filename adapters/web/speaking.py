"""What a person does in a room: stored, and offered to the bridge, in one transaction; harmless to repeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adapters.web import accounts, fields, messages, offers
from adapters.web.accounts import Account
from adapters.web.database import Tx
from adapters.web.errors import BadRequest, Busy, Forbidden, NotSignedIn
from adapters.web.fields import Fields
from adapters.web.messages import WEB
from adapters.web.page import Page
from adapters.web.text import clean_text, one_line
from bridge.model import command_text
from bridge.model.adapter import InboundDelete, InboundMessage, InboundReaction
from bridge.model.ids import RoomRef
from bridge.model.message import Author, Body
from bridge.model.view import GroupView

MAX_KEY: Final = 32
"""Characters of a reaction."""


@dataclass(frozen=True, slots=True)
class _Act:
    """Who does something, where and when."""

    account: Account
    room: RoomRef
    ref: str
    now_ms: int

    @property
    def author(self) -> Author:
        return Author(WEB, self.account.user_id, self.account.name)


def is_command(text: str, view: GroupView) -> bool:
    """Whether the bridge takes this text as a command."""
    return command_text.read(text, view.prefix, view.commands) is not None


def _asked_back(text: str, view: GroupView) -> None:
    """Nobody means `/jion` for the room: ask before it is sent. Raises BadRequest."""
    unknown = command_text.unknown_slash(text, view.prefix, view.commands)
    if unknown is not None:
        word, near = unknown
        meant = f" Did you mean /{near}?" if near else ""
        raise BadRequest(
            f"There is no command /{word}.{meant} To send it as text, write //{word} or begin with a space.",
            "unknown-command",
        )


async def act(page: Page, user_id: str, session: bytes, room: str, frame: Fields) -> None:
    """Do what a frame asks; when this returns it is durable. Raises PageError."""
    kind, ref, where = frame["type"], fields.ref(frame), page.room(room)
    page.limits.say.take(user_id)
    now_ms = int(page.clock() * 1000)

    def work(tx: Tx) -> None:
        account = _allowed(tx, user_id, session, room)
        if not messages.once(tx, ref, user_id, kind):
            return
        if offers.full(tx):
            raise Busy("The bridge does not take messages right now. Please try again later.")
        _WORK[kind](page, tx, _Act(account, where, ref, now_ms), frame)

    await page.database.do(work)
    page.courier.hurry()
    page.hub.changed(room)


def _allowed(tx: Tx, user_id: str, session: bytes, room: str) -> Account:
    account = accounts.by_id(tx, user_id)
    sql = "SELECT 1 FROM sessions WHERE token_hash = ? AND user_id = ?"
    if account is None or tx.execute(sql, (session, user_id)).fetchone() is None:
        raise NotSignedIn("You are signed out. Please sign in again.")
    if messages.banned(tx, room, user_id) is not None:
        raise Forbidden("You are banned from this room.", "banned")
    return account


def _say(page: Page, tx: Tx, act: _Act, frame: Fields) -> None:
    text = _text(page, frame)
    _asked_back(text, page.view)
    is_literal = text.startswith("//") and text[2:3].isalpha()
    reply_to = fields.text(frame, "reply_to", 64, default="")
    _speak(page, tx, act, text[is_literal:], reply_to, is_literal=is_literal)


def _vote(page: Page, tx: Tx, act: _Act, frame: Fields) -> None:
    word = "yes" if fields.flag(frame, "yes") else "no"
    _speak(page, tx, act, f"{page.view.prefix}vote {fields.whole(frame, 'ballot')} {word}", "")


def _speak(page: Page, tx: Tx, act: _Act, text: str, reply_to: str, *, is_literal: bool = False) -> None:
    account = act.account
    thread = ""
    if reply_to:
        thread = messages.visible(tx, reply_to, act.room.room_id, account.user_id)["thread"]
    said = messages.Said(
        ref=act.ref,
        room=act.room.room_id,
        user_id=account.user_id,
        name=account.name,
        address=account.address,
        text=text,
        time_ms=act.now_ms,
        reply_to=reply_to,
        thread=thread,
        only_for=account.user_id if is_command(text, page.view) and not is_literal else "",
    )
    messages.add(tx, said)
    event = InboundMessage(
        event_id=act.ref,
        room=act.room,
        author=act.author,
        body=Body(text),
        time_ms=act.now_ms,
        is_admin=account.operator,
        reply_to_event=reply_to,
        thread_event=thread,
        is_literal=is_literal,
    )
    offers.offer(tx, event)


def _edit(page: Page, tx: Tx, act: _Act, frame: Fields) -> None:
    text, target = _text(page, frame), fields.text(frame, "id", 64)
    if is_command(text, page.view):
        raise BadRequest("A message cannot become a command. Please type the command anew.")
    messages.edit(tx, target, act.room.room_id, act.account.user_id, text)
    event = InboundMessage(
        event_id=act.ref,
        room=act.room,
        author=act.author,
        body=Body(text),
        time_ms=act.now_ms,
        is_admin=act.account.operator,
        edits_event=target,
    )
    offers.offer(tx, event)


def _delete(_page: Page, tx: Tx, act: _Act, frame: Fields) -> None:
    target = fields.text(frame, "id", 64)
    messages.delete(tx, target, act.room.room_id, act.account.user_id)
    offers.offer(tx, InboundDelete(act.ref, act.room, act.author, target, act.now_ms))


def _react(_page: Page, tx: Tx, act: _Act, frame: Fields) -> None:
    target, key = _reaction(tx, act, frame)
    account = act.account
    if messages.react(tx, act.ref, target, key, account.user_id, account.name) == act.ref:
        offers.offer(tx, InboundReaction(act.ref, act.room, act.author, target, key, act.now_ms))


def _unreact(_page: Page, tx: Tx, act: _Act, frame: Fields) -> None:
    target, key = _reaction(tx, act, frame)
    event_id = messages.reaction(tx, target, key, act.account.user_id)
    if event_id and messages.unreact(tx, event_id):
        offers.offer(tx, InboundDelete(act.ref, act.room, act.author, event_id, act.now_ms))


def _reaction(tx: Tx, act: _Act, frame: Fields) -> tuple[str, str]:
    target = fields.text(frame, "id", 64)
    row = messages.visible(tx, target, act.room.room_id, act.account.user_id)
    if row["deleted"] or row["only_for"]:
        raise BadRequest("There is nothing here to react to.")
    return target, one_line(fields.text(frame, "key", 4 * MAX_KEY), MAX_KEY)


def _text(page: Page, frame: Fields) -> str:
    text = clean_text(fields.text(frame, "text", page.config.max_message_bytes)).strip("\n")
    if not text.strip():
        raise BadRequest("There is nothing to send.", "empty")
    return text


_WORK: Final = {
    "say": _say,
    "edit": _edit,
    "delete": _delete,
    "react": _react,
    "unreact": _unreact,
    "vote": _vote,
}
ACTIONS: Final = frozenset(_WORK)
"""Types of frames that `act` takes."""
