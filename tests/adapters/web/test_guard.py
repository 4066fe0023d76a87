"""Hosts, origins, CSRF tokens, sizes, headers: what a hostile page or program tries."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from adapters.web import app
from adapters.web.config import WebConfig
from adapters.web.frames import http
from adapters.web.guard import host_allowed, hostname, origin_of, peer
from tests.support.pages import RunningPage
from tests.support.waiting import limit

PUBLIC = "https://chat.example.org"


@pytest.mark.parametrize(
    ("settings", "host", "allowed"),
    [
        ({}, "127.0.0.1:8080", True),
        ({}, "localhost:8080", True),
        ({}, "LOCALHOST", True),
        ({}, "[::1]:8080", True),
        ({}, "evil.example:8080", False),
        ({}, "127.0.0.1.evil.example", False),
        ({}, "localhost.evil.example", False),
        ({}, "192.168.1.5:8080", False),
        ({}, "", False),
        ({}, "[::1", False),
        ({}, "localhost:80:80", False),
        ({}, "user@localhost", False),
        ({"listen": "0.0.0.0"}, "192.168.1.5:8080", True),
        ({"listen": "0.0.0.0"}, "evil.example:8080", False),
        ({"public_url": PUBLIC}, "chat.example.org", True),
        ({"public_url": PUBLIC}, "chat.example.org:8443", False),
    ],
)
def test_hosts(settings: dict[str, object], host: str, allowed: bool) -> None:
    assert host_allowed(WebConfig.model_validate(settings), host) is allowed


def test_origins_follow_the_host() -> None:
    config = WebConfig.model_validate({"public_url": PUBLIC})
    assert origin_of(config, "chat.example.org") == PUBLIC
    assert origin_of(config, "127.0.0.1:8080") == "http://127.0.0.1:8080"
    assert hostname("[FE80::1]:80") == "fe80::1"


def test_only_a_trusted_proxy_names_the_address() -> None:
    def asked(client: str) -> str:
        config = WebConfig.model_validate({"trusted_proxies": ["10.0.0.1"]})
        headers = [(b"x-forwarded-for", b"6.6.6.6, 7.7.7.7")]
        return peer(config, {"type": "http", "client": (client, 1), "headers": headers})

    assert asked("10.0.0.1") == "7.7.7.7"
    assert asked("10.0.0.2") == "10.0.0.2"


async def test_another_host_is_refused_everywhere(page: RunningPage) -> None:
    browser = page.browser()
    for path in ("/", "/healthz", "/api/session", "/static/app.js", "/rooms"):
        answer = await browser.http.get(path, headers={"host": "evil.example"})
        assert (answer.status_code, answer.json()["error"]) == (403, "host")
    with pytest.raises(InvalidStatus):
        await browser.open(host="evil.example")


async def test_posts_need_origin_and_token(page: RunningPage) -> None:
    browser = await page.person("Ann")
    stranger = page.browser()
    await stranger.session()
    body = {"name": "Ann 2"}
    refused = [
        await browser.post("/api/name", body, origin=""),
        await browser.post("/api/name", body, origin="http://evil.example"),
        await browser.post("/api/name", body, origin="null"),
        await browser.post("/api/name", body, x_csrf_token=""),
        await browser.post("/api/name", body, x_csrf_token="0" * 64),
        await browser.post("/api/name", body, x_csrf_token=stranger.csrf),
    ]
    assert [each.status_code for each in refused] == [403] * 6
    assert {each.json()["error"] for each in refused} == {"origin", "csrf"}
    assert (await browser.post("/api/name", body)).status_code == 200


async def test_sockets_need_origin_and_session(page: RunningPage) -> None:
    browser = await page.person("Ann")
    for headers, code in (
        ({"origin": "http://evil.example"}, 4403),
        ({"origin": ""}, 4403),
        ({"cookie": ""}, 4401),
        ({"cookie": f"demls_session_{page.settings['port']}={'x' * 43}"}, 4401),
    ):
        connection = await browser.open(**headers)
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert connection.close_code == code


async def test_bodies_are_bounded_and_objects(page: RunningPage) -> None:
    browser = page.browser()
    await browser.session()
    headers = {"origin": page.url, "x-csrf-token": browser.csrf, "content-type": "application/json"}
    for content, code in (
        (b"{", "not-json"),
        (b"[]", "bad-request"),
        (b"null", "bad-request"),
        (b'{"name": NaN, "password": "x"}', "not-json"),
        (b"[" * 60_000, "bad-request"),
        (b"\xff\xfe", "not-json"),
        (b'{"name": 1, "password": "x"}', "bad-request"),
        (b'{"name": "\\ud800", "password": "x"}', "not-json"),
        (json.dumps({"name": "x" * 300, "password": "x"}).encode(), "bad-request"),
        (b'{"name": "x", "password": "x", "more": 1}', "bad-request"),
        (b" " * 70_000, "too-large"),
    ):
        answer = await browser.http.post("/api/sign-in", content=content, headers=headers)
        assert (answer.json()["error"], answer.status_code // 100) == (code, 4)
    form = await browser.http.post(
        "/api/sign-in", content=b"{}", headers={**headers, "content-type": "text/plain"}
    )
    assert form.json()["error"] == "not-json"


def test_every_post_has_its_body_declared() -> None:
    """So that the front end's calls are checked against them."""
    source = Path(app.__file__).read_text("utf-8")
    posts = dict(re.findall(r'Route\("([^"]+)", post\(page, http\.(\w+),', source))
    assert posts == {path: body.__name__ for path, body in http.POSTS.items()}


async def test_every_answer_binds_the_browser(page: RunningPage) -> None:
    browser = page.browser()
    for path in ("/", "/api/session", "/nothing", "/static/../adapter.py", "/healthz"):
        answer = await browser.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers
    assert (await browser.http.get("/api/session")).headers["cache-control"] == "no-store"


async def test_nothing_outside_the_static_folder_is_served(page: RunningPage) -> None:
    for path in (
        "/static/../adapter.py",
        "/static/%2e%2e/adapter.py",
        "/static/..%2fadapter.py",
        "/static//etc/passwd",
    ):
        host, port = page.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=limit()) as raw:
            raw.setblocking(False)
            answer = await _raw(raw, f"/static/{path}", f"{host}:{port}")
        assert answer.startswith(b"HTTP/1.1 404")


async def _raw(raw: socket.socket, path: str, host: str) -> bytes:
    """Without a client that tidies the path."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(raw, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    return await loop.sock_recv(raw, 4_096)


async def test_errors_are_json(page: RunningPage) -> None:
    browser = page.browser()
    assert (await browser.http.get("/api/nothing")).json()["error"] == "not-found"
    assert (await browser.http.get("/api/sign-in")).status_code == 405
    assert (await browser.http.get("/api/rooms/lobby/messages")).json()["error"] == "not-signed-in"
    ann = await page.person("Ann")
    for path in ("/api/rooms/nowhere/messages", "/api/files/none"):
        assert (await ann.http.get(path)).status_code == 404
    for query in ("before=-1", "before=x", "limit=1e9", "before=" + "9" * 40):
        assert (await ann.http.get(f"/api/rooms/lobby/messages?{query}")).status_code == 400


async def test_requests_are_limited_per_address(page: RunningPage) -> None:
    browser = page.browser()
    codes = [(await browser.http.get("/healthz")).status_code for _ in range(410)]
    assert (codes.count(200), codes[-1]) == (400, 429)
    page.clock.now += 60
    assert (await browser.http.get("/healthz")).status_code == 200
