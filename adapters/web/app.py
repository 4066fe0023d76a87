"""The ASGI application: which path is answered by whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from adapters.web import linking, live, reading, seed, signing_in
from adapters.web.errors import PageError
from adapters.web.frames import http
from adapters.web.guard import Guard, error_response, same_origin
from adapters.web.hub import UNAUTHORISED
from adapters.web.page import Page
from adapters.web.requests import get, post

STATIC: Final = Path(__file__).parent / "static"
FORBIDDEN: Final = 4403
log = structlog.get_logger("web.http")


def make_app(page: Page) -> ASGIApp:
    """All routes of a page, behind its guard."""
    routes: list[BaseRoute] = [
        Route("/", _index),
        Mount("/static", _Static(directory=STATIC, check_dir=False)),
        Route("/healthz", reading.health),
        Route("/api/session", get(page, reading.session)),
        Route("/api/operator", get(page, reading.report)),
        Route("/api/rooms/{room}/messages", get(page, reading.room_messages)),
        Route("/api/files/{file}", get(page, reading.file)),
        Route("/api/sign-in", post(page, http.SignIn, signing_in.sign_in), methods=["POST"]),
        Route("/api/sign-out", post(page, http.SignOut, signing_in.sign_out), methods=["POST"]),
        Route("/api/name", post(page, http.Rename, signing_in.rename), methods=["POST"]),
        Route("/api/invitation/look", post(page, http.LookAtInvitation, signing_in.look), methods=["POST"]),
        Route("/api/invitation", post(page, http.AcceptInvitation, signing_in.accept), methods=["POST"]),
        Route("/api/invitations", post(page, http.Invite, signing_in.invite), methods=["POST"]),
        Route("/api/siwe/start", post(page, http.SiweStart, signing_in.siwe_start), methods=["POST"]),
        Route("/api/link/look", post(page, http.LookAtLink, linking.look), methods=["POST"]),
        Route("/api/link", post(page, http.FinishLink, linking.finish), methods=["POST"]),
        Route("/api/siwe", post(page, http.SiweFinish, signing_in.siwe_finish), methods=["POST"]),
        WebSocketRoute("/live", _live(page)),
    ]
    if page.config.seed_compatibility:
        routes += seed.routes(page)
    handlers = {HTTPException: _http_error, Exception: _fault}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), page.config, page.limits)


class _Static(StaticFiles):
    """The front end's files; a browser asks every time whether they changed."""

    def file_response(self, *arguments: object, **more: object) -> Response:
        response = super().file_response(*arguments, **more)  # type: ignore[arg-type]
        response.headers["cache-control"] = "no-cache"
        return response


async def _index(_request: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})


def _live(page: Page) -> Callable[[WebSocket], Awaitable[None]]:
    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        # Closed after accepting, because only then can a browser see the code.
        if not same_origin(page.config, socket.headers):
            await socket.close(FORBIDDEN)
            return
        session = await page.find_session(socket.cookies.get(page.cookie, ""))
        if session is None:
            await socket.close(UNAUTHORISED)
            return
        await live.serve(page, socket, session)

    return endpoint


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refusal = PageError("There is nothing here.", "not-found")
    refusal.status = error.status_code
    return error_response(refusal)


async def _fault(request: Request, error: Exception) -> Response:
    # The path only: a query or a body may hold what is nobody's business.
    log.error("a request failed", path=request.url.path[:100], error=type(error).__name__, exc_info=error)
    refusal = PageError("Something went wrong here. Please try again.", "internal")
    refusal.status = 500
    return error_response(refusal)
