"""Starting and stopping, the plugin, invitations, demo accounts, files, logs."""

from __future__ import annotations

import logging
import signal
from pathlib import Path

import pytest

from adapters.web import plugin
from adapters.web.adapter import WebAdapter
from adapters.web.config import WebConfig
from bridge.model.adapter import Rejected, RetryLater, SettingsError
from bridge.model.ids import RoomRef
from bridge.model.message import Attachment
from bridge.model.view import Invites, WantsView
from tests.adapters.web.test_live import note
from tests.support.memory_store import MemoryStore
from tests.support.pages import PASSWORD, ROOM, RunningPage, server_log


def test_the_plugin_makes_pages_and_invitations(tmp_path: Path) -> None:
    made = plugin.create(plugin.table.model_validate({}), tmp_path)
    assert isinstance(made, WebAdapter)
    assert isinstance(made, WantsView)
    assert isinstance(plugin, Invites)
    assert list(tmp_path.iterdir()) == []


async def test_an_invitation_before_the_first_start(tmp_path: Path) -> None:
    assert isinstance(plugin, Invites)
    link = await plugin.invite(WebConfig(), MemoryStore(), tmp_path / "web", "Ops", operator=True)
    assert link.startswith("http://127.0.0.1:8080/#invitation=")
    with pytest.raises(SettingsError, match="only while the bridge runs"):
        await plugin.invite(WebConfig(port=0), MemoryStore(), tmp_path / "web", "Ops", operator=True)
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError):
        await plugin.invite(WebConfig(), MemoryStore(), tmp_path / "file", "Ops", operator=True)


async def test_an_invitation_while_the_page_runs(page: RunningPage) -> None:
    assert isinstance(plugin, Invites)
    link = await plugin.invite(WebConfig(port=0), MemoryStore(), page.folder, "Ops", operator=True)
    url, _, token = link.partition("/#invitation=")
    assert url == page.url
    browser = page.browser()
    await browser.session()
    answer = await browser.post("/api/invitation", {"token": token, "name": "", "password": PASSWORD})
    assert (answer.json()["user"]["name"], answer.json()["user"]["operator"]) == ("Ops", True)


async def test_the_address_is_told(page: RunningPage) -> None:
    assert (page.folder / "url").read_text().strip() == page.url
    assert page.adapter.health().state == "ok"
    assert page.url in page.adapter.health().detail
    assert "0 connected, this computer only" in page.adapter.health().detail
    tab = page.tab(await page.person("Ann"))
    await tab.until(lambda: bool(tab.frames))
    assert "1 connected" in page.adapter.health().detail
    assert (await page.browser().session())["listens"] == "this computer only"
    await page.stop()
    await page.adapter.stop()
    assert not (page.folder / "url").exists()
    assert page.adapter.health().state == "down"
    with pytest.raises(RetryLater):
        await page.adapter.send(note("k"))
    await page.start()


async def test_a_port_that_is_taken_is_said(page: RunningPage, tmp_path: Path) -> None:
    other = RunningPage(tmp_path / "other", port=page.settings["port"])
    with pytest.raises(Rejected, match="cannot listen on"):
        await other.start()
    [problem] = await other.adapter.check([ROOM])
    assert "cannot listen" in problem
    assert await page.adapter.check([ROOM]) == []
    [problem] = await page.adapter.check([RoomRef("web", "hall")])
    assert '"hall"' in problem


async def test_a_page_without_window_or_folder_does_not_start(tmp_path: Path) -> None:
    made = RunningPage(tmp_path)
    (tmp_path / "file").touch()
    blocked = RunningPage(tmp_path / "file")
    with pytest.raises(Rejected, match="database"):
        await blocked.start()
    adapter = plugin.create(plugin.table.model_validate({"port": 0}), tmp_path)
    with pytest.raises(Rejected, match="view"):
        await adapter.start(made.inbox)


async def test_a_room_that_is_not_the_pages_is_refused(page: RunningPage) -> None:
    with pytest.raises(Rejected, match="rooms"):
        await page.adapter.ban(RoomRef("web", "hall"), note("k").author, "")  # type: ignore[arg-type]


async def test_demo_accounts_sign_in_with_the_passwords_that_are_shown(tmp_path: Path) -> None:
    page = RunningPage(tmp_path / "web", demo_accounts=["alice", "bob"])
    await page.start()
    try:
        shown = (await page.browser().session())["test_accounts"]
        assert [each["name"] for each in shown] == ["alice", "bob"]
        assert shown[0]["password"] != shown[1]["password"]
        stored = b"".join(path.read_bytes() for path in page.folder.glob("page.db*"))
        await page.stop()
        await page.start()
        for account in shown:
            assert account["password"].encode() not in stored
            assert (await page.browser().sign_in(**account)).status_code == 200
        assert (await page.browser().session())["test_accounts"] == shown
    finally:
        await page.close()


async def test_files_are_only_for_those_who_see_the_message(page: RunningPage) -> None:
    ann, ben = await page.person("Ann"), await page.person("Ben")
    me = (await ann.session())["user"]["user_id"]
    files = (
        Attachment("mxc://a/html", 'x"\r\n.html', "text/html", 3),
        Attachment("mxc://a/png", "p.png", "image/png", 3),
        Attachment("mxc://a/gone", "gone", "image/png", 3),
        Attachment("mxc://a/huge", "huge", "image/png", 2**40),
    )
    page.view.files = {each.reference: b"abc" for each in files if "gone" not in each.reference}
    await page.adapter.send(note("k", attachments=files, to_user=me))
    [message] = (await ann.http.get("/api/rooms/lobby/messages")).json()["messages"]
    urls = [each["url"] for each in message["attachments"]]
    answers = [await ann.http.get(url) for url in urls]
    assert [each.status_code for each in answers] == [200, 200, 404, 404]
    for answer, kind in zip(answers[:2], ("application/octet-stream", "image/png"), strict=True):
        assert answer.content == b"abc"
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
    assert (await ben.http.get(urls[0])).status_code == 404
    assert (await page.browser().http.get(urls[0])).status_code == 401


async def test_the_bridges_signal_handlers_and_logs_are_left_alone(
    page: RunningPage, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    await page.stop()
    await page.start()
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)] == handlers
    with caplog.at_level(logging.DEBUG):
        browser = await page.person("Ann")
        await page.tab(browser).ask("say", text="a private word")
        await browser.post("/api/sign-in", {"name": "Ann", "password": "a wrong password"})
    logged = server_log(caplog) + "".join(capsys.readouterr())
    for secret in ("a private word", PASSWORD, "a wrong password", browser.csrf):
        assert secret not in logged
    # A warning may come from a machine under load; what the server tells of itself and of requests may not.
    chatter = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("uvicorn") and record.levelno < logging.WARNING
    ]
    assert chatter == []


async def test_mirrored_reactions_and_their_removal(page: RunningPage) -> None:
    tab = page.tab(await page.person("Ann"))
    shown = await page.adapter.send(note("k"))
    event = await page.adapter.react(ROOM, shown, "👍", "r")
    await tab.until(lambda: shown in tab.messages and bool(tab.messages[shown]["reactions"]))
    await page.adapter.delete(ROOM, event, "d", "")
    await tab.until(lambda: not tab.messages[shown]["reactions"])
    assert not tab.messages[shown]["deleted"]
    with pytest.raises(Rejected):
        await page.adapter.react(ROOM, "gone", "👍", "r2")
    with pytest.raises(Rejected):
        await page.adapter.edit(note("e"), "gone")
