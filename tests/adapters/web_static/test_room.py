"""The room: messages and what is done with them, votes, the state machine, history."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from tests.support import page_data
from tests.support.browser import Visit
from tests.support.page_server import PageServer

Enter = Callable[..., Awaitable[Visit]]

UPPERMOST = """() => [...document.querySelectorAll(".message")]
  .map((one) => [one.innerText, one.getBoundingClientRect().top]).find(([, top]) => top > 100)"""
"""The first message in sight, and where it stands."""


async def test_messages_are_answered_edited_deleted_by_keyboard(page_server: PageServer, enter: Enter) -> None:
    page_server.add("from Bob")
    page_server.add("from me", author=page_data.author("Alice", me=True))
    visit = await enter()
    keyboard = visit.page.keyboard
    box = visit.page.get_by_label("Message or command")
    rows = visit.page.locator(".message")
    await rows.last.focus()
    await keyboard.press("e")
    await expect(box).to_have_value("from me")
    await box.fill("from me, corrected")
    await keyboard.press("Enter")
    await expect(rows.last.locator(".text")).to_have_text("from me, corrected")
    await expect(rows.last.locator(".marks")).to_have_text("edited")
    await rows.last.focus()
    await keyboard.press("ArrowUp")
    await keyboard.press("+")
    await keyboard.press("Enter")
    await expect(rows.first.locator(".reactions")).to_contain_text("👍")
    await rows.first.focus()
    await keyboard.press("r")
    await keyboard.type("an answer")
    await keyboard.press("Enter")
    await expect(rows.nth(2).locator(".quote")).to_contain_text("from Bob")
    await rows.nth(1).focus()
    await keyboard.press("Delete")
    await visit.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(rows.nth(1).locator(".text")).to_have_text("This message was deleted.")
    assert [frame["type"] for frame in page_server.said] == ["edit", "react", "say", "delete"]


async def test_a_vote_is_cast_and_the_tally_follows(page_server: PageServer, enter: Enter) -> None:
    visit = await enter()
    await page_server.push_group(state="voting", ballot=page_data.ballot())
    card = visit.page.get_by_role("region", name="Vote 12")
    await expect(card.locator(".counts")).to_have_text("1 yes0 no3 of 4 not voted")
    await expect(card.locator(".countdown")).to_have_text("1:30")
    await card.get_by_role("button", name="Vote yes on vote 12").click()
    await expect(card.get_by_role("button", name="Vote no on vote 12")).to_be_disabled()
    voted = page_data.ballot(yes=2, mine="yes", transaction="0x" + "ab" * 32)
    await page_server.push_group(ballot=voted)
    await expect(card.locator(".counts")).to_have_text("2 yes0 no2 of 4 not voted")
    await expect(card.get_by_text("You voted yes.")).to_be_visible()
    await expect(card.get_by_text("0x" + "ab" * 32)).to_be_visible()
    assert [(frame["name"], frame["arguments"]) for frame in page_server.said] == [
        ("vote", {"ballot": "12", "choice": "yes"})
    ]
    await page_server.push({"type": "results", "results": [page_data.result(12, passed=True)]})
    await page_server.push_group(ballot=None, state="working")
    await expect(card).to_have_count(0)
    await expect(visit.page.get_by_role("region", name="Results")).to_contain_text("passed")


async def test_controls_are_commands_and_ask_for_what_is_missing(page_server: PageServer, enter: Enter) -> None:
    visit = await enter()
    await visit.page.get_by_role("button", name="Propose to ban Dave").click()
    dialog = visit.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Dave")
    assert await visit.violations() == []
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_have_count(0)
    await visit.page.get_by_role("button", name="Propose to ban Dave").click()
    await dialog.get_by_label("the reason (optional)").fill(" spam ")
    await visit.page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await page_server.push_me(standing={**page_server.me["standing"], "is_member": False})
    await visit.page.get_by_role("button", name="Join", exact=True).click()
    await expect(visit.page.locator(".message")).to_have_count(0)
    given = [(frame["type"], frame["name"], frame["arguments"]) for frame in page_server.said]
    assert given == [
        ("command", "ban", {"member": page_data.PEOPLE["Dave"], "reason": "spam"}),
        ("command", "join", {}),
    ]


async def test_states_too_short_to_see_are_shown(page_server: PageServer, enter: Enter) -> None:
    visit = await enter(motion=True)
    await page_server.move("waiting", "changes queued", time.time() + 10)
    await page_server.move("voting", "start_voting", time.time() + 60)
    await page_server.move("working", "voted no")
    machine = visit.page.locator("svg.machine")
    for state in ("waiting", "voting", "working"):
        await expect(machine).to_have_attribute("data-state", state)
    moves = visit.page.get_by_role("list", name="Last changes of state").locator(".from-to")
    await expect(moves).to_have_text(["Voting→Working", "Waiting→Voting", "Working→Waiting"])


async def test_history_is_long_and_the_document_is_not(page_server: PageServer, enter: Enter) -> None:
    for number in range(1, 1_501):
        page_server.add(f"message {number}")
    visit = await enter()
    rows = visit.page.locator(".message")
    await expect(visit.page.get_by_text("message 1500", exact=True)).to_be_in_viewport()
    scroller = visit.page.locator(".scroller")
    for _ in range(60):
        await scroller.evaluate("(one) => { one.scrollTop = 0; }")
        await visit.page.wait_for_timeout(40)
        assert await rows.count() <= 240
        if await visit.page.get_by_text("message 1000", exact=True).count():
            break
    await expect(visit.page.get_by_text("message 1000", exact=True)).to_be_attached()
    numbers = [int(text.split()[1]) for text in await rows.locator(".text").all_inner_texts()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    before = page_server.revision
    page_server.add("news")
    await page_server.push_messages(before)
    await visit.page.get_by_role("button", name="1 new message").click()
    await expect(visit.page.get_by_text("news", exact=True)).to_be_in_viewport()


async def test_what_is_looked_at_does_not_move(page_server: PageServer, enter: Enter) -> None:
    for number in range(1, 301):
        page_server.add(f"message {number}")
    visit = await enter()
    await visit.page.get_by_text("message 300", exact=True).wait_for()
    await visit.page.locator(".scroller").evaluate("(one) => { one.scrollTop = 900; }")
    await visit.page.wait_for_timeout(300)
    name, top = await visit.page.evaluate(UPPERMOST)
    before = page_server.revision
    for number in range(301, 320):
        page_server.add(f"message {number}")
    await page_server.push_messages(before)
    await expect(visit.page.get_by_role("button", name="19 new messages")).to_be_visible()
    assert await visit.page.evaluate(UPPERMOST) == [name, top]


async def test_the_end_stays_in_sight_when_rows_grow(page_server: PageServer, enter: Enter) -> None:
    """A picture that loads, a vote's card that gets a result: nobody has left the end by that."""
    for number in range(1, 61):
        page_server.add(f"message {number}")
    visit = await enter()
    last = visit.page.get_by_text("message 60", exact=True)
    await expect(last).to_be_in_viewport()
    for height in (300, 500):
        await visit.page.locator(".message").last.evaluate(
            f"(row) => {{ row.style.minHeight = '{height}px'; row.style.alignItems = 'end'; }}"
        )
        # A scroll event in between, as the browser's own clamping causes.
        await visit.page.locator(".scroller").evaluate("(one) => one.dispatchEvent(new Event('scroll'))")
    await expect(last).to_be_in_viewport()
    before = page_server.revision
    page_server.add("news")
    await page_server.push_messages(before)
    await expect(visit.page.get_by_text("news", exact=True)).to_be_in_viewport()
    await expect(visit.page.locator(".jump")).to_have_count(0)


async def test_news_is_read_out(page_server: PageServer, enter: Enter) -> None:
    visit = await enter()
    before = page_server.revision
    page_server.add("first")
    page_server.add("second")
    await page_server.push_messages(before)
    region = visit.page.locator("#announcer")
    await expect(region).to_have_text("2 new messages. Last, Bob: second")
    await page_server.push_group(ballot=page_data.ballot(lines=["Ban Dave"]))
    await expect(region).to_have_text("A vote is open: Ban Dave")


async def test_joining_and_being_banned(page_server: PageServer, enter: Enter) -> None:
    page_server.me["standing"]["is_member"] = False
    visit = await enter()
    await visit.page.get_by_role("button", name="Join").click()
    await page_server.push_me(standing={**page_server.me["standing"], "is_banned": True}, accepts=False)
    await expect(visit.page.get_by_role("alert")).to_contain_text("You are banned from this group.")
    await expect(visit.page.get_by_label("Message or command")).to_have_count(0)


async def test_the_full_name_is_copied(page_server: PageServer, enter: Enter) -> None:
    visit = await enter()
    await visit.page.get_by_role("button", name="Copy full name").click()
    await expect(visit.page.get_by_text("Full name copied.").first).to_be_visible()
    assert await visit.page.evaluate("navigator.clipboard.readText()") == page_server.group["full_name"]
