"""The main job on real servers: two Matrix rooms, one encrypted group on Waku, steward epochs with votes."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bridge.protocol.errors import ProtocolError
from bridge.protocol.ports import Address
from tests.integration.conftest import Town
from tests.support.bridges import BridgeProcess
from tests.support.matrix_person import MatrixPerson
from tests.support.stored import StoredGroup, follow, open_as
from tests.support.waiting import Stuck, pause, until


async def eventually(fetch: Callable[[], Awaitable[bool]]) -> None:
    """Ask until the answer is yes."""
    await until(fetch, every=0.25)


async def tokens(person: MatrixPerson, room: str, kind: str) -> list[int]:
    """The numbers of the messages `kind-<number>.` in the order in which the room shows them."""
    found = [re.search(rf"{kind}-(\d+)\.", seen.text) for seen in await person.read(room)]
    return [int(match[1]) for match in found if match]


async def arrived(person: MatrixPerson, room: str, kind: str, wanted: int) -> list[int]:
    """Wait until that many have arrived (and a moment more, for doubles), then return them."""

    here: set[int] = set()

    async def enough() -> bool:
        here.update(await tokens(person, room, kind))
        return len(here) >= wanted

    with contextlib.suppress(Stuck):  # what is missing then shows in the answer
        await until(enough, seen=lambda: len(here), every=0.25)
    await pause(3)
    return await tokens(person, room, kind)


async def voters(bridge: BridgeProcess, count: int) -> None:
    """Wait until a bridge knows so many voters."""
    await bridge.until(lambda report: len(report.groups[0].voters) == count)


async def join(town: Town, person: MatrixPerson, room: str, yes: list[MatrixPerson], count: int) -> None:
    """`!join`, and the YES of those who have a vote."""
    await person.say(room, "!join")
    if yes:
        report = await town.a.until(lambda report: report.groups[0].ballot is not None)
        ballot = report.groups[0].ballot
        assert ballot is not None
        for voter in yes:
            await voter.say(town.room_a, f"!vote {ballot.ballot_id} yes")
    for bridge in town.bridges:
        await voters(bridge, count)


async def all_join(town: Town) -> None:
    """Alice by bootstrap, Carol and Bob by vote: n = 3."""
    await join(town, town.alice, town.room_a, [], 1)
    await join(town, town.carol, town.room_a, [town.alice], 2)
    await join(town, town.bob, town.room_b, [town.alice, town.carol], 3)


async def ballot_number(town: Town) -> int:
    """The number of the ballot that is open on both bridges."""
    for bridge in town.bridges:
        report = await bridge.until(lambda report: report.groups[0].ballot is not None)
    ballot = report.groups[0].ballot
    assert ballot is not None
    return ballot.ballot_id


async def shows(person: MatrixPerson, room: str, *words: str) -> None:
    """Wait until one message of the room has all these words."""

    async def found() -> bool:
        return any(all(w in seen.text.lower() for w in words) for seen in await person.read(room))

    try:
        await eventually(found)
    except Stuck:
        texts = [seen.text for seen in await person.read(room)]
        raise AssertionError(f"no message with {words} among {texts}") from None


async def test_chat_join_failed_ban_passed_ban(town: Town, tmp_path: Path) -> None:
    """The story of the issue, from beginning to end."""
    await all_join(town)
    await _hundred_messages(town)
    bob = await _failed_vote(town)
    before = tmp_path / "bob-before"
    town.b.copy_data(before)
    await _passed_vote(town)
    await _bob_is_out(town, before, bob)


async def _hundred_messages(town: Town) -> None:
    """Both directions, order kept, none lost or doubled."""
    for number in range(100):
        person, room = [(town.alice, town.room_a), (town.bob, town.room_b), (town.carol, town.room_a)][
            number % 3
        ]
        kind = "right" if person is not town.bob else "left"
        await person.say(room, f"{kind}-{number}. hello there")
    right = [number for number in range(100) if number % 3 != 1]
    left = [number for number in range(100) if number % 3 == 1]
    assert await arrived(town.bob, town.room_b, "right", len(right)) == right
    assert await arrived(town.alice, town.room_a, "left", len(left)) == left


async def _failed_vote(town: Town) -> Address:
    """NO of two of three: Bob stays."""
    group = await town.b.group()
    names = {name: address for address, name in group.names.items()}
    bob = next(address for name, address in names.items() if name.startswith("bob"))
    await town.alice.say(town.room_a, f"/ban {bob.removeprefix('0x')}")
    number = await ballot_number(town)
    for person, room in ((town.alice, town.room_a), (town.bob, town.room_b)):
        await shows(person, room, str(number), "bob", "vote")
    await town.bob.say(town.room_b, "left-900. said during the vote")
    await town.carol.say(town.room_a, f"!vote {number} no")
    await town.bob.say(town.room_b, f"!vote {number} no")
    for bridge in town.bridges:
        await bridge.until(lambda report: report.groups[0].ballot is None)
        group = await bridge.group()
        assert bob in group.members
    assert 900 in await arrived(town.alice, town.room_a, "left", 34)
    assert await town.bob.membership(town.room_b, town.bob.user_id) == "join"
    return Address(bytes.fromhex(bob.removeprefix("0x")))


async def _passed_vote(town: Town) -> None:
    """q = 2 of 3: Alice and Carol."""
    await town.carol.say(town.room_a, f"!ban {town.bob.user_id} spam")
    number = await ballot_number(town)
    await town.alice.say(town.room_a, f"!vote {number} yes")
    await town.carol.say(town.room_a, f"!vote {number} yes")
    for bridge in town.bridges:
        await voters(bridge, 2)
    await town.alice.say(town.room_a, "right-901. after the ban")


async def _bob_is_out(town: Town, before: Path, bob: Address) -> None:
    """Out of the group (by their old state), and out of the rooms."""
    await eventually(lambda: _banned(town))
    await shows(town.alice, town.room_a, "bob", "banned")
    assert (town.a.stop(), town.b.stop()) == (0, 0)
    old = await StoredGroup.open(before, "room")
    new = await StoredGroup.open(town.a.data, "room")
    try:
        later = [data for epoch, data in new.app_messages() if epoch > old.epoch]
        assert later, "nothing was said after the ban"
        leaf = old.leaf_of(bob)
        assert follow(leaf, old.batches()), "the copy was made while they were in"
        for data in later:
            with pytest.raises(ProtocolError):
                open_as(leaf, data)
        # Even with the commit that removed them, which they could see: it only tells them that they are out.
        assert follow(leaf, new.batches()) is False
        for data in later:
            with pytest.raises(ProtocolError):
                open_as(leaf, data)
    finally:
        await old.close()
        await new.close()


async def _banned(town: Town) -> bool:
    """Whether Bob is banned from both rooms, as those see it who are still in them."""
    states = [
        await town.alice.membership(town.room_a, town.bob.user_id),
        await town.watcher.membership(town.room_b, town.bob.user_id),
    ]
    return states == ["ban", "ban"]


async def test_bridges_killed_in_the_middle_lose_and_double_nothing(town: Town) -> None:
    """kill -9 of each bridge in the middle of 200 messages."""
    await join(town, town.alice, town.room_a, [], 1)

    async def talk() -> None:
        for number in range(200):
            await town.alice.say(town.room_a, f"right-{number}. hello there")

    talking = asyncio.create_task(talk())
    for bridge, after in ((town.b, 40), (town.a, 120)):

        async def far_enough(after: int = after) -> bool:
            return len(await tokens(town.alice, town.room_a, "right")) >= after

        await until(far_enough, f"{after} messages are written", every=0.1)
        bridge.kill()
        await pause(2)
        bridge.start()
    await talking
    assert await arrived(town.bob, town.room_b, "right", 200) == list(range(200))
