"""Fixtures for tests that look at the page in a real Chromium.

`visit` opens pages; each is a person of their own (own cookies, own storage). What a page must never do (a
dialog, a script error, a breach of the content security policy) fails the test at its end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    async_playwright,
    expect,
)

from tests.support.servers.chromium import FLAGS, find_chromium
from tests.support.servers.npm import AXE, unpacked
from tests.support.waiting import limit

NARROW: Final = (360, 740)
WIDE: Final = (1280, 800)
_HARMLESS: Final = ("Failed to load resource", "WebSocket connection to")
"""Beginnings of console errors that a lost server causes."""
_WATCH_CSP: Final = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


class Wallet(Protocol):
    """What stands behind an injected EIP-1193 provider. Raises WalletRefusal."""

    async def request(self, method: str, params: list[Any]) -> Any:
        """Answer a call with JSON types."""


class WalletRefusal(Exception):
    """The wallet says no; `code` as EIP-1193 numbers it (4001: the person refused)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(slots=True)
class Visit:
    """One person's page. `faults`: what the page must never do; empty it when a test provokes some."""

    page: Page
    context: BrowserContext
    faults: list[str] = field(default_factory=list)

    async def violations(self) -> list[str]:
        """Serious and critical findings of axe-core, each in a line."""
        await self.page.evaluate((unpacked(AXE) / "axe.min.js").read_text("utf-8"))
        found = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{finding['impact']} {finding['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
            for finding in found["violations"]
            if finding["impact"] in {"serious", "critical"}
            for node in finding["nodes"]
        ]

    async def overflow(self) -> int:
        """CSS pixels by which the document is wider than the window."""
        script = "document.scrollingElement.scrollWidth - window.innerWidth"
        return max(0, int(await self.page.evaluate(script)))

    async def picture(self, path: Path) -> None:
        """A PNG of what is in sight, without waiting animations."""
        path.parent.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=path, animations="disabled")


Visitor = Callable[..., Awaitable[Visit]]
"""`await visit(url, *, size=WIDE, scheme="light", wallet=None, announced=False, motion=False) -> Visit`.

`wallet` is injected as `window.ethereum`, or announces itself (EIP-6963) with `announced`."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """One headless Chromium for the test."""
    program = await asyncio.to_thread(find_chromium)
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        try:
            yield found
        finally:
            await found.close()


@pytest.fixture
async def visit(browser: Browser) -> AsyncIterator[Visitor]:
    """Opens pages (see `Visitor`); at the end each must be without faults."""
    patience = 1000 * await asyncio.to_thread(limit)  # Playwright counts milliseconds
    expect.set_options(timeout=patience)
    visits: list[Visit] = []

    async def open_page(
        url: str,
        *,
        size: tuple[int, int] = WIDE,
        scheme: Literal["light", "dark"] = "light",
        wallet: Wallet | None = None,
        announced: bool = False,
        motion: bool = False,
    ) -> Visit:
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="no-preference" if motion else "reduce",
            locale="en-GB",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(patience)
        await context.add_init_script(_WATCH_CSP)
        if wallet is not None:
            await _inject(context, wallet, announced)
        made = Visit(await context.new_page(), context)
        _watch(made)
        visits.append(made)
        await made.page.goto(url)
        return made

    yield open_page
    for made in visits:
        await made.context.close()
    assert not [fault for made in visits for fault in made.faults]


def _watch(visit: Visit) -> None:
    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_HARMLESS):
            visit.faults.append(f"console: {message.text}")

    async def asked(dialog: Dialog) -> None:
        visit.faults.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    visit.page.on("console", said)
    visit.page.on("pageerror", lambda error: visit.faults.append(f"script: {error}"))
    visit.page.on("dialog", asked)


async def _inject(context: BrowserContext, wallet: Wallet, announced: bool) -> None:
    """Give every page `window.ethereum`, or a provider that announces itself (EIP-6963)."""

    async def call(text: str) -> str:
        asked = json.loads(text)
        try:
            return json.dumps({"result": await wallet.request(asked["method"], asked.get("params") or [])})
        except WalletRefusal as refusal:
            return json.dumps({"code": refusal.code, "message": str(refusal)})

    await context.expose_function("testWallet", call)
    await context.add_init_script(_PROVIDER + (_ANNOUNCED if announced else "window.ethereum = testProvider;"))


_PROVIDER: Final = """
const testProvider = {request: async (call) => {
  const answer = JSON.parse(await window.testWallet(JSON.stringify(call)));
  if ("result" in answer) return answer.result;
  throw Object.assign(new Error(answer.message), {code: answer.code});
}};
"""
_ANNOUNCED: Final = """
const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", {detail: Object.freeze({
  info: {uuid: crypto.randomUUID(), name: "Test wallet", rdns: "test.wallet",
    icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>"},
  provider: testProvider,
})}));
window.addEventListener("eip6963:requestProvider", announce);
announce();
"""
