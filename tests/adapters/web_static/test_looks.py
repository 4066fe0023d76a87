"""The main views: accessible (axe-core), without sideways scrolling, in both colour schemes and both widths.

With PAGE_PICTURES=<folder> each is also kept as a PNG.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.support import page_data
from tests.support.browser import NARROW, WIDE, Visit, Visitor
from tests.support.page_server import PageServer

REPORT: dict[str, Any] = {
    "name": "Harbour bridge",
    "version": "0.1.0",
    "started": time.time() - 86_400,
    "transport": "ok: 3 peers",
    "connected": True,
    "peers": [
        {
            "address": "/ip4/127.0.0.1/tcp/60001",
            "protocols": ["relay", "store"],
            "connected": True,
            "since": time.time(),
        },
        {"address": "/ip4/127.0.0.1/tcp/60002", "protocols": ["relay"], "connected": False, "since": None},
    ],
    "queues": {"outbound": 0, "deliveries_waiting": 2, "loop_lag": 0.0031},
    "failed_deliveries": [
        {
            "room": "matrix:!a:b",
            "attempts": 3,
            "next_attempt": time.time() + 60,
            "error": "failed: 502 from the server",
        }
    ],
    "errors": [],
    "versions": {"python": "3.11.2", "openmls": "0.6.0"},
}


def conversation(server: PageServer) -> None:
    """A room in which all kinds of messages stand."""
    start = time.time() * 1_000 - 3_600_000
    moments = iter(range(100))

    def say(text: str, who: str = "Bob", platform: str = "web", **fields: Any) -> dict[str, Any]:
        mine = who == "Alice"
        when = start + next(moments) * 240_000
        author = page_data.author(who, platform, me=mine)
        return server.add(text, **{"author": author, "time_ms": when, **fields})

    hello = say(
        "Morning all. The pilot boat leaves at 09:30, tide table: https://example.org/tides", "Carol", "discord"
    )
    say("Thanks! I will be there.", "Bob", "matrix", reply_to=hello["id"])
    say(
        "",
        "Bob",
        "matrix",
        html="<p>Bring <strong>two</strong> lines:</p><ul><li>20 m</li><li><code>35 m</code></li></ul>",
    )
    reaction = [{"key": "👍", "count": 3, "names": ["Bob", "Carol", "Dave"], "mine": True}]
    say(
        "Got them both on board.",
        "Alice",
        reactions=[*reaction, {"key": "🎉", "count": 1, "names": ["Bob"], "mine": False}],
    )
    say("And coffee.", "Alice", edited=True)
    say("Dave joined from the group.", "", author=page_data.author("", "", bridge=True))
    say("Hello from another bridge", "Dave", "group", late=True)
    say("", "Dave", "group", deleted=True)
    files = [
        {"name": "harbour-chart.pdf", "url": "/api/files/1", "size": 482_113, "media_type": "application/pdf"}
    ]
    say("The chart.", "Carol", "discord", attachments=files)
    note = {
        "number": 12,
        "question": ["Ban Dave (0xa4a4…a4a4): spam in the lobby"],
        "yes": 1,
        "no": 0,
        "voters": 4,
    }
    note |= {"deadline": time.time() + 90, "result": ""}
    bridge = page_data.author("", "", bridge=True)
    say("Vote 12: ban Dave? Answer with !vote 12 yes or !vote 12 no.", "", author=bridge, ballot=note)
    say("I would rather talk to them first.", "Alice", status="waiting", reason="a vote is open")


def voting(server: PageServer) -> None:
    conversation(server)
    server.group.update(state="voting", deadline=time.time() + 90, ballot=page_data.ballot(), waiting_chat=1)
    server.results = [page_data.result(11, passed=True), page_data.result(10, passed=False)]


def banned(server: PageServer) -> None:
    conversation(server)
    server.me["standing"].update(is_banned=True, is_member=False)
    server.me["accepts"] = False


def newcomer(server: PageServer) -> None:
    conversation(server)
    server.me["standing"].update(is_member=False, address="")


def signing(server: PageServer) -> None:
    conversation(server)
    payload = "0x" + b"Bind this wallet to the group harbour".hex()
    request = {"id": "r1", "purpose": "binding", "title": "Bind your wallet to the group harbour"}
    server.me["signings"] = [{**request, "method": "personal_sign", "payload": payload}]


def operating(server: PageServer) -> None:
    server.session["user"]["operator"] = True
    server.report = REPORT


VIEWS: list[tuple[str, Callable[[PageServer], None], str, str]] = [
    ("room", conversation, "", "The chart."),
    ("voting", voting, "", "I would rather talk to them first."),
    ("banned", banned, "", "You are banned from this group."),
    ("newcomer", newcomer, "", "You are not a member yet."),
    ("signing", signing, "", "The chart."),
    ("operator", operating, "#operator", "Failed deliveries"),
]
SHAPES: list[tuple[str, tuple[int, int], Literal["light", "dark"]]] = [
    ("light", WIDE, "light"),
    ("dark", WIDE, "dark"),
    ("narrow", NARROW, "light"),
]


async def check(visit: Visit, name: str) -> None:
    folder = os.environ.get("PAGE_PICTURES")
    if folder:
        await visit.picture(Path(folder) / f"{name}.png")
    assert await visit.violations() == []
    assert await visit.overflow() == 0


async def test_signing_in(page_server: PageServer, visit: Visitor) -> None:
    for shape, size, scheme in SHAPES:
        made = await visit(page_server.url, size=size, scheme=scheme)
        await made.page.get_by_role("button", name="Alice").wait_for()
        await check(made, f"sign-in-{shape}")


@pytest.mark.parametrize(("name", "script", "place", "sign"), VIEWS, ids=[name for name, *_ in VIEWS])
async def test_views(
    page_server: PageServer,
    visit: Visitor,
    name: str,
    script: Callable[[PageServer], None],
    place: str,
    sign: str,
) -> None:
    page_server.session = page_data.session(user=page_data.user())
    script(page_server)
    for shape, size, scheme in SHAPES:
        made = await visit(f"{page_server.url}/{place}", size=size, scheme=scheme)
        await made.page.get_by_text(sign, exact=True).first.wait_for()
        await check(made, f"{name}-{shape}")
        if size == NARROW and place == "":
            await made.page.get_by_role("group", name="View").get_by_role("button", name="Group").click()
            await made.page.get_by_role("heading", name="Members").wait_for()
            await check(made, f"{name}-group-{shape}")
