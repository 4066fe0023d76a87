"""In front of everything: the right host, the right origin, not too often, and headers for the browser."""

from __future__ import annotations

import ipaddress
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.config import WebConfig
from adapters.web.errors import Forbidden, PageError, TooMany
from adapters.web.frames.http import Refusal
from adapters.web.limits import Limits
from adapters.web.responses import Json

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS: Final = "max-age=31536000"


class Guard:
    """ASGI middleware around the whole page."""

    def __init__(self, app: ASGIApp, config: WebConfig, limits: Limits) -> None:
        self._app = app
        self._config = config
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with headers added to the answer."""
        if scope["type"] == "http":
            send = self._with_headers(send)
        try:
            self._check(scope)
        except PageError as error:
            await _refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if not host_allowed(self._config, headers.get("host", "")):
            # DNS rebinding: another site's name made to point here would be that site's origin.
            raise Forbidden("This page is not found under that name; set public_url to use it.", "host")
        self._limits.request.take(peer(self._config, scope))
        posts = scope["type"] == "http" and scope["method"] not in {"GET", "HEAD"}
        if posts and not same_origin(self._config, headers):
            raise Forbidden("This request comes from another page.", "origin")

    def _with_headers(self, send: Send) -> Send:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self._config.secure:
                    headers.setdefault("strict-transport-security", HSTS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        return sender


async def _refuse(error: PageError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4403})
        return
    await error_response(error)(scope, receive, send)


def error_response(error: PageError) -> Json:
    """A refusal as browsers get it."""
    headers = {"retry-after": str(max(1, round(error.after)))} if isinstance(error, TooMany) else None
    return Json(Refusal(error.code, str(error)), error.status, headers)


def hostname(host: str) -> str:
    """The name of a Host header, without port and brackets, in lower case; '' for nonsense."""
    if host.startswith("["):
        name, bracket, rest = host[1:].partition("]")
        return name.lower() if bracket and (not rest or rest.startswith(":")) else ""
    name, colon, port = host.partition(":")
    return "" if colon and not port.isdecimal() else name.lower()


def host_allowed(config: WebConfig, host: str) -> bool:
    """Whether the page may be asked for under this name: its own addresses, localhost, `public_url`.

    An IP address cannot be rebound; which ones are ours, listening on all, is not known.
    """
    name = hostname(host)
    if not name:
        return False
    if config.public_url and host.lower() == config.public_url.partition("://")[2]:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost"
    listen = ipaddress.ip_address(config.listen)
    return address.is_loopback or address == listen or listen.is_unspecified


def origin_of(config: WebConfig, host: str) -> str:
    """The origin that a browser has that asks for this host."""
    public = config.public_url
    return public if public and host.lower() == public.partition("://")[2] else f"http://{host.lower()}"


def same_origin(config: WebConfig, headers: Headers) -> bool:
    """Whether the Origin header is there, once, and that of this page."""
    origins, hosts = headers.getlist("origin"), headers.getlist("host")
    return len(origins) == len(hosts) == 1 and origins[0].lower() == origin_of(config, hosts[0])


def peer(config: WebConfig, scope: Scope) -> str:
    """Whose request it is, for rate limits: the peer, or whom a trusted proxy names (the last one it added)."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if address in config.trusted_proxies:
        forwarded = Headers(scope=scope).get("x-forwarded-for", "")
        return forwarded.rpartition(",")[2].strip()[:64] or address
    return address
