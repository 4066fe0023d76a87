"""Lost connections: nothing is lost, nothing is doubled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from tests.support.browser import Visit
from tests.support.page_server import PageServer

Enter = Callable[..., Awaitable[Visit]]


async def say(visit: Visit, text: str) -> None:
    box = visit.page.get_by_label("Message or command")
    await box.fill(text)
    await box.press("Enter")


async def test_an_outage_loses_and_doubles_nothing(page_server: PageServer, enter: Enter) -> None:
    page_server.add("before")
    visit = await enter()
    texts = visit.page.locator(".message .text")
    await expect(texts).to_have_text(["before"])
    await page_server.stop()
    await expect(visit.page.locator(".banner")).to_contain_text("Connection lost")
    await say(visit, "written in the dark")
    await say(visit, "and another")
    await expect(visit.page.locator(".mark")).to_have_text(["sending…", "sending…"])
    page_server.add("said elsewhere meanwhile")
    await page_server.start()
    wanted = ["before", "said elsewhere meanwhile", "written in the dark", "and another"]
    await expect(texts).to_have_text(wanted)
    await expect(visit.page.locator(".banner")).to_have_count(0)
    await expect(visit.page.locator(".mark")).to_have_count(0)
    assert [frame["text"] for frame in page_server.said] == wanted[2:]


async def test_what_was_taken_but_not_confirmed_is_sent_again_and_shown_once(
    page_server: PageServer, enter: Enter
) -> None:
    visit = await enter()
    page_server.deaf = True
    await say(visit, "once")
    await expect(visit.page.locator(".message .text")).to_have_text(["once"])
    page_server.deaf = False
    await expect(visit.page.locator(".mark")).to_have_count(0)
    await expect(visit.page.locator(".message .text")).to_have_text(["once"])
    assert len(page_server.said) >= 2
    assert len({frame["ref"] for frame in page_server.said}) == 1
    assert len(page_server.messages) == 1


async def test_a_reload_keeps_what_was_not_sent(page_server: PageServer, enter: Enter) -> None:
    visit = await enter()
    page_server.deaf = True
    page_server.refusals["say"] = "not now"  # so that nothing is stored
    await say(visit, "survives")
    await expect(visit.page.locator(".mark")).to_have_text("sending…")
    page_server.deaf = False
    page_server.refusals.clear()
    await visit.page.reload()
    await expect(visit.page.locator(".message .text")).to_have_text(["survives"])
    await expect(visit.page.locator(".mark")).to_have_count(0)
    assert len(page_server.messages) == 1


async def test_a_reset_begins_anew(page_server: PageServer, enter: Enter) -> None:
    page_server.add("old life")
    visit = await enter()
    await expect(visit.page.locator(".message .text")).to_have_text(["old life"])
    page_server.messages.clear()
    page_server.revision = 10
    page_server.add("new life")
    await page_server.drop()
    await expect(visit.page.locator(".message .text")).to_have_text(["new life"])


async def test_a_refused_message_comes_back(page_server: PageServer, enter: Enter) -> None:
    visit = await enter()
    page_server.refusals["say"] = "You write too fast: wait a moment."
    await say(visit, "hasty")
    await expect(visit.page.get_by_role("list", name="Not sent")).to_contain_text("You write too fast")
    assert await visit.violations() == []
    await visit.page.get_by_role("button", name="Edit", exact=True).click()
    await expect(visit.page.get_by_label("Message or command")).to_have_value("hasty")
    await expect(visit.page.get_by_role("list", name="Not sent")).to_have_count(0)


async def test_signed_out_elsewhere(page_server: PageServer, enter: Enter) -> None:
    visit = await enter()
    page_server.session = {**page_server.session, "signed_in": False, "user": None}
    await page_server.push({"type": "bye", "text": "You were signed out."})
    await expect(visit.page.get_by_role("alert")).to_contain_text("You were signed out.")
    await expect(visit.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
