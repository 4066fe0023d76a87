"""What a person does in a room: stored, and offered to the bridge, in one transaction; harmless to repeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adapters.web import accounts, messages, outbox
from adapters.web.accounts import Account
from adapters.web.database import Tx
from adapters.web.errors import BadRequest, Busy, Forbidden, NotSignedIn, TooLarge
from adapters.web.frames.browser import Act, Command, Delete, Edit, React, Say, Unreact
from adapters.web.messages import WEB
from adapters.web.page import Page
from bridge.model import command_text
from bridge.model.adapter import InboundCommand, InboundDelete, InboundMessage, InboundReaction
from bridge.model.commands import BadValue, Value, find
from bridge.model.ids import RoomRef
from bridge.model.message import Author, Body
from bridge.model.text import clean_body, one_line
from bridge.model.view import GroupView

MAX_KEY: Final = 32
"""Characters of a reaction."""


@dataclass(frozen=True, slots=True)
class _Deed:
    """Who does something, where and when."""

    page: Page
    tx: Tx
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


async def act(page: Page, user_id: str, session: bytes, room: str, frame: Act) -> None:
    """Do what a frame asks; when this returns it is durable. Raises PageError."""
    where = page.room(room)
    page.limits.say.take(user_id)
    now_ms = int(page.clock() * 1000)

    def work(tx: Tx) -> None:
        account = _allowed(tx, user_id, session, room)
        if not messages.once(tx, frame.ref, user_id, type(frame).__name__):
            return
        if outbox.full(tx):
            raise Busy("The bridge does not take messages right now. Please try again later.")
        _do(_Deed(page, tx, account, where, frame.ref, now_ms), frame)

    await page.database.do(work)
    page.outbox.hurry()
    page.hub.changed(room)


def _do(deed: _Deed, frame: Act) -> None:
    match frame:
        case Say():
            text = _text(deed, frame.text)
            _asked_back(text, deed.page.view)
            is_literal = text.startswith("//") and text[2:3].isalpha()
            _speak(deed, text[is_literal:], frame.reply_to, is_literal=is_literal)
        case Command():
            _command(deed, frame)
        case Edit():
            _edit(deed, frame)
        case Delete():
            messages.delete(deed.tx, frame.id, deed.room.room_id, deed.account.user_id)
            outbox.put(deed.tx, InboundDelete(deed.ref, deed.room, deed.author, frame.id, deed.now_ms))
        case React():
            _react(deed, frame)
        case Unreact():
            _unreact(deed, frame)


def _allowed(tx: Tx, user_id: str, session: bytes, room: str) -> Account:
    account = accounts.by_id(tx, user_id)
    sql = "SELECT 1 FROM sessions WHERE token_hash = ? AND user_id = ?"
    if account is None or tx.execute(sql, (session, user_id)).fetchone() is None:
        raise NotSignedIn("You are signed out. Please sign in again.")
    if messages.banned(tx, room, user_id) is not None:
        raise Forbidden("You are banned from this room.", "banned")
    return account


def _speak(deed: _Deed, text: str, reply_to: str, *, is_literal: bool = False) -> None:
    account = deed.account
    thread = ""
    if reply_to:
        thread = messages.visible(deed.tx, reply_to, deed.room.room_id, account.user_id)["thread"]
    said = messages.Said(
        ref=deed.ref,
        room=deed.room.room_id,
        user_id=account.user_id,
        name=account.name,
        address=account.address,
        text=text,
        time_ms=deed.now_ms,
        reply_to=reply_to,
        thread=thread,
        only_for=account.user_id if is_command(text, deed.page.view) and not is_literal else "",
    )
    messages.add(deed.tx, said)
    event = InboundMessage(
        event_id=deed.ref,
        room=deed.room,
        author=deed.author,
        body=Body(text),
        time_ms=deed.now_ms,
        is_admin=account.operator,
        reply_to_event=reply_to,
        thread_event=thread,
        is_literal=is_literal,
    )
    outbox.put(deed.tx, event)


def _command(deed: _Deed, frame: Command) -> None:
    """A control never becomes text: the command goes to the bridge as it was declared."""
    spec = find(deed.page.view.commands, frame.name)
    if spec is None:
        raise BadRequest("There is no such command. Please load the page again.", "unknown-command")
    read = {each.name: each.read for each in spec.parameters}
    try:
        # What is not declared is left to `check`, which refuses it.
        given: dict[str, Value] = {
            name: read[name](text) if name in read else text for name, text in frame.arguments.items()
        }
        arguments = spec.check(given)
    except BadValue as error:
        raise BadRequest(f"This does not fit the command {spec.name}: {error}.") from error
    outbox.put(deed.tx, InboundCommand(deed.ref, deed.room, deed.author, spec.name, arguments, deed.now_ms))


def _edit(deed: _Deed, frame: Edit) -> None:
    text = _text(deed, frame.text)
    if is_command(text, deed.page.view):
        raise BadRequest("A message cannot become a command. Please type the command anew.")
    messages.edit(deed.tx, frame.id, deed.room.room_id, deed.account.user_id, text)
    event = InboundMessage(
        event_id=deed.ref,
        room=deed.room,
        author=deed.author,
        body=Body(text),
        time_ms=deed.now_ms,
        is_admin=deed.account.operator,
        edits_event=frame.id,
    )
    outbox.put(deed.tx, event)


def _react(deed: _Deed, frame: React) -> None:
    key, account = _reaction(deed, frame), deed.account
    if messages.react(deed.tx, deed.ref, frame.id, key, account.user_id, account.name) == deed.ref:
        event = InboundReaction(deed.ref, deed.room, deed.author, frame.id, key, deed.now_ms)
        outbox.put(deed.tx, event)


def _unreact(deed: _Deed, frame: Unreact) -> None:
    event_id = messages.reaction(deed.tx, frame.id, _reaction(deed, frame), deed.account.user_id)
    if event_id and messages.unreact(deed.tx, event_id):
        outbox.put(deed.tx, InboundDelete(deed.ref, deed.room, deed.author, event_id, deed.now_ms))


def _reaction(deed: _Deed, frame: React | Unreact) -> str:
    row = messages.visible(deed.tx, frame.id, deed.room.room_id, deed.account.user_id)
    if row["deleted"] or row["only_for"]:
        raise BadRequest("There is nothing here to react to.")
    return one_line(frame.key, MAX_KEY)


def _text(deed: _Deed, text: str) -> str:
    limit = deed.page.config.max_message_bytes
    if len(text.encode()) > limit:
        raise TooLarge(f"This is too long: at most {limit} bytes.")
    cleaned = clean_body(text).strip("\n")
    if not cleaned.strip():
        raise BadRequest("There is nothing to send.", "empty")
    return cleaned
