"""REST: every request passes here for authority, rate limits and faults, then goes to a rest_ module."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.support.servers.discord import (
    rest_commands,
    rest_guilds,
    rest_interactions,
    rest_messages,
    rest_moderation,
    rest_self,
    rest_webhooks,
)
from tests.support.servers.discord.call import Call, Handler, read_body
from tests.support.servers.discord.errors import ApiError, unauthorized
from tests.support.servers.discord.faults import Faults, HttpFault, When
from tests.support.servers.discord.interactions import Interactions
from tests.support.servers.discord.rates import Limiter, Refusal
from tests.support.servers.discord.sessions import reset
from tests.support.servers.discord.world import World

PREFIX = "/api/v10"
BY_TOKEN = ("/webhooks/{webhook_id}/{token}", "/interactions/")
"""Routes that a token in the path admits; all others need the bot's."""


class Api:
    """The REST side of the server."""

    def __init__(
        self,
        world: World,
        interactions: Interactions,
        limiter: Limiter,
        faults: Faults,
        failures: list[Exception],
    ) -> None:
        self._world = world
        self._interactions = interactions
        self._limiter = limiter
        self._faults = faults
        self._failures = failures
        self.requests: Counter[str] = Counter()
        """Requests acted on or refused, by "METHOD /route/{pattern}"."""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register all routes, and an answer for the unknown ones."""
        for module in (
            rest_self,
            rest_guilds,
            rest_moderation,
            rest_messages,
            rest_webhooks,
            rest_commands,
            rest_interactions,
        ):
            for method, path, handler in module.ROUTES:
                router.add_route(method, PREFIX + path, self._entry(method, path, handler))
        router.add_route("*", "/api/{rest:.*}", _not_found)

    def _entry(
        self, method: str, path: str, handler: Handler
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def enter(request: web.Request) -> web.Response:
            self.requests[f"{method} {path}"] += 1
            return await self._handle(request, method, path, handler)

        return enter

    async def _handle(self, request: web.Request, method: str, path: str, handler: Handler) -> web.Response:
        fault = self._faults.take_http(method, request.path)
        if fault and fault.when in (When.BEFORE, When.LIMIT, When.RESET_BEFORE):
            await request.read()  # an answer before the end of the body would be taken for a broken connection
            return self._faulty(request, fault)
        call = Call(self._world, self._interactions, request.match_info, request.query)
        by_token = any(path.startswith(each) for each in BY_TOKEN)
        headers: dict[str, str] = {}
        try:
            if not by_token:
                self._authorise(request)
            headers, refusal = self._admit(call, method, path, bot=not by_token)
            if refusal:
                await request.read()
                return _limited(refusal, headers)
            await read_body(request, call)
            body = await handler(call)
            answer = (
                _json(200, body, headers) if body is not None else web.Response(status=204, headers=headers)
            )
        except ApiError as error:
            answer = _json(error.status, error.body, headers)
        except Exception as error:
            self._failures.append(error)
            answer = _json(500, {"message": f"The local server failed: {error!r}", "code": 0}, headers)
        answer.headers["Via"] = "1.1 google"
        return self._faulty(request, fault) if fault else answer

    def _authorise(self, request: web.Request) -> None:
        given = request.headers.get("Authorization")
        if self._world.revoked or given != f"Bot {self._world.token}":
            raise unauthorized()

    def _admit(self, call: Call, method: str, path: str, *, bot: bool) -> tuple[dict[str, str], Refusal | None]:
        names = (
            ("guild_id", "channel_id", "webhook_id", "token")
            if not bot
            else ("guild_id", "channel_id", "webhook_id")
        )
        major = "+".join(call.params[name] for name in names if name in call.params)
        channel = 0
        if path == "/webhooks/{webhook_id}/{token}" and method == "POST":
            webhook = self._world.webhooks.get(call.id("webhook_id"))
            channel = webhook.channel_id if webhook else 0
        return self._limiter.admit(method, path, major, bot=bot, channel_id=channel)

    def _faulty(self, request: web.Request, fault: HttpFault) -> web.Response:
        if fault.when in (When.RESET_BEFORE, When.RESET_AFTER):
            reset(request)
            return web.Response()
        if fault.when is not When.LIMIT:
            return _json(fault.status, {"message": "Internal Server Error", "code": 0}, {"Via": "1.1 google"})
        via = {"Via": "1.1 google"} if fault.via else {}
        body: dict[str, Any] = {"message": "You are being rate limited.", "global": fault.is_global}
        if fault.retry_after is not None:
            body["retry_after"] = fault.retry_after
        return _json(429, body, via)


def _limited(refusal: Refusal, headers: dict[str, str]) -> web.Response:
    more = {
        "Via": "1.1 google",
        "Retry-After": str(int(refusal.retry_after) + 1),
        "X-RateLimit-Scope": refusal.scope,
    }
    if refusal.scope == "global":
        more["X-RateLimit-Global"] = "true"
    return _json(429, refusal.body(), headers | more)


def _json(status: int, body: Any, headers: dict[str, str]) -> web.Response:
    """JSON with the content type exactly so: discord.py reads the body as text when a charset follows."""
    data = json.dumps(body).encode()
    return web.Response(status=status, body=data, headers={**headers, "Content-Type": "application/json"})


async def _not_found(request: web.Request) -> web.Response:
    return _json(404, {"message": "404: Not Found", "code": 0}, {"Via": "1.1 google"})
