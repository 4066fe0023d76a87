"""Whatever a server sends, in whatever field: it stays text, runs nothing, and breaks nothing."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import expect

from bridge.model.text import safe_html
from tests.support import page_data
from tests.support.browser import Visit, Visitor
from tests.support.page_server import PageServer

Enter = Callable[..., Awaitable[Visit]]

CORPUS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=20>x</text></a></svg>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object>",
    "<embed src='data:text/html,<script>alert(1)</script>'>",
    "<a href='javascript:alert(1)'>click</a>",
    "<a href='JaVaScRiPt:alert(1)'>click</a>",
    "<a href='java\tscript:alert(1)'>click</a>",
    "<a href='&#106;avascript:alert(1)'>click</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>click</a>",
    "<a href='vbscript:msgbox(1)'>click</a>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<form action='javascript:alert(1)'><button>x</button></form>",
    "<button formaction='javascript:alert(1)'>x</button>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<style>@import 'javascript:alert(1)';*{background:red}</style>",
    "<link rel=stylesheet href='//evil.example/x.css'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href='//evil.example/'>",
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "<template><script>alert(1)</script></template>",
    "<p id=app>x</p><form id=forms name=app><input name=querySelector></form>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "${alert(1)}{{constructor.constructor('alert(1)')()}}",
    "javascript:alert(1)",
    "__proto__",
    "constructor",
    "\u202egnp.exe\u202c \u2066 \u200b\ufeff",
    "Z̴͍̾͐͑a̷̳͙͇͑̄l̸̙͌g̷̭̏o̵͚͑" * 20,
    "\x00\x01\x1b[31m\x7f",
    "𝕳𝖊𝖑𝖑𝖔 👩‍👩‍👧‍👦 \ud83d",
    "W" * 3_000,
    "%s%n%x {0} \\u003cscript\\u003e",
    "مرحبا بالعالم <b>قوي</b>",
]


def poisoned(text: str) -> dict[str, Any]:
    """A message with the text in every field."""
    number = CORPUS.index(text) + 1
    author = {"name": text, "platform": text, "user_id": text, "address": text, "me": False, "bridge": False}
    urls = (text, "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", f"/x/{text}")
    files = [{"name": text, "url": url, "size": 5, "media_type": "image/png"} for url in urls]
    note = {"number": number, "question": [text], "yes": 1, "no": 0, "voters": 2, "deadline": 0, "result": text}
    fields = {
        "reason": text,
        "status": "dropped",
        "late": True,
        "attachments": files,
        "ballot": note,
        "author": author,
    }
    reactions = [{"key": text, "count": 2, "names": [text], "mine": False}]
    return {**fields, "id": f"{number} {text}", "html": "", "reactions": reactions, "thread": text}


async def unharmed(visit: Visit) -> None:
    """Nothing ran, and only what the page itself draws stands in it."""
    page = visit.page
    foreign = "script:not([src]), iframe, object, embed, base, style, math, marquee, video, audio"
    assert await page.locator(f"body :is({foreign}, [onerror], [onload])").count() == 0
    links = await page.eval_on_selector_all("[href]", "all => all.map((one) => one.getAttribute('href'))")
    assert links
    assert not [link for link in links if not link.startswith(("/", "#", "http"))]
    pictures = await page.eval_on_selector_all("img", "all => all.map((one) => one.getAttribute('src'))")
    assert not [picture for picture in pictures if not picture.startswith("/") or picture.startswith("//")]
    assert await visit.overflow() == 0
    assert visit.faults == []


async def test_every_field_stays_text(page_server: PageServer, enter: Enter) -> None:
    for text in CORPUS:
        page_server.add(text, **poisoned(text))
    people = [
        page_data.member(text, address=f"{text}{number}", accounts=[text]) for number, text in enumerate(CORPUS)
    ]
    voters = [
        {"address": f"{n}{text}", "name": text, "vote": "yes", "me": False} for n, text in enumerate(CORPUS)
    ]
    ballot = page_data.ballot(lines=CORPUS, voters=voters, transaction=CORPUS[0], steward=CORPUS[1])
    words = {"name": CORPUS[0], "full_name": CORPUS[1], "transport": CORPUS[2], "chain": CORPUS[3]}
    page_server.group.update(members=people, ballot=ballot, **words)
    page_server.results = [
        page_data.result(number, passed=True, lines=[text, text], text=text)
        for number, text in enumerate(CORPUS, 1)
    ]
    page_server.me["signings"] = [
        {"id": text, "purpose": text, "title": text, "method": "personal_sign", "payload": text}
        for text in CORPUS[:5]
    ]
    visit = await enter()
    await expect(visit.page.locator(".message")).to_have_count(len(CORPUS))
    shown = await visit.page.locator(".message .text").all_inner_texts()
    assert shown[:6] == CORPUS[:6]
    await page_server.push({"type": "state", "old": "working", "new": "voting", "cause": CORPUS[0], "at_ms": 1})
    await expect(visit.page.locator(".trail .cause")).to_have_text(CORPUS[0])
    for button in ("!ban ", "!"):
        await visit.page.get_by_label("Message or command").fill(button)
        await visit.page.locator("[role=option]").first.wait_for()
    await unharmed(visit)


async def test_html_of_our_server_is_harmless(page_server: PageServer, enter: Enter) -> None:
    for text in CORPUS:
        page_server.add("plain", html=safe_html(f"<p>kept</p>{text}"))
    page_server.add("", html=safe_html("<p>the <b>end</b> <a href='https://example.org'>link</a></p>"))
    visit = await enter()
    await expect(visit.page.locator(".rich b").last).to_have_text("end")
    await unharmed(visit)


async def test_html_is_cleaned_a_second_time(page_server: PageServer, enter: Enter) -> None:
    """Even if the server's cleaning failed. The policy may then report what it blocked; nothing may run."""
    for text in CORPUS:
        page_server.add("plain", html=f"<p>kept {text}</p>")
    page_server.add("", html="<p>the <b>end</b> <a href='https://example.org'>link</a></p>")
    visit = await enter()
    await expect(visit.page.locator(".rich b").last).to_have_text("end")
    assert await visit.page.locator(".rich [id], .rich [class], .rich [style], .rich [name]").count() == 0
    assert await visit.page.locator(".rich a").last.get_attribute("rel") == "noopener noreferrer nofollow"
    assert not [
        fault for fault in visit.faults if "Content Security Policy" not in fault and "CSP:" not in fault
    ]
    visit.faults.clear()
    await unharmed(visit)


async def test_the_operators_report_stays_text(page_server: PageServer, visit: Visitor) -> None:
    page_server.session = page_data.session(user=page_data.user(operator=True))
    nested: Any = "deep"
    for _ in range(50):
        nested = {"deeper": nested}
    page_server.report = {text: text for text in CORPUS} | {
        "rows": [{text: text} for text in CORPUS],
        "nested": nested,
    }
    made = await visit(f"{page_server.url}/#operator")
    await made.page.get_by_role("heading", name="Rows").wait_for()
    await unharmed(made)


NONSENSE: list[Any] = [
    "no JSON",
    json.dumps(None),
    json.dumps([1, 2]),
    json.dumps({"type": "messages", "messages": "x"}),
    json.dumps(
        {"type": "messages", "messages": [None, 5, {"id": 7}, {"id": "a", "author": [], "reactions": {}}]}
    ),
    json.dumps(
        {"type": "messages", "messages": [{"id": "b", "time_ms": 1e300, "position": -5, "author": None}]}
    ),
    json.dumps({"type": "group", "group": None}),
    json.dumps(
        {
            "type": "group",
            "group": {"state": "dancing", "members": [3], "ballot": {"lines": 5}, "deadline": "x"},
        }
    ),
    json.dumps({"type": "results", "results": [[], {"closed_at": 1e300}]}),
    json.dumps({"type": "me"}),
    json.dumps({"type": "me", "standing": 4, "signings": [{}]}),
    json.dumps({"type": "state", "old": "a", "new": 9, "at_ms": "x"}),
    json.dumps({"type": "done", "ref": {}}),
    json.dumps({"type": "refused", "ref": 4}),
    json.dumps({"type": "__proto__"}),
    json.dumps({"type": "welcome", "room": "elsewhere", "revision": "x"}),
]


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
async def test_nonsense_does_not_stop_the_page(page_server: PageServer, enter: Enter, narrow: bool) -> None:
    visit = await enter(size=(360, 740) if narrow else (1280, 800))
    for frame in NONSENSE:
        await page_server.push_raw(frame)
    await page_server.push_group(**page_data.group())
    before = page_server.revision
    page_server.add("still here")
    await page_server.push_messages(before)
    await expect(visit.page.get_by_text("still here")).to_be_visible()
    assert await visit.overflow() == 0
