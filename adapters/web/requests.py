"""What every HTTP handler needs: who asks (cookie, session, CSRF token), the body, and answers to refusals."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from adapters.web import accounts, sessions
from adapters.web.errors import BadRequest, Forbidden, NotSignedIn, PageError, TooLarge
from adapters.web.frames.bounds import MAX_FRAME, Sent, read
from adapters.web.guard import error_response, origin_of, peer
from adapters.web.page import Page
from adapters.web.responses import Json
from adapters.web.sessions import Session

BODY_LIMIT: Final = 10.0
"""Seconds for sending a body of at most 64 KiB."""
log = structlog.get_logger("web.http")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. `token` is the cookie's that counts: the session's, else the one from before signing in."""

    token: str
    session: Session | None
    address: str
    origin: str

    @property
    def key(self) -> bytes:
        """What a sign-in by wallet is bound to."""
        return accounts.hashed(self.token)

    def __repr__(self) -> str:
        """Without the token."""
        return f"Visitor(session={self.session is not None}, address={self.address})"


Get = Callable[[Page, Request, Visitor], Awaitable[Response]]
Body = TypeVar("Body", bound=Sent)
Endpoint = Callable[[Request], Awaitable[Response]]


async def visitor_of(page: Page, request: Request) -> Visitor:
    """Who asks."""
    token = request.cookies.get(page.cookie, "")
    session = await page.find_session(token) if token else None
    if session is None:
        token = request.cookies.get(page.visit_cookie, "")
        token = token if sessions.plausible(token) else ""
    address = peer(page.config, request.scope)
    return Visitor(token, session, address, origin_of(page.config, request.headers.get("host", "")))


def get(page: Page, work: Get) -> Endpoint:
    """A handler that reads; with refusals answered."""

    async def endpoint(request: Request) -> Response:
        try:
            return await work(page, request, await visitor_of(page, request))
        except PageError as error:
            return error_response(error)

    return endpoint


def post(page: Page, body: type[Body], work: Callable[[Page, Visitor, Body], Awaitable[Response]]) -> Endpoint:
    """A handler that changes something: CSRF token, JSON body, with refusals answered."""
    decoder = msgspec.json.Decoder(body)

    async def endpoint(request: Request) -> Response:
        try:
            visitor = await visitor_of(page, request)
            given = request.headers.get("x-csrf-token", "").encode(errors="replace")
            expected = sessions.csrf_of(visitor.token).encode()
            if not visitor.token or not hmac.compare_digest(given, expected):
                raise Forbidden("The page is out of date. Please load it again.", "csrf")
            return await work(page, visitor, read(decoder, await _body(request)))
        except PageError as error:
            return error_response(error)

    return endpoint


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadRequest("The body must be application/json.", "not-json")
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_LIMIT):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MAX_FRAME:
                    raise TooLarge("That is too large.")
    except (TimeoutError, ClientDisconnect) as error:
        raise BadRequest("The request did not arrive whole.") from error
    return bytes(data)


def signed_in(visitor: Visitor) -> Session:
    """Their session. Raises NotSignedIn."""
    if visitor.session is None:
        raise NotSignedIn("Please sign in.")
    return visitor.session


def operator(visitor: Visitor) -> Session:
    """An operator's session. Raises NotSignedIn, Forbidden."""
    session = signed_in(visitor)
    if not session.account.operator:
        raise Forbidden("This is for operators.", "not-operator")
    return session


async def session_answer(
    page: Page, visitor: Visitor, change: Literal["in", "out"] | None = None, token: str = ""
) -> Response:
    """The answer of GET /api/session, with cookies: a new session (`token`), none, or a visit's."""
    session = visitor.session
    if change == "in":
        session = await page.find_session(token)
    elif change == "out" or not visitor.token:
        session, token = None, sessions.new_token()
    else:
        token = visitor.token
    response = Json(await page.session_answer(token, session))
    if change == "in":
        _set(response, page, page.cookie, token, int(page.config.session_days * 86_400))
        _drop(response, page, page.visit_cookie)
    elif session is None:
        _set(response, page, page.visit_cookie, token, None)
        if change == "out":
            _drop(response, page, page.cookie)
    return response


def _set(response: Response, page: Page, name: str, token: str, max_age: int | None) -> None:
    secure = page.config.secure
    response.set_cookie(name, token, max_age, path="/", secure=secure, httponly=True, samesite="strict")


def _drop(response: Response, page: Page, name: str) -> None:
    response.delete_cookie(name, path="/", secure=page.config.secure, httponly=True, samesite="strict")
