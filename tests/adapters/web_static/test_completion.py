"""Completion of commands, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, expect

from tests.support import page_data
from tests.support.browser import Visit
from tests.support.page_server import PageServer

Enter = Callable[..., Awaitable[Visit]]


def box(visit: Visit) -> Locator:
    return visit.page.get_by_label("Message or command")


def labels(visit: Visit) -> Locator:
    return visit.page.locator("[role=option] .label")


async def test_a_ban_is_typed_with_arrows_and_enter(page_server: PageServer, enter: Enter) -> None:
    visit = await enter()
    await box(visit).press_sequentially("!b")
    await expect(labels(visit)).to_have_text(["!ban <member> [reason]"])
    await box(visit).press("Enter")
    await expect(box(visit)).to_have_value("!ban ")
    await expect(labels(visit)).to_have_text(["Harbour bridge", "Alice", "Bob", "Carol", "Dave"])
    await box(visit).press("ArrowUp")
    chosen = visit.page.locator("[role=option][aria-selected=true]")
    await expect(chosen).to_contain_text("Dave")
    await expect(box(visit)).to_have_attribute("aria-activedescendant", str(await chosen.get_attribute("id")))
    await box(visit).press("Tab")
    await box(visit).press_sequentially("spam")
    await expect(visit.page.locator("[role=listbox]")).to_have_count(0)
    await box(visit).press("Enter")
    await expect(box(visit)).to_have_value("")
    await expect(visit.page.locator(".message .text")).to_have_text(f"!ban {page_data.PEOPLE['Dave']} spam")
    assert [frame["text"] for frame in page_server.said] == [f"!ban {page_data.PEOPLE['Dave']} spam"]


async def test_the_box_is_a_combobox_only_while_it_has_a_list(enter: Enter) -> None:
    visit = await enter()
    await expect(box(visit)).not_to_have_attribute("role", "combobox")
    await box(visit).press_sequentially("!")
    await expect(visit.page.get_by_role("combobox", name="Message or command")).to_have_attribute(
        "aria-controls", "suggestions"
    )
    assert await visit.violations() == []
    await box(visit).press("Escape")
    await expect(visit.page.locator("[role=listbox]")).to_have_count(0)
    await expect(box(visit)).not_to_have_attribute("role", "combobox")
    await expect(box(visit)).to_have_value("!")


OFFERED: list[tuple[str, list[str]]] = [
    ("/b", ["/ban <member> [reason]"]),
    ("/vote ", ["12 yes", "12 no"]),
    ("!prop", ["!propose coordination waku|contract"]),
    ("!propose coordination c", ["contract"]),
    ("!ban matrix:@d", ["Dave"]),
    ("!ban 0xa3", ["Carol"]),
    ("!help v", ["vote"]),
    ("!vote ", ["12 yes", "12 no"]),
    ("!vote 12 n", ["12 no"]),
    ("!vote yes", []),
    ("!members", []),
    ("see !ban", []),
]


async def test_what_is_offered(page_server: PageServer, enter: Enter) -> None:
    page_server.group["ballot"] = page_data.ballot()
    visit = await enter()
    for typed, offered in OFFERED:
        await box(visit).fill("")
        await box(visit).press_sequentially(typed)
        await expect(labels(visit)).to_have_text(offered)


async def test_a_complete_command_is_sent_with_enter(page_server: PageServer, enter: Enter) -> None:
    visit = await enter()
    await box(visit).press_sequentially("!members")
    await box(visit).press("Enter")
    await expect(visit.page.locator(".message .text")).to_have_text("!members")
    assert [frame["text"] for frame in page_server.said] == ["!members"]
