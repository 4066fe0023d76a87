"""GET /rooms and the WebSocket /ws of the first de-mls page, for its old front end.

Off unless a setting says otherwise, and on loopback only: the first frame carries a private key. Different
on purpose:

- nothing panics: a closed socket, a bad key, an odd frame end at most this socket, and what is refused is said
  with a `SYSTEM:` line instead of only in the server's log;
- `should_create` is read and ignored: the configuration says which groups there are; a group that is not
  linked to a room of the page is refused;
- a ballot that is open when the page connects is shown too, and nothing said in Waiting or Voting is lost;
- a browser may connect only from a page on this computer.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from adapters.web import accounts, messages, sessions
from adapters.web.addresses import hexed
from adapters.web.errors import BadRequest, PageError
from adapters.web.frames import seed as frames
from adapters.web.frames.bounds import read
from adapters.web.page import Page
from adapters.web.responses import Json
from adapters.web.seed_key import SeedKey
from adapters.web.seed_socket import SeedSocket
from bridge.model.view import ViewError

SESSION_SECONDS: Final = 86_400.0
MAX_FAULTS: Final = 20
log = structlog.get_logger("web.seed")


def routes(page: Page) -> list[BaseRoute]:
    """The two paths."""
    connected: list[str] = []

    async def rooms(_request: Request) -> Response:
        status = "Success!" if connected else "No rooms found yet!"
        # The old front end has an origin of its own; group names are all that it learns here.
        headers = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
        return Json(frames.Rooms(status, connected), media_type="text/plain", headers=headers)

    async def socket(web: WebSocket) -> None:
        await web.accept()
        if not _local(web.headers.get("origin", "")):
            await web.close(4403)
            return
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, KeyError):
            await _serve(page, web, connected)

    return [Route("/rooms", rooms), WebSocketRoute("/ws", socket)]


def _local(origin: str) -> bool:
    """Programs send no origin; a browser's must be a page of this computer."""
    return not origin or urlsplit(origin).hostname in {"localhost", "127.0.0.1", "::1"}


async def _serve(page: Page, web: WebSocket, connected: list[str]) -> None:
    """Connect frames until one is right, then the socket's life."""
    for _ in range(MAX_FAULTS):
        text = await web.receive_text()
        try:
            page.limits.frame.take("seed")
            key, group = _connect(text)
            room = await _room_of(page, group)
            live = await _open(page, web, key, room, group)
        except (PageError, ViewError) as error:
            # Never the frame itself: it holds the key.
            log.info("a connect frame was refused", error=str(error))
            await web.send_text(f"SYSTEM: {error}")
            continue
        if group not in connected:
            connected.append(group)
        await _live(page, live, key)
        return
    await web.close(1008)


async def _live(page: Page, live: SeedSocket, key: SeedKey) -> None:
    try:
        await live.serve()
    finally:
        key.forget()
        await page.database.do(lambda tx: sessions.end(tx, live.session))


def _connect(text: str) -> tuple[SeedKey, str]:
    frame = read(frames.CONNECT, text)
    return SeedKey(frame.eth_private_key), frame.group_id


async def _room_of(page: Page, group: str) -> str:
    """The page's room that is linked to this group."""
    for room in page.rooms():
        known = await page.hub.group(room)
        if known is not None and group in (known.name, known.full_name):
            return room
    raise BadRequest("No room of this bridge's page is linked to that group.")


async def _open(page: Page, web: WebSocket, key: SeedKey, room: str, group: str) -> SeedSocket:
    """The account of the key's wallet, and a session that lives as long as the socket."""
    address = hexed(key.address)
    account = await page.database.do(lambda tx: accounts.open_wallet(tx, address, "", page.clock()))
    account = await page.with_address(account)

    def work(tx: Any) -> tuple[bytes, bool]:
        token = sessions.begin(tx, address, page.clock(), SESSION_SECONDS)
        return accounts.hashed(token), messages.banned(tx, room, address) is not None

    session, banned = await page.database.do(work)
    if banned:
        await page.database.do(lambda tx: sessions.end(tx, session))
        raise BadRequest(f"You're removed from the group {group}")
    return SeedSocket(page, web, key, account.user_id, session, room, group)
