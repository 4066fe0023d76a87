"""The page, whole: two bridge processes, two pages, people in a real Chromium who click and type."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser import NARROW, WIDE, Visitor
from tests.support.browser_wallet import TestWallet
from tests.support.page_town import PageTown, Person, everybody, page_town
from tests.support.waiting import pause

OUTAGE_SECONDS = 10
XSS = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(2)">',
    '"><svg onload=alert(3)>',
    "[link](javascript:alert(4))",
    "<b>bold</b> &lt;i&gt;",
)


@pytest.fixture
async def town(tmp_path: Path, visit: Visitor) -> AsyncIterator[PageTown]:
    async with page_town(tmp_path, visit) as made:
        yield made


async def test_a_community_on_two_pages(town: PageTown) -> None:
    alice, bob = await town.sits_down("Alice", 0), await town.sits_down("Bob", 1)
    carol = await town.sits_down("Carol", 0, scheme="dark")
    await they_join(alice, carol, bob)
    await they_talk(alice, bob)
    await a_hostile_text_stays_text(bob, alice)
    await a_ban_that_fails(alice, carol, bob)
    await a_vote_that_nobody_answers(alice, carol, bob)
    await an_outage_loses_nothing(town, alice, bob)
    await a_ban_that_passes(alice, carol, bob)


async def they_join(alice: Person, carol: Person, bob: Person) -> None:
    """The first at once, the others by vote; a join is seen on both pages, states and all."""
    await alice.joins()
    await everybody((alice, bob), lambda person: person.sees_people(1))
    await carol.joins()
    await alice.votes("yes")
    await everybody((alice, bob), lambda person: person.sees_people(2))
    await everybody((alice, bob), Person.watches_states)
    await bob.joins()
    await everybody((alice, carol), lambda person: person.votes("yes"))
    await everybody((alice, bob), lambda person: person.sees_people(3))
    await went_through_a_vote(alice, bob)


async def they_talk(alice: Person, bob: Person) -> None:
    """Both ways, each exactly once, with the writer's name."""
    await alice.says("Hello from client1!")
    await bob.reads("Hello from client1!")
    await bob.says("Hello back from client2.")
    await alice.reads("Hello back from client2.")
    message = alice.page.locator(".message", has_text="Hello back from client2.")
    await expect(message.locator(".who")).to_contain_text("Bob")
    await expect(message.locator("time").first).to_be_attached()


async def a_hostile_text_stays_text(bob: Person, alice: Person) -> None:
    """What a page must never do would fail the test at its end (`visit`)."""
    for text in XSS:
        await bob.says(text)
        await alice.reads(text)


async def a_ban_that_fails(alice: Person, carol: Person, bob: Person) -> None:
    """Alice alone is for it; the room with the open vote is accessible, in light, dark and at 360 px."""
    await everybody((alice, bob), Person.watches_states)
    await alice.bans("Bob")
    await everybody((alice, carol, bob), Person.sees_vote)
    await alice.votes("yes")
    await expect(bob.page.locator(".panel .counts .is-yes").first).to_have_text("1 yes")
    assert await alice.visit.violations() == []
    assert await carol.visit.violations() == []
    await everybody((carol, bob), lambda person: person.votes("no"))
    for person in (alice, bob):
        await person.sees_result("failed", "1–2", number=3)
    await went_through_a_vote(alice, bob)
    await everybody((alice, bob), lambda person: person.sees_people(3))
    await carol.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert await carol.visit.overflow() == 0
    await carol.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})


async def a_vote_that_nobody_answers(alice: Person, carol: Person, bob: Person) -> None:
    """It ends by its deadline, and silence does not ban."""
    await everybody((alice, bob), Person.watches_states)
    await carol.bans("Bob")
    await everybody((alice, bob), Person.sees_vote)
    for person in (alice, bob):
        row = await person.sees_result("failed", "0–0", number=4)
        await row.locator("summary").click()
        await expect(row).to_contain_text("by its deadline")
    await went_through_a_vote(alice, bob)


async def an_outage_loses_nothing(town: PageTown, alice: Person, bob: Person) -> None:
    """Bob's bridge is killed for ten seconds; both go on typing, and reload afterwards."""
    bridge = town.bridges[1]
    bridge.kill()
    await expect(bob.page.locator(".banner")).to_contain_text("Connection lost")
    for i in range(3):
        await bob.says(f"from Bob in the outage {i}")
        await alice.says(f"from Alice in the outage {i}")
    await pause(OUTAGE_SECONDS)
    bridge.start()
    for person in (alice, bob):
        await all_of_both(person)
        await expect(person.page.locator(".mark")).to_have_count(0)
        await person.page.reload()
        await all_of_both(person)


async def all_of_both(person: Person) -> None:
    for writer in ("Alice", "Bob"):
        wanted = [f"from {writer} in the outage {i}" for i in range(3)]
        await expect(person.texts.filter(has_text=f"from {writer} in the outage")).to_have_text(wanted)


async def a_ban_that_passes(alice: Person, carol: Person, bob: Person) -> None:
    """Bob is out on both pages, sees it, and reads nothing that follows."""
    await everybody((alice, carol), Person.watches_states)
    await alice.bans("Bob")
    await everybody((alice, carol), lambda person: person.votes("yes"))
    await went_through_a_vote(alice, carol)
    await everybody((alice, carol), lambda person: person.sees_people(2))
    await alice.sees_result("passed", "2–0", number=5)
    # They are signed out and told why; when they come back they are told again.
    await expect(bob.page.locator("body")).to_contain_text("You are banned")
    await alice.says("said after the ban")
    await carol.reads("said after the ban")
    await bob.signs_in()
    await is_out(bob)
    await bob.page.reload()
    await is_out(bob)
    await bob.reads("said after the ban", 0)
    await bob.reads("Hello from client1!")


async def is_out(person: Person) -> None:
    alert = person.page.get_by_role("alert")
    await expect(alert).to_contain_text("You are banned from this group.")


async def went_through_a_vote(*people: Person) -> None:
    """The diagram of each has shown the whole way of a ballot."""
    for person in people:
        assert (await person.trail())[:4] == ["working", "waiting", "voting", "working"]


async def test_an_own_wallet_signs_in_joins_and_votes(town: PageTown) -> None:
    alice = await town.sits_down("Alice", 0)
    await alice.joins()
    await alice.sees_people(1)

    wallet = TestWallet()
    ann = Person("Ann", await town.visit(town.url(1), wallet=wallet, announced=True))
    await ann.page.get_by_label("Name shown to others").fill("Ann")
    await ann.page.get_by_role("button", name="Sign in with Test wallet").click()
    await ann.page.get_by_label("Message or command").wait_for()
    signed_in = wallet.asked.count("personal_sign")
    async with ann.signing():
        await ann.joins()
        await alice.votes("yes")
        await everybody((alice, ann), lambda person: person.sees_people(2))
    assert wallet.asked.count("personal_sign") > signed_in
    key = ann.page.locator(".member", has_text="Ann").locator(".member-more")
    await expect(key).to_contain_text("own key")
    assert wallet.address[2:6].lower() in (await key.inner_text()).lower()

    await alice.says("!propose voting 50")
    await everybody((alice, ann), Person.sees_vote)
    before = len(wallet.asked)
    async with ann.signing():
        await everybody((alice, ann), lambda person: person.votes("yes"))
        for person in (alice, ann):
            await person.sees_result("passed", "2–0", number=2)
    assert wallet.asked[before:].count("personal_sign") == 1
    await ann.says("signed by my own wallet")
    await alice.reads("signed by my own wallet")
