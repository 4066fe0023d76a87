"""One connected socket of the first de-mls page: its frames in, its frames and plain lines out."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from adapters.web import history, messages
from adapters.web.addresses import hexed, unhexed
from adapters.web.errors import BadRequest, PageError
from adapters.web.frames import seed as frames
from adapters.web.frames.bounds import read
from adapters.web.frames.browser import Act, Command, Say
from adapters.web.frames.page import Author
from adapters.web.page import Page
from adapters.web.seed_key import SeedKey
from adapters.web.speaking import act
from bridge.model.ethereum import checksummed
from bridge.model.ids import RoomRef, UserRef
from bridge.model.notices import BallotOpened, ChangeKind, ChangeNote, MembersChanged
from bridge.model.text import one_line
from bridge.model.view import News, ViewError

MAX_QUEUE: Final = 200
SEND_LIMIT: Final = 20.0
_END: Final = object()
log = structlog.get_logger("web.seed")


class SeedSocket:
    """A `hub.Follower` that speaks the seed's frames. Signs by itself what the person's wallet is asked."""

    def __init__(
        self, page: Page, web: WebSocket, key: SeedKey, user_id: str, session: bytes, room: str, group: str
    ) -> None:
        self.user_id = user_id
        self.session = session
        self.room = room
        self._page = page
        self._web = web
        self._key = key
        self._group = group
        self._ref = RoomRef(messages.WEB, room)
        self._lines: deque[str] = deque()
        self._wake = asyncio.Event()
        self._closed = asyncio.Event()
        self._end: tuple[int, str] | None = None
        self._changed = False
        self._asked = True
        self._after = 0
        self._position = 0

    # -- hub.Follower ----------------------------------------------------------------------------------------

    def mark(self, *what: str) -> None:
        """See `hub.Follower`."""
        self._changed |= "messages" in what
        self._asked |= "me" in what
        self._wake.set()

    def news(self, items: Sequence[News]) -> None:
        """Ballots, ban requests and the own removal, as the seed tells them."""
        for item in items:
            match item:
                case BallotOpened():
                    self._ballot(item.ballot_id, item.changes, item.voters)
                case MembersChanged() if self._key.address in item.banned + item.left:
                    self.end(1000, f"SYSTEM: You're removed from the group {self._group}")
                case _:
                    pass

    def end(self, code: int, text: str = "") -> None:
        """The first reason counts."""
        self._end = self._end or (code, text)
        self._wake.set()

    async def ended(self) -> None:
        """See `hub.Follower`."""
        await self._closed.wait()

    # -- life ------------------------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Until the socket is closed."""
        self._page.hub.add(self)
        reader: asyncio.Task[None] | None = None
        try:
            await self._begin()
            reader = asyncio.create_task(self._read())
            await self._write()
        finally:
            if reader is not None:
                reader.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await reader
            self._page.hub.remove(self)
            self._closed.set()

    async def _begin(self) -> None:
        """Only what is said from now on, as in the seed; and to connect is to ask to join."""
        database, room = self._page.database, self.room
        self._after, self._position = await database.do(lambda tx: messages.counters(tx, room))
        standing = await self._page.view.standing(self._ref, UserRef(messages.WEB, self.user_id))
        if not (standing.is_member or standing.is_joining):
            await self._act(Command(_ref(), "join", {}))
        group = await self._page.hub.group(self.room)
        if group is not None and group.ballot is not None:
            self._ballot(group.ballot.number, group.ballot.changes, group.ballot.voters)

    async def _read(self) -> None:
        try:
            while True:
                text = await self._web.receive_text()
                try:
                    self._page.limits.frame.take(self.user_id)
                    await self._take(text)
                except (PageError, ViewError) as error:
                    self._put(f"SYSTEM: {error}")
        except (WebSocketDisconnect, KeyError, RuntimeError):
            self.end(1000)
        except Exception as error:
            log.error("a socket failed", error=type(error).__name__)
            self.end(1011)

    async def _take(self, data: str) -> None:
        """In the seed's order of tests: a vote, then a message, else invalid."""
        kind = read(frames.KINDS, data)
        if kind.group_id != self._group:
            raise BadRequest("Invalid message")
        if kind.type == "user_vote":
            vote = read(frames.VOTES, data)
            word = "YES" if vote.vote else "NO"
            chosen = {"ballot": str(vote.proposal_id), "choice": word.lower()}
            await self._act(Command(_ref(), "vote", chosen))
            self._put(f"SYSTEM: Your vote ({word}) has been submitted for proposal {vote.proposal_id}")
            return
        text = read(frames.MESSAGES, data).message
        if text.startswith("/"):
            words = text.split()
            if words[0] != "/ban" or len(words) < 2:
                raise BadRequest("Invalid message")
            target = one_line(words[1].lower(), 100)
            await self._act(Command(_ref(), "ban", {"member": target}))
            self._put(f"system: Ban request for user {target} sent to group")
            return
        self._put(f"me: {text}")
        await self._act(Say(_ref(), text))

    async def _act(self, frame: Act) -> None:
        await act(self._page, self.user_id, self.session, self.room, frame)

    # -- out -------------------------------------------------------------------------------------------------

    def _put(self, line: str) -> None:
        if len(self._lines) >= MAX_QUEUE:
            self.end(1013)
            return
        self._lines.append(line)
        self._wake.set()

    def _ballot(self, number: int, changes: Sequence[ChangeNote], voters: Sequence[bytes]) -> None:
        for change in changes:
            if change.kind is ChangeKind.REMOVE and change.requester:
                who, whom = checksummed(change.requester), hexed(change.subject)
                self._put(f"SYSTEM: {who} wants to ban {whom}")
        if self._key.address not in voters:
            return
        payload = "".join(_payload(change) for change in changes)
        asked = frames.VotingProposal(frames.Proposal(number, self._group, payload))
        self._put(msgspec.json.encode(asked).decode())

    async def _write(self) -> None:
        try:
            while self._end is None:
                await self._wake.wait()
                self._wake.clear()
                if self._asked:
                    self._asked = False
                    await self._sign()
                if self._changed:
                    self._changed = False
                    await self._new_messages()
                while self._lines:
                    await self._send(self._lines.popleft())
            code, text = self._end
            if text:
                await self._send(text)
            await self._web.close(code)
        except (WebSocketDisconnect, RuntimeError):
            pass  # gone
        except TimeoutError:
            with contextlib.suppress(RuntimeError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._web.close(1013)

    async def _sign(self) -> None:
        """What the person's wallet is asked for follows from what they asked for: joining, voting."""
        for request in await self._page.view.signings(self._ref, self._key.address):
            try:
                signature = await asyncio.to_thread(self._key.sign, request)
                await self._page.view.sign(self._ref, request.request_id, signature)
            except (PageError, ViewError) as error:
                self._put(f"SYSTEM: {error}")

    async def _new_messages(self) -> None:
        """Each message once, when it is new: the seed knows no edits."""
        while True:
            after = self._after
            changes = await self._page.database.do(
                lambda tx, after=after: history.since(tx, self.room, self.user_id, after)  # type: ignore[misc]
            )
            self._after = changes.revision
            fresh = [each for each in changes.messages if each.position > self._position]
            for each in fresh:
                self._position = each.position
                if not each.author.me and not each.deleted:
                    self._put(f"{_sender(each.author)}: {each.text}")
            if not changes.more:
                return

    async def _send(self, text: str) -> None:
        async with asyncio.timeout(SEND_LIMIT):
            await self._web.send_text(text)


def _sender(author: Author) -> str:
    """The checksummed address of a member; the name of who has none; SYSTEM for the bridge."""
    if author.bridge:
        return "SYSTEM"
    return checksummed(unhexed(author.address)) if author.address else author.name


def _ref() -> str:
    return str(uuid.uuid4())


def _payload(change: ChangeNote) -> str:
    match change.kind:
        case ChangeKind.ADD:
            return f"Add Member: {hexed(change.subject)}\n"
        case ChangeKind.REMOVE:
            return f"Remove Member: {hexed(change.subject)}\n"
        case ChangeKind.POLICY:
            return "Change Policy\n"
