"""The Matrix adapter: composes the parts.

Implements `Adapter`, `Edits`, `Deletes`, `Reacts`, `Enforces`, `Looks` and `Holds`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from nio import Api

from adapters.matrix.account import Account
from adapters.matrix.check import check_account
from adapters.matrix.config import MatrixConfig
from adapters.matrix.errors import MatrixRejected, TokenRevoked
from adapters.matrix.fields import identifier, text
from adapters.matrix.http import Built, MatrixHttp, new_backoff
from adapters.matrix.inbound import PLATFORM, Translator
from adapters.matrix.invites import Invites
from adapters.matrix.media import Media
from adapters.matrix.moderation import Moderation
from adapters.matrix.outbound import (
    MAX_PLAIN,
    edit_content,
    file_content,
    message_content,
    reaction_content,
    transaction_id,
    without_thread,
)
from adapters.matrix.people import People
from adapters.matrix.rooms import Rooms
from adapters.matrix.stream import Stream
from adapters.matrix.sync import SyncLoop
from bridge.model import command_text
from bridge.model.adapter import (
    AdapterHealth,
    Capabilities,
    DeliveryError,
    Inbox,
    Outgoing,
    Rejected,
    RetryLater,
)
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Attachment
from bridge.model.view import GroupView

T = TypeVar("T")

CAPABILITIES: Final = Capabilities(
    edit=True,
    delete=True,
    react=True,
    reply=True,
    html=True,
    enforce=True,
    thread=True,
    files=1,
    max_bytes=MAX_PLAIN,
)
MAX_REACTION_KEY: Final = 255
MAX_REASON: Final = 500
JOINING_SECONDS: Final = 2.0
"""When to come back while an invitation is being accepted."""


class MatrixAdapter:
    """One bot account on one homeserver."""

    platform = PLATFORM

    def __init__(self, config: MatrixConfig, state_dir: Path) -> None:
        self._config = config
        self._http = MatrixHttp(config.homeserver, config.user_id)
        self._account = Account(config, self._http, state_dir)
        self._rooms = Rooms(self._http)
        self._people = People(self._http)
        self._invites = Invites(self._http)
        self._moderation = Moderation(self._http, self._rooms, config.user_id)
        self._sync = SyncLoop(
            config.user_id,
            stream=Stream(self._http, config.timeline_limit),
            translator=Translator(self._rooms, self._people, config.notices, self._is_command),
            rooms=self._rooms,
            people=self._people,
            invites=self._invites,
        )
        self._backoff = new_backoff()
        self._quiet_until = 0.0
        """Loop time before which the homeserver asked us to send nothing (429)."""
        self._inbox: Inbox | None = None
        self._media = Media(self._http)
        self._view: GroupView | None = None

    async def start(self, inbox: Inbox) -> None:
        """Log in and find the position in the stream. Messages from now on will be received.

        Raises `RetryLater` when the homeserver cannot be reached (try again), else `Rejected`.
        """
        await self._account.open()
        await self._sync.begin(inbox)
        self._inbox = inbox

    async def run(self) -> None:
        """Receive until cancelled. Raises `Rejected` when the account is not accepted any more."""
        if self._inbox is None:
            raise DeliveryError("the Matrix adapter was not started")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receive(), name="matrix-sync")
                tasks.create_task(self._invites.run(self._inbox.linked), name="matrix-invites")
        except BaseExceptionGroup as group:
            # The first cause, plainly: the supervisor words it for the operator.
            raise group.exceptions[0] from group

    async def stop(self) -> None:
        """Close the connections. Idempotent."""
        await self._http.close()

    def describe(self, room: RoomRef) -> Capabilities:
        """The same for all Matrix rooms."""
        return CAPABILITIES

    def health(self) -> AdapterHealth:
        """State of the receiving side."""
        return self._sync.health

    @property
    def counts(self) -> dict[str, int]:
        """What became of events so far, `requests` made and `invites` that wait."""
        return {**self._sync.counts, "requests": self._http.requests, "invites": len(self._invites)}

    async def send(self, message: Outgoing) -> str:
        """Show a message; returns its event id. The same key gives the same event."""
        content = message_content(message)
        await self._ready(message.room)
        tx = transaction_id("m", message.key)
        if not message.body.plain.strip() and len(message.attachments) == 1:
            [file] = message.attachments
            address = await self._guarded(lambda: self._media.place(file, self._view), settles=False)
            content = file_content(message, file, address) if address else content
        try:
            return await self._put(message.room, "m.room.message", content, tx)
        except MatrixRejected:
            if not message.thread_event:
                raise
            # Threads do not nest: such a root refuses, and refused ids are free.
            return await self._put(message.room, "m.room.message", without_thread(content), tx)

    async def edit(self, message: Outgoing, event_id: str) -> str:
        """Replace the text of `event_id`; returns the id of the replacing event."""
        content = edit_content(message, event_id)
        await self._ready(message.room)
        return await self._put(message.room, "m.room.message", content, transaction_id("e", message.key))

    async def delete(self, room: RoomRef, event_id: str, key: str, reason: str) -> None:
        """Redact it; what is gone already is no error."""
        tx = transaction_id("d", key)
        try:
            await self._deliver(Api.room_redact("", room.room_id, event_id, tx, reason[:MAX_REASON]))
        except MatrixRejected as refusal:
            if refusal.code != "M_NOT_FOUND":
                raise

    async def react(self, room: RoomRef, event_id: str, reaction: str, key: str) -> str:
        """Add a reaction; '' when an equal one was there already."""
        content = reaction_content(event_id, text(reaction, MAX_REACTION_KEY))
        try:
            return await self._put(room, "m.reaction", content, transaction_id("r", key))
        except MatrixRejected as refusal:
            if refusal.code == "M_DUPLICATE_ANNOTATION":
                return ""
            raise

    async def ban(self, room: RoomRef, user: UserRef, reason: str) -> None:
        """Remove and keep out. Banning the banned is no error."""
        await self._guarded(lambda: self._moderation.ban(room.room_id, user.user_id, reason))

    async def unban(self, room: RoomRef, user: UserRef) -> None:
        """Lift a ban. Lifting none is no error."""
        await self._guarded(lambda: self._moderation.unban(room.room_id, user.user_id))

    def attach_view(self, view: GroupView) -> None:
        """Take the view, which reads other platforms' files and knows the commands."""
        self._view = view

    def _is_command(self, text: str) -> bool:
        view = self._view
        return view is not None and command_text.read(text, view.prefix, view.commands) is not None

    def holds(self, attachment: Attachment) -> bool:
        """Whether it is a file of Matrix."""
        return self._media.holds(attachment)

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """A Matrix file's content. Raises `DeliveryError`."""
        return await self._media.fetch(attachment, limit)

    async def check(self, rooms: Sequence[RoomRef]) -> list[str]:
        """Log in, look at every linked room; returns what is wrong and what to do about it."""
        try:
            await self._account.open()
            return await check_account(self._http, self._rooms, self._config.user_id, rooms)
        except DeliveryError as error:
            return [f"Matrix account {self._config.user_id} at {self._config.homeserver}: {error}."]

    async def _receive(self) -> None:
        """Run the sync loop; with a password, a revoked token is replaced once per success."""
        renewed_at = -1
        while True:
            try:
                await self._sync.run()
            except TokenRevoked:
                if self._sync.polls == renewed_at or not await self._account.renew():
                    raise
                renewed_at = self._sync.polls

    async def _ready(self, room: RoomRef) -> None:
        """Refuse what cannot go there now. In an encrypted room nothing may be said in the clear."""
        if self._invites.pending(room.room_id):
            raise RetryLater(f"the bot has not joined {room} yet", JOINING_SECONDS)
        if (await self._guarded(lambda: self._rooms.facts(room.room_id), settles=False)).encrypted:
            raise Rejected(f"{room} is encrypted and this adapter sends no encrypted messages")

    async def _put(self, room: RoomRef, kind: str, content: dict[str, Any], tx: str) -> str:
        """Send an event; returns its id."""
        answer = await self._deliver(Api.room_send("", room.room_id, kind, content, tx))
        event_id = identifier(answer.get("event_id"), "$")
        if not event_id:
            raise RetryLater("the homeserver's answer to a message has no event id")
        return event_id

    async def _deliver(self, built: Built) -> dict[str, Any]:
        return await self._guarded(lambda: self._http.call(built))

    async def _guarded(self, request: Callable[[], Awaitable[T]], settles: bool = True) -> T:
        """Perform one request of the sending side, unless the homeserver asked for quiet.

        Its rate limits count per account, so one room's 429 silences all. Every `RetryLater` that leaves
        here says when to come back. `settles`: a success ends the backoff (a look into a cache does not).
        """
        clock = asyncio.get_running_loop().time
        if (rest := self._quiet_until - clock()) > 0:
            raise RetryLater("the homeserver limits our rate", rest)
        try:
            answer = await request()
        except RetryLater as trouble:
            if trouble.after > 0:
                self._quiet_until = clock() + trouble.after
            raise RetryLater(str(trouble), self._backoff.failed(trouble.after)) from trouble
        except Rejected:
            self._backoff.succeeded()
            raise
        if settles:
            self._backoff.succeeded()
        return answer
