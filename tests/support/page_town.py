"""Two bridges in two processes, a page each, and people who sit at them in a real Chromium."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Locator, expect

from tests.support.bridges import BridgeProcess
from tests.support.browser import Visit, Visitor
from tests.support.servers.common import free_port

CONFIG: Final = """
name = "{name}"

[waku]
node_port = 0
peer_addresses = {peers}

[[groups]]
name = "{group}"
create = {create}
rooms = [{{ platform = "web", room = "lobby" }}]
{policy}

[adapters.web]
port = {port}
demo_accounts = {accounts}
"""
POLICY: Final = """
service_members = ["{partner}"]
[groups.timing]
steward_epoch = 2
waiting = 2
voting = 45
commit = 5
"""
TRAIL: Final = """() => {
  window.trail = [];
  const look = () => {
    const state = document.querySelector("svg.machine")?.dataset.state;
    if (state && state !== window.trail.at(-1)) window.trail.push(state);
  };
  new MutationObserver(look).observe(document.body,
    { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
  look();
}"""
"""Writes down every state that the diagram shows, from now on."""


@dataclass
class PageTown:
    """client1 made the group, client2 is in it; `ports` of their pages."""

    bridges: tuple[BridgeProcess, BridgeProcess]
    ports: tuple[int, int]
    visit: Visitor

    def url(self, side: int) -> str:
        """Of a bridge's page."""
        return f"http://127.0.0.1:{self.ports[side]}"

    async def sits_down(self, name: str, side: int, scheme: str = "light") -> Person:
        """Somebody opens a bridge's page and signs in with the test account of their name."""
        return await sits_down(self.visit, self.url(side), name, scheme)


@dataclass
class Person:
    """Somebody at a page: everything they do, they do with what they see."""

    name: str
    visit: Visit

    def __post_init__(self) -> None:
        self.page = self.visit.page

    @property
    def texts(self) -> Locator:
        """The messages' texts, in order."""
        return self.page.locator(".message .text")

    async def signs_in(self) -> None:
        """With the test account of their name."""
        await self.page.locator(".test-accounts button", has_text=self.name).click()

    async def says(self, text: str) -> None:
        """Type it, press Enter."""
        await self.page.get_by_label("Message or command").fill(text)
        await self.page.keyboard.press("Enter")

    async def bans(self, name: str) -> None:
        """Type `!ban name`; the first Enter takes the offered member, the second sends."""
        box = self.page.get_by_label("Message or command")
        await box.fill(f"!ban {name}")
        await self.page.get_by_role("option", name=name).wait_for()
        await self.page.keyboard.press("Enter")
        await expect(box).to_have_value(re.compile(r"!ban 0x[0-9a-f]{40}\s*"))
        await self.page.keyboard.press("Enter")

    async def reads(self, text: str, count: int = 1) -> None:
        """Wait until the text stands so many times on the page."""
        await expect(self.texts.get_by_text(text, exact=True)).to_have_count(count)

    async def joins(self) -> None:
        """Press Join."""
        await self.page.get_by_role("button", name="Join", exact=True).click()

    async def votes(self, choice: str) -> None:
        """Press YES or NO on the open vote, as soon as there is one."""
        await self.page.locator(f".panel .vote.is-{choice}").click()

    async def sees_people(self, count: int) -> None:
        """Wait until the members' list has so many besides the two bridges."""
        await expect(self.page.locator(".member")).to_have_count(2 + count)

    @asynccontextmanager
    async def signing(self) -> AsyncIterator[None]:
        """Whatever their wallet is asked meanwhile, they sign."""
        button = self.page.get_by_role("region", name="Your wallet is asked").get_by_role(
            "button", name="Sign in wallet"
        )

        async def sign() -> None:
            while True:
                await button.first.click()

        task = asyncio.create_task(sign())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def sees_vote(self) -> None:
        """Wait until a vote is open."""
        await self.page.locator(".panel .vote.is-yes").wait_for()

    async def sees_result(self, verdict: str, counts: str, number: int) -> Locator:
        """Wait until so many votes are over, and the last one went so; gives its row."""
        rows = self.page.locator("ol.results > li")
        await expect(rows).to_have_count(number)
        await expect(rows.first.locator(".verdict")).to_have_text(verdict)
        await expect(rows.first.locator(".result-counts")).to_have_text(counts)
        return rows.first

    async def watches_states(self) -> None:
        """Write down what the diagram shows from now on."""
        await self.page.locator("svg.machine[data-state=working]").wait_for(state="attached")
        await self.page.evaluate(TRAIL)

    async def trail(self) -> list[str]:
        """What the diagram has shown, once a vote is over.

        The steward's Waiting after a vote that passed ends as soon as the changes are applied, often before a
        frame is drawn: it is left out.
        """
        await self.page.wait_for_function("() => window.trail.lastIndexOf('working') > 2")
        seen = list(await self.page.evaluate("window.trail"))
        return [
            state
            for before, state in zip(["", *seen], seen, strict=False)
            if (before, state) != ("voting", "waiting")
        ]


async def sits_down(visit: Visitor, url: str, name: str, scheme: str = "light") -> Person:
    """Somebody opens a bridge's page and signs in with the test account of their name."""
    person = Person(name, await visit(url, scheme=scheme))
    await person.signs_in()
    await person.page.get_by_label("Message or command").wait_for()
    return person


@asynccontextmanager
async def page_town(folder: Path, visit: Visitor) -> AsyncIterator[PageTown]:
    """Both bridges up and in the group."""
    first, second = BridgeProcess(folder, "client1"), BridgeProcess(folder, "client2")
    ports = (free_port(), free_port())
    making = {"name": "client1", "peers": "[]", "group": "demo", "create": "true", "port": ports[0]}
    accounts = ('["Alice", "Carol"]', '["Bob"]')
    first.write(CONFIG.format(**making, policy="", accounts=accounts[0]))
    creator = first.address()
    joining = {"name": "client2", "group": f"demls:demo@{creator}", "create": "false", "port": ports[1]}
    second.write(CONFIG.format(**joining, peers="[]", policy="", accounts=accounts[1]))
    policy = POLICY.format(partner=second.address())
    first.write(CONFIG.format(**making, policy=policy, accounts=accounts[0]))
    try:
        first.start()
        report = await first.until(lambda report: bool(report.listening))
        peers = f'["{report.listening[0]}"]'
        second.write(CONFIG.format(**joining, peers=peers, policy="", accounts=accounts[1]))
        second.start()
        await second.until(lambda report: len(report.groups[0].members) == 2)
        yield PageTown((first, second), ports, visit)
    finally:
        first.kill()
        second.kill()


async def everybody(people: Sequence[Person], does: Callable[[Person], Awaitable[object]]) -> list[object]:
    """All at the same time."""
    return list(await asyncio.gather(*(does(person) for person in people)))
