"""Moderators' bans: proposed, mirrored or ignored; the bridge's own bans come back and lead to nothing."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.conversation.ports import RequestBan
from bridge.model.adapter import Capabilities, InboundBan
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author
from bridge.model.notices import Answer, MembersChanged
from bridge.rooms.ids import ReplyTo
from bridge.storage import accounts, bans
from bridge.storage.tx import Tx
from tests.support.mirrors import GROUP, PLATFORM, ROOM_A, ROOM_B, Bench, wallet_address

ALICE, BOB = (wallet_address(UserRef(PLATFORM, name)) for name in ("alice", "bob"))
Make = Callable[[str], Awaitable[Bench]]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """A bench with a setting; Alice (the moderator) and Bob are members."""
    benches: list[Bench] = []

    async def made(setting: str) -> Bench:
        bench = await Bench(tmp_path / "bridge.db", moderator_bans=setting).open()
        benches.append(bench)

        def work(tx: Tx) -> None:
            accounts.put(tx, PLATFORM, "alice", ALICE, "Alice", 1)
            accounts.put(tx, PLATFORM, "bob", BOB, "Bob", 1)

        await bench.store.write(work)
        bench.group.has(ALICE, BOB)
        return bench

    yield made
    for bench in benches:
        await bench.crash()


_count = iter(range(1_000_000))


async def moderate(
    bench: Bench, room: RoomRef = ROOM_A, *, by: str = "alice", target: str = "bob", lifted: bool = False
) -> str:
    """A moderator bans on the platform itself (or lifts); returns the event's id."""
    event_id = f"ban-{next(_count)}"
    author, user = Author(PLATFORM, by, by.title()), UserRef(PLATFORM, target)
    now_ms = int(time.time() * 1000)
    event = InboundBan(event_id, room, author, user, target.title(), now_ms, "spam", lifted)
    await bench.mirror.accept("account", event_id, [event])
    await bench.settled()
    return event_id


async def test_it_is_proposed_in_the_moderators_name(make: Make) -> None:
    bench = await make("propose")
    await moderate(bench)
    [request] = bench.group.requests
    assert isinstance(request, RequestBan)
    assert (request.requester, request.target) == (ALICE, BOB)
    assert request.reason == "banned on paper by Alice: spam"
    await bench.group.tell(Answer(request.reply_to, "ban_requested"), Answer(request.reply_to, "ban_failed"))
    await bench.settled()
    requested, failed = bench.paper.rooms[ROOM_A]
    assert "the group votes on it for all its rooms" in requested.text
    assert "holds here only" in failed.text
    assert requested.reply_to == ""  # a ban is no message
    assert bench.paper.bans == []


async def test_two_proposals_get_two_answers(make: Make) -> None:
    bench = await make("propose")
    await moderate(bench)
    await moderate(bench, ROOM_B)
    tokens = {request.reply_to for request in bench.group.requests if isinstance(request, RequestBan)}
    assert len(tokens) == 2
    assert {ReplyTo.parse(token).room for token in tokens} == {"a", "b"}  # type: ignore[union-attr]


async def test_a_moderator_who_is_no_member_is_told_what_he_can_do(make: Make) -> None:
    bench = await make("propose")
    await moderate(bench, by="mod")
    assert bench.group.requests == []
    [text] = bench.paper.texts(ROOM_A)
    assert "Bob stays a member" in text
    assert f"!ban 0x{BOB.hex()}" in text
    assert bench.paper.texts(ROOM_B) == []


async def test_bans_of_strangers_and_with_ignore_lead_to_nothing(make: Make) -> None:
    bench = await make("propose")
    await moderate(bench, target="stranger")
    await bench.crash()
    bench.moderator_bans = "ignore"
    await bench.open()
    bench.group.has(ALICE, BOB)
    await moderate(bench)
    assert bench.group.requests == []
    assert not bench.paper.rooms


async def test_a_mirrored_ban_holds_in_the_other_rooms_at_once_and_is_lifted_again(make: Make) -> None:
    bench = await make("mirror")
    await bench.store.write(lambda tx: accounts.put(tx, PLATFORM, "bob2", BOB, "Bob again", 1))
    await moderate(bench, by="mod")
    assert {(room, user.user_id) for room, user, _ in bench.paper.bans} == {
        (ROOM_A, "bob2"),
        (ROOM_B, "bob"),
        (ROOM_B, "bob2"),
    }
    assert {reason for _, _, reason in bench.paper.bans} == {"banned on paper by Mod: spam"}
    for room in (ROOM_A, ROOM_B):
        [text] = bench.paper.texts(room)
        assert "Mod banned Bob in paper:a" in text
        assert "has not voted" in text
    await moderate(bench, by="mod", lifted=True)
    assert {(room, user.user_id) for room, user in bench.paper.unbans} == {
        (ROOM_A, "bob2"),
        (ROOM_B, "bob"),
        (ROOM_B, "bob2"),
    }
    assert "may come back" in bench.paper.texts(ROOM_B)[-1]
    assert bench.group.requests == []


@asynccontextmanager
async def echoing(bench: Bench) -> AsyncIterator[None]:
    """The platform reports every ban of the bridge like a moderator's, at once, before it answers."""
    ban, unban = bench.paper.ban, bench.paper.unban

    async def report(room: RoomRef, user: UserRef, lifted: bool) -> None:
        event_id, now_ms = f"echo-{next(_count)}", int(time.time() * 1000)
        bot = Author(PLATFORM, "bot", "Bridge")
        event = InboundBan(event_id, room, bot, user, user.user_id, now_ms, "", lifted)
        await bench.mirror.accept("account", event_id, [event])

    async def ban_and_tell(room: RoomRef, user: UserRef, reason: str) -> None:
        await report(room, user, False)
        await ban(room, user, reason)

    async def unban_and_tell(room: RoomRef, user: UserRef) -> None:
        await report(room, user, True)
        await unban(room, user)

    bench.paper.ban, bench.paper.unban = ban_and_tell, unban_and_tell  # type: ignore[method-assign]
    yield
    del bench.paper.ban, bench.paper.unban


@pytest.mark.parametrize("setting", ["propose", "mirror"])
async def test_the_bridges_own_acts_come_back_and_lead_to_nothing(make: Make, setting: str) -> None:
    """A ban and its end in one go, so that each echo comes when the stored state is another already."""
    bench = await make(setting)
    async with echoing(bench):
        await bench.group.tell(
            MembersChanged(2, (), (BOB,), ()),
            MembersChanged(3, (BOB,), (), ()),
            MembersChanged(4, (), (BOB,), ()),
        )
        await bench.settled()
    assert len(bench.paper.bans) == 4
    assert len(bench.paper.unbans) == 2
    assert bench.group.requests == []
    assert len(bench.paper.texts(ROOM_A)) == len(bench.paper.texts(ROOM_B)) == 3
    assert not any("moderator" in text or "mirrors" in text for text in bench.paper.texts(ROOM_A))


async def test_mirrored_bans_do_not_go_round(make: Make) -> None:
    bench = await make("mirror")
    async with echoing(bench):
        await moderate(bench, by="mod")
        await moderate(bench, by="mod", lifted=True)
    assert [room for room, _, _ in bench.paper.bans] == [ROOM_B]
    assert [room for room, _ in bench.paper.unbans] == [ROOM_B]
    assert len(bench.paper.texts(ROOM_A)) == 2


async def test_a_moderator_does_not_undo_what_the_group_voted(make: Make) -> None:
    for setting in ("propose", "mirror"):
        bench = await make(setting)
        bench.group.has(ALICE)
        await bench.group.tell(MembersChanged(2, (), (BOB,), ()))
        await bench.settled()
        before = len(bench.paper.texts(ROOM_A))
        # An hour later: no echo of ours any more.
        await bench.store.write(
            lambda tx: tx.conn.exec_driver_sql("UPDATE enforcements SET ban_tried_at = 1").rowcount
        )
        await moderate(bench, by="mod", lifted=True)
        assert bench.paper.unbans == []
        [text] = bench.paper.texts(ROOM_A)[before:]
        assert "the group's ban stands" in text
        assert f"!unban 0x{BOB.hex()}" in text
        await bench.crash()
        (bench.path).unlink()


async def test_who_is_taken_in_again_may_come_back_to_every_room(make: Make) -> None:
    bench = await make("propose")
    await bench.store.write(lambda tx: accounts.put(tx, PLATFORM, "bob2", BOB, "Bob again", 1))
    await bench.group.tell(MembersChanged(2, (), (BOB,), ()))
    await bench.settled()
    await bench.group.tell(MembersChanged(3, (BOB,), (), ()))
    await bench.settled()
    assert {(room, user.user_id) for room, user in bench.paper.unbans} == {
        (room, user) for room in (ROOM_A, ROOM_B) for user in ("bob", "bob2")
    }
    assert not await bench.store.read(lambda tx: bans.is_banned(tx, GROUP, BOB))
    await bench.group.tell(MembersChanged(4, (ALICE,), (), ()))
    await bench.settled()
    assert len(bench.paper.unbans) == 4  # Alice never was banned


async def test_a_lifted_ban_that_a_room_cannot_lift_is_said(make: Make) -> None:
    bench = await make("propose")
    await bench.group.tell(MembersChanged(2, (), (BOB,), ()))
    await bench.settled()
    bench.paper.capabilities = Capabilities()
    await bench.group.tell(MembersChanged(3, (BOB,), (), ()))
    await bench.settled()
    assert any("has lifted the ban of Bob (bob)" in text for text in bench.paper.texts(ROOM_B))


async def test_a_remote_members_ban_is_lifted_though_his_claim_is_forgotten(make: Make) -> None:
    from tests.rooms.outbound.test_notices import CAROL, remote_chat

    bench = await make("propose")
    await bench.group.tell(remote_chat(CAROL, "carol", 1))
    await bench.group.tell(MembersChanged(2, (), (CAROL,), ()))
    await bench.settled()
    await bench.group.tell(MembersChanged(3, (CAROL,), (), ()))
    await bench.settled()
    assert {(room, user.user_id) for room, user in bench.paper.unbans} == {(ROOM_A, "carol"), (ROOM_B, "carol")}


@pytest.mark.parametrize(
    "target", [UserRef("elsewhere", "bob"), UserRef(PLATFORM, ""), UserRef(PLATFORM, "x" * 300)]
)
async def test_a_hostile_ban_harms_nothing(make: Make, target: UserRef) -> None:
    bench = await make("mirror")
    event = InboundBan("b", ROOM_A, Author(PLATFORM, "mod", "Mod"), target, "Bob", 2**80, "x" * 9_999)
    await bench.mirror.accept("account", "c", [event])
    await bench.settled()
    assert bench.paper.bans == []
    assert not bench.paper.rooms
