"""Login, revoked tokens and `check` on a real Synapse."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.matrix import plugin
from adapters.matrix.errors import TokenRevoked
from bridge.model.adapter import Rejected, RetryLater
from bridge.model.ids import RoomRef
from tests.adapters.matrix.conftest import MatrixArena
from tests.support.matrix_person import MatrixPerson
from tests.support.memory_inbox import MemoryInbox
from tests.support.servers.synapse import Synapse, User
from tests.support.waiting import guard


async def _log_out(synapse: Synapse, user: User, token: str) -> None:
    session = MatrixPerson(synapse.url, User(user.user_id, token, "", ""))
    await session.call("POST", "/logout", {})
    await session.close()


async def test_a_revoked_token_ends_the_run_with_advice(arena: MatrixArena, synapse: Synapse) -> None:
    await _log_out(synapse, arena.bot, arena.bot.token)
    async with guard():
        with pytest.raises(TokenRevoked, match="access_token"):
            await arena.run
    arena.run = asyncio.create_task(asyncio.sleep(0))


async def test_a_password_keeps_its_device_and_renews_a_revoked_token(synapse: Synapse, tmp_path: Path) -> None:
    user = synapse.register("bot")
    config = {"homeserver": synapse.url, "user_id": user.user_id, "password": user.password}
    kept = tmp_path / "state" / "matrix-login.json"
    tokens = []
    for _ in range(2):
        adapter = plugin.create(plugin.table.model_validate(config), tmp_path / "state")
        await adapter.start(MemoryInbox())
        await adapter.stop()
        tokens.append(kept.read_text())
    assert tokens[0] == tokens[1], "the second start must use the first one's login"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert user.password not in tokens[0]

    adapter = plugin.create(plugin.table.model_validate(config), tmp_path / "state")
    inbox = MemoryInbox()
    await adapter.start(inbox)
    run = asyncio.create_task(adapter.run())
    await _log_out(synapse, user, _token(tokens[0]))
    async with guard():
        while kept.read_text() == tokens[0]:
            await asyncio.sleep(0.02)
    assert _device(kept.read_text()) == _device(tokens[0])
    assert not run.done()
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    await adapter.stop()


def _token(stored: str) -> str:
    return stored.split('"access_token": "')[1].split('"', maxsplit=1)[0]


def _device(stored: str) -> str:
    return stored.split('"device_id": "')[1].split('"', maxsplit=1)[0]


async def test_wrong_logins_say_what_to_correct(synapse: Synapse, tmp_path: Path) -> None:
    user, other = synapse.register("bot"), synapse.register("other")
    base = {"homeserver": synapse.url, "user_id": user.user_id}
    for extra, said in (
        ({"password": "wrong"}, "check 'user_id' and 'password'"),
        ({"access_token": "wrong"}, "create a new one"),
        ({"access_token": other.token}, "belongs to"),
    ):
        adapter = plugin.create(plugin.table.model_validate({**base, **extra}), tmp_path)
        with pytest.raises(Rejected, match=said):
            await adapter.start(MemoryInbox())
        await adapter.stop()


async def test_an_unreachable_homeserver_may_be_tried_again(tmp_path: Path) -> None:
    config = {"homeserver": "http://127.0.0.1:9", "user_id": "@bot:localhost", "access_token": "t"}
    adapter = plugin.create(plugin.table.model_validate(config), tmp_path)
    with pytest.raises(RetryLater, match="cannot be reached"):
        await adapter.start(MemoryInbox())
    [problem] = await adapter.check([])
    assert "cannot be reached" in problem
    await adapter.stop()
    await adapter.stop()


async def test_check_names_each_problem(arena: MatrixArena) -> None:
    assert await arena.adapter.check([arena.room]) == []
    await arena.person.set_power(arena.room.room_id, arena.bot.user_id, 0)
    await arena.person.set_state(arena.room.room_id, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    elsewhere = RoomRef("matrix", await arena.person.create_room())
    problems = await arena.adapter.check([arena.room, elsewhere, RoomRef("matrix", "#alias:localhost")])
    said = "\n".join(problems)
    assert len(problems) == 4
    assert "is encrypted" in said
    assert "needs 50 to ban" in said
    assert f"invite {arena.bot.user_id}" in said
    assert "not an alias" in said
