"""The live socket: what a browser sees and says, resuming, hostile frames, slow browsers, bans."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket as sockets
import uuid
from dataclasses import asdict
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from bridge.model.adapter import BallotCard, InboundDelete, Outgoing
from bridge.model.ids import UserRef
from bridge.model.message import Author, Body
from bridge.model.notices import BallotClosed, ChangeKind, ChangeNote, State, StateChanged
from bridge.model.view import Ballot, Key, Member, Result, SendStatus, SendUpdate
from tests.support.page_browser import Browser, Refused, Tab
from tests.support.pages import PASSWORD, ROOM, RunningPage
from tests.support.waiting import guard

BOB = Author("matrix", "@bob:x", "Bob", address=b"\x0b" * 20)


def note(key: str, text: str = "hello", **more: Any) -> Outgoing:
    return Outgoing(key, ROOM, Body(text), BOB, **more)


async def user_of(browser: Browser) -> UserRef:
    return UserRef("web", (await browser.session())["user"]["user_id"])


async def frames(connection: ClientConnection) -> list[dict[str, Any]]:
    """All until it is closed."""
    found = []
    try:
        async with guard():
            while True:
                found.append(json.loads(await connection.recv()))
    except ConnectionClosed:
        return found


async def test_two_people_see_each_other(page: RunningPage) -> None:
    ann, ben = page.tab(await page.person("Ann")), page.tab(await page.person("Ben"))
    ref = await ann.ask("say", text="hi Ben")
    await ben.until(lambda: ref in ben.messages)
    seen = ben.messages[ref]
    assert (seen["text"], seen["author"]["name"], seen["author"]["me"]) == ("hi Ben", "Ann", False)
    assert seen["author"]["address"].startswith("0x")
    assert ann.messages[ref]["author"]["me"]
    answer = await ben.ask("say", text="hi Ann", reply_to=ref)
    await ann.until(lambda: answer in ann.messages)
    assert ann.messages[answer]["reply_to"] == ref
    assert (await page.inbox.wait_for_text("hi Ann")).reply_to_event == ref


async def test_the_same_ref_again_is_harmless(page: RunningPage) -> None:
    ann = page.tab(await page.person("Ann"))
    await ann.until(lambda: bool(ann.frames))
    frame = {"type": "say", "ref": str(uuid.uuid4()), "text": "once"}
    for _ in range(3):
        await ann.raw(frame)
    await ann.until(lambda: sum(each["type"] == "done" for each in ann.frames) == 3)
    await page.inbox.wait_for(1)
    assert [each["text"] for each in ann.shown()] == ["once"]
    assert (page.inbox.texts, page.inbox.repeats) == (["once"], 0)


async def test_a_ref_of_somebody_else_is_refused(page: RunningPage) -> None:
    ann, ben = page.tab(await page.person("Ann")), page.tab(await page.person("Ben"))
    ref = await ann.ask("say", text="mine")
    for kind, fields in (("say", {"text": "not mine"}), ("delete", {"id": ref})):
        await ben.raw({"type": kind, "ref": ref, **fields})
    await ben.until(lambda: sum(each["type"] == "refused" for each in ben.frames) == 2)
    assert ben.messages[ref]["text"] == "mine"


async def test_only_the_author_edits_and_deletes(page: RunningPage) -> None:
    ann, ben = page.tab(await page.person("Ann")), page.tab(await page.person("Ben"))
    ref = await ann.ask("say", text="teh")
    for kind, fields in (("edit", {"text": "x"}), ("delete", {})):
        with pytest.raises(Refused, match="Only its author"):
            await ben.ask(kind, id=ref, **fields)
    await ann.ask("edit", id=ref, text="the")
    await ben.until(lambda: ben.messages[ref]["edited"])
    assert ben.messages[ref]["text"] == "the"
    await ann.ask("delete", id=ref)
    await ben.until(lambda: ben.messages[ref]["deleted"])
    assert ben.messages[ref]["text"] == ""
    with pytest.raises(Refused):
        await ann.ask("edit", id=ref, text="back")


async def test_a_reaction_is_given_and_taken_back(page: RunningPage) -> None:
    ann, ben = page.tab(await page.person("Ann")), page.tab(await page.person("Ben"))
    ref = await ann.ask("say", text="like?")
    given = await ben.ask("react", id=ref, key="👍")
    await ben.ask("react", id=ref, key="👍")
    await ann.ask("react", id=ref, key="👍")
    await ann.until(lambda: [each["count"] for each in ann.messages[ref]["reactions"]] == [2])
    assert ann.messages[ref]["reactions"] == [{"key": "👍", "count": 2, "names": ["Ben", "Ann"], "mine": True}]
    await ben.ask("unreact", id=ref, key="👍")
    await ben.ask("unreact", id=ref, key="👍")
    await ann.until(lambda: ann.messages[ref]["reactions"][0]["count"] == 1)
    await page.inbox.wait_for_delete(given)
    assert len(page.inbox.reactions) == 2
    assert sum(isinstance(each, InboundDelete) for each in page.inbox.events) == 1


async def test_a_command_and_its_answer_are_seen_by_one_person(page: RunningPage) -> None:
    anns = await page.person("Ann")
    ann, ben = page.tab(anns), page.tab(await page.person("Ben"))
    commands = ["!ban Ben", "/ban 0x01", "!members", "/BAN"]
    for text in commands:
        await ann.ask("say", text=text)
    me = (await user_of(anns)).user_id
    await page.adapter.send(Outgoing("k", ROOM, Body("A vote will follow."), None, to_user=me))
    await ann.ask("say", text="!!! wow")
    await ben.until(lambda: bool(ben.messages))
    await ann.until(lambda: len(ann.messages) == 6)
    assert [each["text"] for each in ben.shown()] == ["!!! wow"]
    assert [each["to_me"] for each in ann.shown()] == [True] * 5 + [False]
    assert ann.shown()[4]["author"]["bridge"]
    history = await ann_history(page, anns)
    assert len(history) == 6
    await page.inbox.wait_for(5)
    assert page.inbox.texts[:4] == commands
    with pytest.raises(Refused, match="command"):
        await ann.ask("edit", id=ann.shown()[0]["id"], text="!ban Cem")
    with pytest.raises(Refused, match="command"):
        await ann.ask("edit", id=ann.shown()[5]["id"], text="!ban Cem")


async def test_an_unknown_command_is_asked_back_before_it_is_sent(page: RunningPage) -> None:
    ann, ben = page.tab(await page.person("Ann")), page.tab(await page.person("Ben"))
    with pytest.raises(Refused, match=r"no command /jion\. Did you mean /join\?.*//jion"):
        await ann.ask("say", text="/jion")
    said = ["!important: at nine", " /jion", "/ jion"]
    for text in said:
        await ann.ask("say", text=text)
    await ann.ask("say", text="//jion")
    await page.inbox.wait_for(4)
    assert page.inbox.texts == [*said, "/jion"]
    assert [each.is_literal for each in page.inbox.messages] == [False, False, False, True]
    await ben.until(lambda: len(ben.messages) == 4)


async def ann_history(page: RunningPage, browser: Browser) -> list[dict[str, Any]]:
    answer = await browser.http.get("/api/rooms/lobby/messages")
    assert not answer.json()["more"]
    return list(answer.json()["messages"])


async def test_a_control_is_a_command_and_never_text(page: RunningPage) -> None:
    browser = await page.person("Ann")
    ann = page.tab(browser)
    ref = await ann.ask("command", name="vote", arguments={"ballot": "7", "choice": "no"})
    await ann.ask("command", name="propose add", arguments={"wallet": "0x" + "0c" * 20})
    await page.inbox.wait_for(2)
    vote, add = page.inbox.commands
    assert (vote.event_id, vote.author.display_name) == (ref, "Ann")
    assert (vote.name, vote.arguments) == ("vote", {"ballot": 7, "choice": "no"})
    assert (add.name, add.arguments) == ("propose add", {"wallet": b"\x0c" * 20})
    me = (await user_of(browser)).user_id
    answer = Outgoing("k", ROOM, Body("You have voted no."), None, to_user=me, reply_to_event=ref)
    event = await page.adapter.send(answer)
    await ann.until(lambda: event in ann.messages)
    assert ann.messages[event]["reply_to"] == ""
    assert page.inbox.texts == []
    assert len(ann.messages) == 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("vote", {"ballot": "-1", "choice": "yes"}),
        ("vote", {"ballot": "1", "choice": "perhaps"}),
        ("vote", {}),
        ("join", {"more": "x"}),
        ("ban", {"member": "x" * 300}),
        ("explode", {}),
        ("join", []),
    ],
)
async def test_a_control_that_does_not_fit_its_command_is_refused(
    page: RunningPage, name: str, arguments: Any
) -> None:
    ann = page.tab(await page.person("Ann"))
    with pytest.raises(Refused):
        await ann.ask("command", name=name, arguments=arguments)
    assert page.inbox.events == []


async def test_a_reload_shows_the_newest_and_older_ones_on_request(page: RunningPage) -> None:
    browser = await page.person("Ann")
    for i in range(150):
        await page.adapter.send(note(f"k{i}", f"line {i}"))
    tab = page.tab(browser)
    await tab.until(lambda: len(tab.messages) == 100)
    first = tab.shown()[0]
    assert (first["text"], tab.shown()[-1]["text"]) == ("line 50", "line 149")
    query = f"/api/rooms/lobby/messages?before={first['position']}&limit=40"
    older = (await browser.http.get(query)).json()
    assert [each["text"] for each in older["messages"]] == [f"line {i}" for i in range(10, 50)]
    assert older["more"]


async def test_an_outage_loses_and_doubles_nothing(page: RunningPage) -> None:
    """The tab itself checks that no change comes twice (`Tab._take`)."""
    ann, ben = page.tab(await page.person("Ann")), page.tab(await page.person("Ben"))
    before = await ann.ask("say", text="before")
    await ben.until(lambda: before in ben.messages)
    shown = await page.adapter.send(note("k", "draft"))
    await ben.until(lambda: shown in ben.messages)
    await page.stop()
    refs = [ann.enqueue("say", text=f"offline {i}") for i in range(3)]
    await page.start()
    await page.adapter.edit(note("k2", "final"), shown)
    await ben.until(lambda: all(ref in ben.messages for ref in refs) and ben.messages[shown]["text"] == "final")
    await ann.until(lambda: not ann._outbox)
    assert len(ben.messages) == 5
    assert 1001 in ben.codes
    assert sum(frame["type"] == "welcome" and frame["reset"] for frame in ben.frames) == 1
    await page.inbox.wait_for(4)
    assert page.inbox.texts == ["before", "offline 0", "offline 1", "offline 2"]


@pytest.mark.parametrize("after", [1, 2**52])
async def test_an_unknown_revision_begins_anew(page: RunningPage, after: int) -> None:
    await page.adapter.send(note("k"))
    tab = page.tab(await page.person("Ann"))
    tab.revision = after
    await tab.until(lambda: len(tab.messages) == 1)
    assert tab.last("welcome")["reset"]


async def test_what_became_of_messages_is_shown_and_survive_a_reload(page: RunningPage) -> None:
    browser = await page.person("Ann")
    ann = page.tab(browser)
    ref, lost = await ann.ask("say", text="wait"), await ann.ask("say", text="lost")
    page.view.tell(
        SendUpdate(ref, SendStatus.WAITING), SendUpdate(lost, SendStatus.DROPPED, "You are not a member.")
    )
    await ann.until(
        lambda: ann.messages[ref]["status"] == "waiting" and ann.messages[lost]["status"] == "dropped"
    )
    page.view.tell(SendUpdate(ref, SendStatus.SENT))
    await ann.until(lambda: ann.messages[ref]["status"] == "sent")
    fresh = page.tab(browser)
    await fresh.until(lambda: len(fresh.messages) == 2)
    assert fresh.messages[lost]["reason"] == "You are not a member."


async def test_the_group_its_states_and_results(page: RunningPage) -> None:
    browser = await page.person("Ann")
    address = page.view.accounts[await user_of(browser)]
    ann = page.tab(browser)
    await ann.until(lambda: any(frame["type"] == "results" for frame in ann.frames))
    change = ChangeNote(ChangeKind.ADD, address)
    ballot = Ballot(4, (change,), ("Shall Ann join?",), (b"\x01" * 20, address), (), (), 1_000, b"\x01" * 20)
    steps = [State.WORKING, State.WAITING, State.VOTING, State.WORKING]
    for old, new in itertools.pairwise(steps):
        page.view.tell(StateChanged(old, new, 99, False, "a test"))
    page.view.change(
        state=State.VOTING,
        ballot=ballot,
        members=(*page.view.shown.members, Member(address, "Ann", Key.HOSTED)),
    )
    await ann.until(lambda: ann.last("group")["group"]["ballot"] is not None)
    assert [frame["new"] for frame in ann.frames if frame["type"] == "state"] == [
        "waiting",
        "voting",
        "working",
    ]
    shown = ann.last("group")["group"]
    assert (shown["state"], shown["epoch"], shown["joined"]) == ("voting", 3, True)
    assert [each["me"] for each in shown["members"]] == [False, True]
    assert (shown["ballot"]["kind"], shown["ballot"]["may_vote"], shown["ballot"]["mine"]) == ("add", True, "")
    page.view.closed = [Result(4, ("Ann joins.",), True, 2, 0, 2, False, 1_000, "passed")]
    page.view.tell(BallotClosed(4, (change,), True, 2, 0, 2, False))
    await ann.until(lambda: bool(ann.last("results")["results"]))
    await ann.until(lambda: ann.last("me")["standing"]["is_member"])
    assert ann.last("results")["results"][0]["number"] == 4


async def test_a_banned_person_sees_that_he_is_out_and_nothing_new(page: RunningPage) -> None:
    browser = await page.person("Ann")
    ann, user = page.tab(browser), await user_of(browser)
    await page.adapter.send(note("k", "before"))
    await ann.until(lambda: len(ann.messages) == 1)
    await page.adapter.ban(ROOM, user, "spam")
    await ann.until(lambda: 4401 in ann.codes)
    assert ann.last("me")["standing"]["is_banned"]
    assert "Reason: spam" in ann.last("bye")["text"]
    await ann.close()
    await page.adapter.send(note("k2", "secret"))
    assert not (await browser.session())["signed_in"]
    assert (await browser.sign_in("Ann", PASSWORD)).status_code == 200
    again = page.tab(browser)
    await again.until(lambda: any(frame["type"] == "me" for frame in again.frames))
    await page.adapter.send(note("k3", "secret too"))
    page.view.tell(StateChanged(State.WORKING, State.WAITING, 1, False, "x"))
    for kind, fields in (("say", {"text": "let me in"}), ("react", {"id": again.shown()[0]["id"], "key": "x"})):
        with pytest.raises(Refused, match="banned"):
            await again.ask(kind, **fields)
    assert again.last("me") | {"type": ""} == {**again.last("me"), "type": "", "accepts": False}
    assert {frame["type"] for frame in again.frames} <= {"welcome", "messages", "me", "refused"}
    assert [each["text"] for each in again.shown()] == ["before"]
    assert [each["text"] for each in await ann_history(page, browser)] == ["before"]
    await page.adapter.unban(ROOM, user)
    await again.until(lambda: len(again.messages) == 3 and any(f["type"] == "group" for f in again.frames))
    await again.ask("say", text="thank you")
    assert page.inbox.texts == [] or page.inbox.texts == ["thank you"]


async def test_hostile_frames_are_refused_and_end_the_socket(page: RunningPage) -> None:
    browser = await page.person("Ann")
    bad = [
        "",
        "x",
        "[]",
        "null",
        '{"type":"hello"}',
        '{"type":"hello","room":"lobby","after":-1}',
        '{"type":"hello","room":"lobby","after":1e400}',
        '{"type":"hello","room":"nowhere","after":0}',
        '{"type":"hello","room":"lobby","after":0,"more":1}',
        '{"type":"say","ref":"1","text":"x"}',
        '{"type":{"a":1}}',
        "[" * 60_000,
    ]
    connection = await browser.open()
    for data in bad:
        await connection.send(data)
        assert json.loads(await connection.recv())["type"] == "refused"
    await connection.send(json.dumps({"type": "hello", "room": "lobby", "after": 0}))
    for fields in (
        {"type": "say", "ref": "not a uuid", "text": "x"},
        {"type": "say", "ref": str(uuid.uuid4()), "text": 1},
        {"type": "say", "ref": str(uuid.uuid4()), "text": "x" * 20_000},
        {"type": "say", "ref": str(uuid.uuid4()), "text": "\x00\x1b\n"},
        {"type": "say", "ref": str(uuid.uuid4()), "text": "x", "reply_to": "gone"},
        {"type": "react", "ref": str(uuid.uuid4()), "id": "gone", "key": "x"},
        {"type": "drop", "ref": str(uuid.uuid4())},
        *[{"type": "nonsense"}] * 20,
    ):
        await connection.send(json.dumps(fields))
    seen = await frames(connection)
    assert "done" not in {frame["type"] for frame in seen}
    assert connection.close_code == 1008
    assert page.inbox.events == []
    assert page.adapter._page is not None
    counted = page.adapter._page.refused
    assert (counted["no-room"], counted["too-large"], counted["empty"]) == (1, 1, 1)
    assert counted["not-json"] == 2
    assert counted["bad-request"] >= 10
    assert f"{counted.total()} frames refused" in page.adapter.health().detail


async def test_binary_and_huge_frames_close_the_socket(page: RunningPage) -> None:
    browser = await page.person("Ann")
    for data, code in ((b"\x00\x01", 1000), ("x" * 70_000, 1009)):
        connection = await browser.open()
        await connection.send(data)
        await frames(connection)
        assert connection.close_code == code
    await page.tab(browser).ask("say", text="all is well")


async def test_control_characters_are_left_out(page: RunningPage) -> None:
    ann = page.tab(await page.person("Ann"))
    ref = await ann.ask("say", text="a\x00b\x1b[31m\r\nc\x7f")
    await ann.until(lambda: ref in ann.messages)
    assert ann.messages[ref]["text"] == "ab[31m\nc"


async def test_speaking_is_limited(page: RunningPage) -> None:
    ann = page.tab(await page.person("Ann"))
    results = await asyncio.gather(*(ann.ask("say", text=f"{i}") for i in range(125)), return_exceptions=True)
    assert sum(isinstance(each, Refused) for each in results) == 5
    page.clock.now += 30
    await ann.ask("say", text="again")
    await page.inbox.wait_for(121)


async def test_one_person_has_so_many_pages_open(page: RunningPage) -> None:
    browser = await page.person("Ann")
    opened = [await browser.open() for _ in range(9)]
    assert [frame["type"] for frame in await frames(opened[8])] == ["bye"]
    assert opened[8].close_code == 1013
    for each in opened:
        await each.close()
    connection = await browser.open()
    await connection.send(json.dumps({"type": "hello", "room": "lobby", "after": 0}))
    assert json.loads(await connection.recv())["type"] == "welcome"
    await connection.close()


async def test_a_browser_that_does_not_read_is_closed_and_resumes(page: RunningPage) -> None:
    """The kernel's buffers are made small, so that a few hundred frames are too many."""
    browser = await page.person("Ann")
    host, _, port = page.url.removeprefix("http://").partition(":")
    raw = sockets.socket()
    page.closing.callback(raw.close)
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 2_048)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (host, int(port)))
    lines = [
        "GET /live HTTP/1.1", f"Host: {host}:{port}", f"Origin: {page.url}", f"Cookie: {browser.cookie()}",
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "",
    ]  # fmt: skip
    await loop.sock_sendall(raw, "\r\n".join(lines).encode())
    assert b" 101 " in await loop.sock_recv(raw, 2_000)
    hello = json.dumps({"type": "hello", "room": "lobby", "after": 0}).encode()
    await loop.sock_sendall(raw, bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
    assert page.adapter._page is not None
    followers: Any = page.adapter._page.hub._followers
    async with guard():
        while not any(each.room and not each._out for each in followers):
            await asyncio.sleep(0.01)
    [follower] = followers
    wide = "c" * 60_000
    for _ in range(1_000):
        page.view.tell(StateChanged(State.WORKING, State.WAITING, 1, False, wide))
        await asyncio.sleep(0)
        if follower._end is not None:
            break
    assert follower._end is not None
    assert follower._end[0] == 1013
    raw.close()
    async with guard():
        await follower.ended()
    ann = page.tab(browser)
    await page.adapter.send(note("k"))
    await ann.until(lambda: len(ann.messages) == 1)


async def test_stopping_closes_every_socket_with_1001(page: RunningPage) -> None:
    tabs: list[Tab] = [page.tab(await page.person(name)) for name in ("Ann", "Ben")]
    for tab in tabs:
        await tab.until(lambda tab=tab: bool(tab.frames))  # type: ignore[misc]
    await page.stop()
    for tab in tabs:
        await tab.until(lambda tab=tab: tab.codes == [1001])  # type: ignore[misc]
    await page.start()


async def test_what_the_mirror_shows(page: RunningPage) -> None:
    ann = page.tab(await page.person("Ann"))
    card = BallotCard(3, ("Shall Cem join?",), 0, 0, 2, 99)
    shown = await page.adapter.send(note("k", "Vote 3", ballot=card, waiting=True, extra={"late": True}))
    links = '<a href="javascript:x">l</a><a href="https://a.b">m</a>'
    html = f"<b>hi</b><script>alert(1)</script><img src=x onerror=alert(1)>{links}"
    rich = await page.adapter.send(Outgoing("h", ROOM, Body("hi", html), BOB))
    await ann.until(lambda: rich in ann.messages)
    seen = ann.messages[shown]
    assert (seen["author"]["name"], seen["author"]["platform"]) == ("Bob", "matrix")
    assert (seen["status"], seen["late"]) == ("waiting", True)
    assert seen["ballot"] == {**asdict(card), "question": ["Shall Cem join?"]}
    rel = 'rel="noopener noreferrer nofollow"'
    assert ann.messages[rich]["html"] == f'<b>hi</b><a {rel}>l</a><a href="https://a.b" {rel}>m</a>'
    closed = BallotCard(3, ("Shall Cem join?",), 2, 0, 2, 99, "passed")
    await page.adapter.edit(note("k2", "Vote 3\npassed", ballot=closed), shown)
    await ann.until(lambda: ann.messages[shown]["ballot"]["result"] == "passed")
    assert (ann.messages[shown]["edited"], ann.messages[shown]["status"]) == (False, "sent")
