"""The front end against the real server of `adapters/web` (the bridge behind it is a window in memory)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from eth_account import Account
from playwright.async_api import expect

from bridge.model.view import LinkOffer
from tests.support.browser import NARROW, Visit, Visitor
from tests.support.browser_wallet import TestWallet
from tests.support.pages import RunningPage


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningPage]:
    made = RunningPage(tmp_path / "web")
    await made.start()
    try:
        yield made
    finally:
        await made.close()


async def invited(server: RunningPage, visit: Visitor, name: str) -> Visit:
    made = await visit(f"{server.url}/#invitation={server.invitation(name)}")
    await made.page.get_by_label("Password", exact=True).fill("correct horse battery")
    await made.page.get_by_role("button", name="Open account").click()
    await made.page.get_by_label("Message or command").wait_for()
    return made


async def say(visit: Visit, text: str) -> None:
    await visit.page.get_by_label("Message or command").fill(text)
    await visit.page.keyboard.press("Enter")


async def test_two_people_talk_through_an_outage(server: RunningPage, visit: Visitor) -> None:
    alice, bob = await invited(server, visit, "Alice"), await invited(server, visit, "Bob")
    await say(alice, "hello <b>Bob</b>")
    await expect(bob.page.locator(".message .text")).to_have_text(["hello <b>Bob</b>"])
    await server.stop()
    await expect(bob.page.locator(".banner")).to_contain_text("Connection lost")
    await say(bob, "kept")
    await server.start()
    for one in (alice, bob):
        await expect(one.page.locator(".message .text")).to_have_text(["hello <b>Bob</b>", "kept"])
        await expect(one.page.locator(".mark")).to_have_count(0)
    await bob.page.reload()
    await expect(bob.page.locator(".message .text")).to_have_text(["hello <b>Bob</b>", "kept"])
    await bob.page.locator(".message").first.focus()
    await bob.page.keyboard.press("+")
    await bob.page.keyboard.press("Enter")
    await expect(alice.page.locator(".reactions")).to_contain_text("👍")


async def test_a_wallet_signs_in(server: RunningPage, visit: Visitor) -> None:
    wallet = TestWallet()
    made = await visit(server.url, wallet=wallet, announced=True)
    await made.page.get_by_label("Name shown to others").fill("Ann")
    await made.page.get_by_role("button", name="Sign in with Test wallet").click()
    await made.page.get_by_role("button", name="Your account: Ann").click()
    await expect(made.page.locator("#person-menu code")).to_have_attribute("title", wallet.address)
    await made.page.get_by_role("button", name="Sign out").click()
    await made.page.get_by_role("button", name="Sign in", exact=True).wait_for()


async def test_a_wallet_is_put_behind_an_account(server: RunningPage, visit: Visitor) -> None:
    """The link that `!link` gives; no sign-in here, and none comes of it."""
    wallet, other = TestWallet(), TestWallet(Account.from_key(b"\x07" * 32))
    offer = LinkOffer("discord", "<b>Alice</b>", bytes.fromhex(wallet.address[2:]), "Sign\n\nthis text")
    server.view.offers["code-1"] = offer
    wrong = await visit(f"{server.url}/#link=code-1", wallet=other, announced=True)
    await wrong.page.get_by_role("button", name="Sign with Test wallet").click()
    await expect(wrong.page.get_by_role("alert")).to_contain_text("The wallet shows another account")
    made = await visit(f"{server.url}/#link=code-1", wallet=wallet, announced=True, size=NARROW)
    await expect(made.page.locator(".signed-text")).to_have_text("Sign\n\nthis text")
    await expect(made.page.locator("main")).to_contain_text("behind the discord account of <b>Alice</b>?")
    assert "code-1" not in made.page.url
    assert await made.violations() == []
    assert await made.overflow() == 0
    await made.page.get_by_role("button", name="Sign with Test wallet").click()
    await expect(made.page.get_by_role("status")).to_contain_text("Your own wallet stands behind your account")
    assert server.view.offers == {}
    await made.page.get_by_role("button", name="To the sign-in").click()
    await made.page.get_by_role("heading", name="or with your own wallet").wait_for()
    late = await visit(f"{server.url}/#link=code-1", wallet=wallet, announced=True)
    await expect(late.page.get_by_role("alert")).to_contain_text("No text waits for your signature.")
