"""Accounts, passwords, sessions, invitations."""

from __future__ import annotations

import asyncio

import pytest

from adapters.web.passwords import Passwords
from bridge.model.ids import UserRef
from tests.support.pages import PASSWORD, RunningPage, cheap


async def test_an_invitation_opens_an_account_once(page: RunningPage) -> None:
    token = page.invitation("Ann", operator=True)
    browser = page.browser()
    before = await browser.session()
    assert (before["signed_in"], before["user"], before["rooms"]) == (False, None, [])
    assert (await browser.post("/api/invitation/look", {"token": token})).json() == {
        "name": "Ann",
        "operator": True,
    }
    answer = await browser.post("/api/invitation", {"token": token, "name": "Ann B", "password": PASSWORD})
    user = answer.json()["user"]
    assert (user["name"], user["kind"], user["operator"]) == ("Ann B", "hosted", True)
    assert user["address"] == "0x" + page.view.accounts[UserRef("web", user["user_id"])].hex()
    assert answer.json()["rooms"] == [{"id": "lobby", "group": "garden"}]
    again = await browser.post("/api/invitation", {"token": token, "name": "Eve", "password": PASSWORD})
    assert (again.status_code, again.json()["error"]) == (404, "no-invitation")


async def test_an_invitation_ends_after_two_weeks(page: RunningPage) -> None:
    token = page.invitation("Ann")
    page.clock.now += 15 * 86_400
    browser = page.browser()
    await browser.session()
    assert (await browser.post("/api/invitation/look", {"token": token})).status_code == 404


async def test_a_failed_account_does_not_use_the_invitation_up(page: RunningPage) -> None:
    await page.person("Ann")
    token, browser = page.invitation(), page.browser()
    await browser.session()
    for name, password, code in (
        ("a nn", PASSWORD, "name-taken"),
        ("a\u3164nn", PASSWORD, "name-taken"),
        ("an\U000e0041n", PASSWORD, "name-taken"),
        ("\u202e\u200b", PASSWORD, "bad-name"),
        ("\u3164\u2800", PASSWORD, "bad-name"),
        ("Ben", "short", "bad-password"),
        ("Ben", "x" * 300, "bad-password"),
    ):
        answer = await browser.post("/api/invitation", {"token": token, "name": name, "password": password})
        assert (answer.status_code, answer.json()["error"]) == (400, code)
    answer = await browser.post("/api/invitation", {"token": token, "name": "Ben", "password": PASSWORD})
    assert answer.status_code == 200


async def test_an_unknown_name_and_a_wrong_password_look_alike(page: RunningPage) -> None:
    await page.person("Ann")
    browser = page.browser()
    wrong = await browser.sign_in("Ann", "not the password")
    unknown = await browser.sign_in("Nobody", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert (await browser.sign_in(" ANN", PASSWORD)).status_code == 200


async def test_a_name_without_account_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = cheap()
    checked: list[str] = []
    await passwords.prepare()
    verify = passwords._verify

    def noted(stored: str, word: str) -> bool:
        checked.append(stored)
        return verify(stored, word)

    monkeypatch.setattr(passwords, "_verify", noted)
    stored = await passwords.hash(PASSWORD)
    assert await passwords.check(stored, PASSWORD)
    assert not await passwords.check(None, PASSWORD)
    assert not await passwords.check(None, "nobody has this password")
    assert len(checked) == 3
    await passwords.close()


def test_real_hashing_is_argon2id_at_the_librarys_cost() -> None:
    hasher = Passwords()._hasher
    assert (hasher.type.name, hasher.memory_cost) == ("ID", 65_536)


async def test_sign_in_is_limited_per_name_and_recovers(page: RunningPage) -> None:
    await page.person("Ann")
    browser = page.browser()
    answers = [(await browser.sign_in("Ann", "not the password")) for _ in range(7)]
    assert [each.status_code for each in answers] == [401] * 6 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert (await browser.sign_in("Ann", PASSWORD)).status_code == 429
    page.clock.now += 60
    assert (await browser.sign_in("Ann", PASSWORD)).status_code == 200


async def test_sign_in_is_limited_per_address(page: RunningPage) -> None:
    browser = page.browser()
    codes = [(await browser.sign_in(f"name{i}", "not the password")).status_code for i in range(21)]
    assert codes == [401] * 20 + [429]


async def test_a_session_is_a_strict_cookie_and_stored_hashed(page: RunningPage) -> None:
    browser = page.browser()
    token = page.invitation("Ann")
    await browser.session()
    answer = await browser.post("/api/invitation", {"token": token, "name": "Ann", "password": PASSWORD})
    cookie = next(each for each in answer.headers.get_list("set-cookie") if "demls_session" in each)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    secret = cookie.partition("=")[2].partition(";")[0]
    stored = b"".join(path.read_bytes() for path in page.folder.glob("page.db*"))
    for hidden in (secret, token, PASSWORD):
        assert hidden.encode() not in stored
    assert [path.stat().st_mode & 0o777 for path in page.folder.glob("page.db*")] == [0o600] * 3


async def test_a_session_ends(page: RunningPage) -> None:
    browser = await page.person("Ann")
    tab = page.tab(browser)
    await tab.until(lambda: bool(tab.frames))
    page.clock.now += 31 * 86_400
    assert not (await browser.session())["signed_in"]
    tab.enqueue("say", text="still here?")
    await tab.raw(next(iter(tab._outbox.values())))
    await tab.until(lambda: 4401 in tab.codes)
    assert page.inbox.texts == []


async def test_signing_out_closes_the_browsers_tabs_and_no_others(page: RunningPage) -> None:
    browser = await page.person("Ann")
    other = page.browser()
    assert (await other.sign_in("Ann", PASSWORD)).status_code == 200
    tab, kept = page.tab(browser), page.tab(other)
    await tab.until(lambda: bool(tab.frames))
    await kept.until(lambda: bool(kept.frames))
    await browser.session()
    assert not (await browser.post("/api/sign-out", {})).json()["signed_in"]
    await tab.until(lambda: 4401 in tab.codes)
    await kept.ask("say", text="I am still here")
    assert (await browser.http.get("/api/rooms/lobby/messages")).status_code == 401
    assert (await browser.post("/api/sign-out", {})).status_code == 401


async def test_a_name_is_changed_and_the_id_is_not(page: RunningPage) -> None:
    browser = await page.person("Ann")
    user_id = (await browser.session())["user"]["user_id"]
    answer = await browser.post("/api/name", {"name": "Anna  Bell\x00"})
    assert answer.json()["user"]["name"] == "Anna Bell"
    assert answer.json()["user"]["user_id"] == user_id
    await page.tab(browser).ask("say", text="hi")
    [message] = [await page.inbox.wait_for_text("hi")]
    assert (message.author.user_id, message.author.display_name) == (user_id, "Anna Bell")


async def test_operators_only(page: RunningPage) -> None:
    ann, ops = await page.person("Ann"), await page.person("Ops", operator=True)
    assert (await ann.http.get("/api/operator")).status_code == 403
    assert (await ann.post("/api/invitations", {"name": "x", "operator": False})).status_code == 403
    assert (await page.browser().http.get("/api/operator")).status_code == 401
    assert "queues" in (await ops.http.get("/api/operator")).json()
    link = (await ops.post("/api/invitations", {"name": "Cem", "operator": False})).json()["link"]
    assert link.startswith(f"{page.url}/#invitation=")
    offer = await ops.post("/api/invitation/look", {"token": link.partition("=")[2]})
    assert offer.json() == {"name": "Cem", "operator": False}


async def test_an_account_opens_later_when_the_bridge_cannot_now(page: RunningPage) -> None:
    page.view.refuse = "not now"
    browser = await page.person("Ann")
    assert (await browser.session())["user"]["address"] == ""
    page.view.refuse = ""
    tab = page.tab(browser)
    await tab.until(lambda: any(frame["type"] == "me" for frame in tab.frames))
    assert (await browser.session())["user"]["address"].startswith("0x")


async def test_many_hashes_at_once_are_refused_not_queued_for_ever() -> None:
    passwords = cheap()
    results = await asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(60)), return_exceptions=True)
    assert {type(each).__name__ for each in results} == {"str", "Busy"}
    await passwords.close()
