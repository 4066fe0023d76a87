"""The first de-mls page's HTTP and WebSocket, with a real key."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_utils.address import to_checksum_address
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from adapters.web.errors import BadRequest
from adapters.web.seed_key import SeedKey
from bridge.model.adapter import Outgoing
from bridge.model.ids import UserRef
from bridge.model.message import Author, Body
from bridge.model.notices import BallotOpened, ChangeKind, ChangeNote, MembersChanged
from bridge.model.view import Key, Member, SigningRequest
from tests.support.pages import ROOM, RunningPage, server_log
from tests.support.waiting import guard

KEY = "5a" * 32
ADDRESS = bytes.fromhex(Account.from_key(bytes.fromhex(KEY)).address[2:])
BOB = bytes([0xB0] * 20)
TYPED = {
    "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "Vote": [{"name": "yes", "type": "bool"}]},
    "primaryType": "Vote",
    "domain": {"name": "x"},
    "message": {"yes": True},
}


def connect_frame(**fields: Any) -> str:
    return json.dumps({"eth_private_key": KEY, "group_id": "garden", "should_create": False, **fields})


async def connected(page: RunningPage, **fields: Any) -> ClientConnection:
    """A socket whose key is already a member's."""
    member = Member(ADDRESS, "0x", Key.OWN)
    page.view.accounts[UserRef("web", "0x" + ADDRESS.hex())] = ADDRESS
    page.view.change(members=(*page.view.shown.members, member))
    connection = await page.browser().open("/ws", origin="http://localhost:5173")
    await connection.send(connect_frame(**fields))
    return connection


async def receive(connection: ClientConnection) -> str:
    async with guard():
        return str(await connection.recv())


async def say(connection: ClientConnection, **fields: Any) -> None:
    await connection.send(json.dumps({"group_id": "garden", **fields}))


async def rooms(page: RunningPage) -> str:
    answer = await page.browser().http.get("/rooms")
    assert answer.headers["access-control-allow-origin"] == "*"
    return answer.text


async def test_rooms_since_the_start(page: RunningPage) -> None:
    assert await rooms(page) == '{"status":"No rooms found yet!","rooms":[]}'
    connection = await connected(page)
    await say(connection, message="hi")
    await receive(connection)
    assert await rooms(page) == '{"status":"Success!","rooms":["garden"]}'
    await connection.close()
    assert await rooms(page) == '{"status":"Success!","rooms":["garden"]}'


async def test_connecting_asks_to_join_and_signs(page: RunningPage) -> None:
    request = SigningRequest("r1", ADDRESS, "binding", "Bind", "personal_sign", "0x" + b"bind me".hex())
    page.view.asked = [request]
    connection = await page.browser().open("/ws", origin="")
    await connection.send(connect_frame(eth_private_key="0x" + KEY))
    await page.inbox.wait_for(1)
    [join] = page.inbox.commands
    assert (join.name, join.arguments) == ("join", {})
    assert join.author.user_id == "0x" + ADDRESS.hex()
    assert page.view.accounts[UserRef("web", join.author.user_id)] == ADDRESS
    typed = SigningRequest("r2", ADDRESS, "vote", "Vote", "eth_signTypedData_v4", json.dumps(TYPED))
    page.view.asked.append(typed)
    page.view.tell()
    async with guard():
        while len(page.view.signed) < 2:
            await asyncio.sleep(0.01)
    signatures = dict(page.view.signed)
    for name, signable in (("r1", encode_defunct(b"bind me")), ("r2", encode_typed_data(full_message=TYPED))):
        signer = Account.recover_message(signable, signature=signatures[name])
        assert signer == to_checksum_address(ADDRESS)
    await connection.close()


async def test_chat_is_echoed_and_others_are_shown_by_address(page: RunningPage) -> None:
    connection = await connected(page)
    await say(connection, message="hello")
    assert await receive(connection) == "me: hello"
    await page.inbox.wait_for_text("hello")
    author = Author("matrix", "@bob:x", "Bob", address=BOB)
    shown = await page.adapter.send(Outgoing("k", ROOM, Body("hi"), author))
    assert await receive(connection) == f"{to_checksum_address(BOB)}: hi"
    await page.adapter.edit(Outgoing("e", ROOM, Body("hi!"), author), shown)
    await page.adapter.send(Outgoing("k2", ROOM, Body("hey"), Author("discord", "7", "Cem")))
    await page.adapter.send(Outgoing("k3", ROOM, Body("A vote begins."), None))
    assert [await receive(connection) for _ in range(2)] == ["Cem: hey", "SYSTEM: A vote begins."]
    assert page.inbox.texts == ["hello"]
    await connection.close()


async def test_a_ban_request_and_a_vote(page: RunningPage) -> None:
    connection = await connected(page)
    await say(connection, message="/ban 0xABCD now")
    assert await receive(connection) == "system: Ban request for user 0xabcd sent to group"
    await page.inbox.wait_for(1)
    [ban] = page.inbox.commands
    assert (ban.name, ban.arguments) == ("ban", {"member": "0xabcd"})
    changes = (ChangeNote(ChangeKind.REMOVE, BOB, ADDRESS), ChangeNote(ChangeKind.ADD, b"\x0c" * 20))
    page.view.tell(BallotOpened(77, changes, b"\x01" * 20, (ADDRESS, BOB), 99))
    own = to_checksum_address(ADDRESS)
    assert await receive(connection) == f"SYSTEM: {own} wants to ban 0x{BOB.hex()}"
    assert json.loads(await receive(connection)) == {
        "type": "voting_proposal",
        "proposal": {
            "proposal_id": 77,
            "group_name": "garden",
            "payload": f"Remove Member: 0x{BOB.hex()}\nAdd Member: 0x{'0c' * 20}\n",
        },
    }
    await say(connection, type="user_vote", proposal_id=77, vote=False)
    assert await receive(connection) == "SYSTEM: Your vote (NO) has been submitted for proposal 77"
    await page.inbox.wait_for(2)
    vote = page.inbox.commands[1]
    assert (vote.name, vote.arguments) == ("vote", {"ballot": 77, "choice": "no"})
    await connection.close()


async def test_who_is_removed_is_told_and_closed(page: RunningPage) -> None:
    connection = await connected(page)
    await say(connection, message="hi")
    await receive(connection)
    page.view.tell(MembersChanged(4, (), (ADDRESS,), ()))
    assert await receive(connection) == "SYSTEM: You're removed from the group garden"
    with pytest.raises(ConnectionClosed):
        await receive(connection)


async def test_a_banned_key_does_not_come_in_again(page: RunningPage) -> None:
    await page.adapter.ban(ROOM, UserRef("web", "0x" + ADDRESS.hex()), "")
    connection = await connected(page)
    assert await receive(connection) == "SYSTEM: You're removed from the group garden"
    await connection.close()
    assert page.inbox.events == []


async def test_bad_frames_end_nothing(page: RunningPage) -> None:
    connection = await page.browser().open("/ws", origin="")
    for frame in (
        "x",
        "[]",
        connect_frame(eth_private_key="xyz"),
        connect_frame(eth_private_key="00" * 32),
        connect_frame(eth_private_key=["x"]),
        connect_frame(should_create="yes"),
        connect_frame(group_id="elsewhere"),
        connect_frame(group_id=5),
    ):
        await connection.send(frame)
        assert (await receive(connection)).startswith("SYSTEM: ")
    await connection.send(connect_frame())
    await page.inbox.wait_for(1)
    for fields in (
        {"message": "/nonsense"},
        {"message": "/ban"},
        {"message": [1]},
        {"group_id": "other", "message": "x"},
        {"type": "user_vote", "proposal_id": "1", "vote": True},
        {"type": "user_vote", "proposal_id": 1, "vote": 1},
        {},
    ):
        await say(connection, **fields)
        assert (await receive(connection)).startswith("SYSTEM: ")
    await say(connection, message="still alive")
    assert await receive(connection) == "me: still alive"
    await connection.close()


async def test_a_page_from_elsewhere_may_not_connect(page: RunningPage) -> None:
    connection = await page.browser().open("/ws", origin="https://evil.example")
    with pytest.raises(ConnectionClosed):
        await receive(connection)
    assert connection.close_code == 4403


async def test_it_is_off_unless_it_is_switched_on(tmp_path: Path) -> None:
    page = RunningPage(tmp_path / "web")
    await page.start()
    try:
        assert (await page.browser().http.get("/rooms")).status_code == 404
        with pytest.raises(InvalidStatus):
            await page.browser().open("/ws")
    finally:
        await page.close()


async def test_the_key_is_neither_logged_nor_stored(
    page: RunningPage, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        connection = await page.browser().open("/ws", origin="")
        for frame in (
            connect_frame(group_id="elsewhere"),
            connect_frame(should_create=1),
            f"{{{KEY}",
            connect_frame(),
        ):
            await connection.send(frame)
        await page.inbox.wait_for(1)
        said = [await receive(connection) for _ in range(3)]
        await connection.close()
    stored = b"".join(path.read_bytes() for path in page.folder.iterdir())
    seen = server_log(caplog) + "".join(capsys.readouterr()) + "".join(said)
    for form in (KEY, bytes.fromhex(KEY).decode("latin-1")):
        assert form not in seen
        assert form.encode("latin-1") not in stored


@pytest.mark.parametrize("text", ["ff" * 32, "00" * 32, KEY + "0", "", None, 7, KEY[:-1] + "\n"])
def test_a_key_that_is_none_is_refused_without_repeating_it(text: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        SeedKey(text)
    assert caught.value.__cause__ is None
    assert not text or str(text) not in str(caught.value)
    assert KEY not in repr(SeedKey(KEY))
