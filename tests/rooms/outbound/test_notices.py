"""Ballots, members, answers: what the rooms see of them."""

import asyncio

from bridge.model.adapter import Capabilities, Rejected
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author, Body, ChatMessage, MessageKind
from bridge.model.notices import (
    Answer,
    BallotClosed,
    BallotOpened,
    BallotTally,
    ChangeKind,
    ChangeNote,
    Chat,
    MembersChanged,
    Refused,
    SelfRemoved,
    State,
    StateChanged,
)
from bridge.rooms.ids import ReplyTo, ballot_message_id
from bridge.storage import accounts, ballots, bans
from tests.support.mirrors import GROUP, PLATFORM, ROOM_A, ROOM_B, Bench, wallet_address

ALICE, BOB = (wallet_address(UserRef(PLATFORM, name)) for name in ("alice", "bob"))
CAROL = b"\3" * 20
BAN = ChangeNote(ChangeKind.REMOVE, BOB, ALICE, "spam\nand more")
OPENED = BallotOpened(7, (BAN,), ALICE, (ALICE, BOB, CAROL), 1_030)


async def know(bench: Bench) -> None:
    """Alice and Bob have accounts."""

    def work(tx: object) -> None:
        accounts.put(tx, PLATFORM, "alice", ALICE, "Alice", 1)  # type: ignore[arg-type]
        accounts.put(tx, PLATFORM, "bob", BOB, "Bob", 1)  # type: ignore[arg-type]

    await bench.store.write(work)


async def test_a_ballot_says_who_what_whom_how_and_until_when(bench: Bench) -> None:
    await know(bench)
    await bench.group.tell(OPENED)
    await bench.settled()
    [text] = bench.paper.texts(ROOM_A)
    assert bench.paper.texts(ROOM_B) == [text]
    assert "Vote 7" in text
    assert f"Shall Bob (0x{BOB.hex()[:4]}…{BOB.hex()[-4:]}) be banned?" in text
    assert "Proposed by Alice (0x" in text
    assert "Reason: spam and more" in text
    assert "`!vote 7 yes` or `!vote 7 no` until 00:17:10 UTC (30 s)" in text
    assert "3 may vote" in text


async def test_a_tally_edits_and_the_result_follows(bench: Bench) -> None:
    await know(bench)
    await bench.group.tell(OPENED)
    await bench.group.tell(BallotTally(7, ALICE, True, 1, 0, 3))
    await bench.settled()
    [ballot] = bench.paper.rooms[ROOM_A]
    assert ballot.text.endswith("So far: 1 yes, 0 no, of 3.")
    await bench.group.tell(BallotClosed(7, (BAN,), False, 1, 1, 3, True))
    await bench.settled()
    ballot, result = bench.paper.rooms[ROOM_A]
    assert "rejected: 1 yes, 1 no, of 3. The time is over; 1 did not vote." in ballot.text
    assert "So far" not in ballot.text
    assert result.reply_to == ballot.event_id
    assert "stays" in result.text
    [row] = await bench.store.read(lambda tx: ballots.over(tx, GROUP))
    assert row.result is not None


async def test_outdated_tallies_are_skipped(bench: Bench) -> None:
    bench.paper.hold[ROOM_A] = asyncio.Event()
    await bench.group.tell(OPENED, *(BallotTally(7, bytes([i]) * 20, True, i, 0, 50) for i in range(1, 50)))
    await bench.group.tell(BallotClosed(7, (BAN,), True, 49, 0, 50, False))
    bench.paper.hold[ROOM_A].set()
    await bench.settled()
    for room in (ROOM_A, ROOM_B):
        assert "passed: 49 yes" in bench.paper.texts(room)[0]
    assert sum(what == "edit" for what, _ in bench.paper.calls) < 50


async def test_without_edits_only_the_question_and_the_result_are_shown(bench: Bench) -> None:
    bench.paper.capabilities = Capabilities()
    await bench.group.tell(OPENED, BallotTally(7, ALICE, True, 1, 0, 3), BallotTally(7, CAROL, True, 2, 0, 3))
    await bench.group.tell(BallotClosed(7, (BAN,), True, 2, 0, 3, False))
    await bench.settled()
    question, result = bench.paper.texts(ROOM_A)
    assert "Shall" in question
    assert "is banned" in result


async def test_no_chat_passes_for_an_edit_of_a_ballot(bench: Bench) -> None:
    await bench.group.tell(OPENED)
    forged = ChatMessage(
        b"\5" * 16,
        MessageKind.EDIT,
        Author("", "", "", address=CAROL),
        Body("vote yes or else"),
        1,
        target=ballot_message_id(GROUP, 7),
    )
    await bench.group.tell(Chat(forged))
    await bench.settled()
    [text] = bench.paper.texts(ROOM_A)
    assert "or else" not in text


async def test_a_passed_ban_is_carried_out_for_every_account_in_every_room(bench: Bench) -> None:
    await know(bench)
    await bench.store.write(lambda tx: accounts.put(tx, PLATFORM, "bob2", BOB, "Bob again", 1))
    await bench.store.write(lambda tx: accounts.put(tx, "elsewhere", "bob3", BOB, "Bob there", 1))
    bench.paper.hold[ROOM_B] = asyncio.Event()
    await bench.group.tell(MembersChanged(2, (), (BOB,), (), ((BOB, "spam"),)))
    await bench.until(lambda: len(bench.paper.bans) == 2)
    await bench.restart()  # what is still held must survive
    bench.paper.hold[ROOM_B].set()
    await bench.until(lambda: len(bench.paper.bans) == 4)
    await bench.settled()
    assert {(room.room_id, user.user_id, why) for room, user, why in bench.paper.bans} == {
        (room, user, "spam") for room in "ab" for user in ("bob", "bob2")
    }
    assert "was banned by vote. Reason: spam" in bench.paper.texts(ROOM_A)[0]
    assert await bench.store.read(lambda tx: bans.is_banned(tx, GROUP, BOB))


async def test_a_ban_that_a_platform_refuses_or_cannot_do_is_seen(bench: Bench) -> None:
    await know(bench)

    def script(room: RoomRef, text: str) -> None:
        if room == ROOM_A and text == "bob":
            raise Rejected("the bridge has no power there")

    bench.paper.script = script
    await bench.group.tell(MembersChanged(2, (), (BOB,), ()))
    await bench.until(lambda: len(bench.paper.texts(ROOM_B)) == 2 and len(bench.paper.texts(ROOM_A)) == 2)
    assert "could not be removed from paper:a: the bridge has no power there" in bench.paper.texts(ROOM_B)[1]
    bench.paper.capabilities = Capabilities()
    await bench.group.tell(MembersChanged(3, (), (BOB,), ()))
    await bench.until(lambda: "cannot remove people" in bench.paper.texts(ROOM_B)[-1])


async def test_the_banned_do_not_go_on_as_guests(bench: Bench) -> None:
    await know(bench)
    bench.group.has(ALICE, BOB)
    await bench.group.tell(MembersChanged(2, (), (BOB,), ()))
    await bench.say(ROOM_A, "Bob", "still a member here")
    await bench.until(lambda: "Bob: still a member here" in bench.paper.texts(ROOM_B))
    bench.group.has(ALICE)
    await bench.say(ROOM_A, "Bob", "hello?")
    await bench.say(ROOM_A, "Bob", "hello??")
    await bench.settled()
    assert not any("hello?" in text for text in bench.paper.texts(ROOM_B))
    assert sum("has banned you" in text for text in bench.paper.texts(ROOM_A)) == 1


async def test_comings_and_goings_are_told_and_states_are_not(bench: Bench) -> None:
    await know(bench)
    await bench.group.tell(
        MembersChanged(2, (ALICE,), (), (BOB,)),
        StateChanged(State.WORKING, State.WAITING, 5, True, "start"),
        Refused("bad_vote", "x"),
    )
    await bench.group.tell(SelfRemoved(3))
    await bench.settled()
    changed, removed = bench.paper.texts(ROOM_A)
    assert "Alice (0x" in changed.split("\n")[0]
    assert "joined" in changed.split("\n")[0]
    assert "left" in changed.split("\n")[1]
    assert "bridge was removed" in removed


async def test_an_answer_goes_to_its_room_under_the_question(bench: Bench) -> None:
    token = ReplyTo.to(ROOM_B, "event-9", UserRef(PLATFORM, "bob")).token()
    await bench.group.tell(Answer(token, "vote_counted", (("ballot", "7"), ("vote", "yes"))))
    await bench.group.tell(Answer("{broken", "joined"), Answer('{"platform":1}', "joined"))
    stranger = ReplyTo.to(RoomRef(PLATFORM, "foreign"), "e", UserRef(PLATFORM, "x")).token()
    await bench.group.tell(Answer(stranger, "joined"))
    await bench.settled()
    assert list(bench.paper.rooms) == [ROOM_B]
    [answer] = bench.paper.rooms[ROOM_B]
    assert answer.text == "✅ Your yes counts in vote 7."
    assert answer.reply_to == "event-9"


def remote_chat(address: bytes, user_id: str, number: int) -> Chat:
    """A member of another bridge says something."""
    author = Author(PLATFORM, user_id, user_id.title(), address=address)
    return Chat(ChatMessage(bytes([number]) * 16, MessageKind.MESSAGE, author, Body("hello"), 1_000))


async def test_a_ban_reaches_the_accounts_that_a_remote_member_spoke_with(bench: Bench) -> None:
    await bench.group.tell(remote_chat(CAROL, "carol", 1))
    await bench.group.tell(MembersChanged(2, (), (CAROL,), ()))
    await bench.settled()
    assert {(room, user.user_id) for room, user, _ in bench.paper.bans} == {
        (ROOM_A, "carol"),
        (ROOM_B, "carol"),
    }


async def test_a_remote_member_cannot_claim_an_account_of_ours_or_of_somebody_else(bench: Bench) -> None:
    """Else their own ban would hit whomever they named."""
    await know(bench)
    await bench.group.tell(remote_chat(b"\4" * 20, "dave", 1))
    for number, name in ((2, "alice"), (3, "dave")):
        await bench.group.tell(remote_chat(CAROL, name, number))
    await bench.group.tell(MembersChanged(2, (), (CAROL,), ()))
    await bench.settled()
    assert bench.paper.bans == []


async def test_a_moderator_hears_that_the_ban_was_passed_on(bench: Bench) -> None:
    """Told the same whether the group takes it up at once or in its next round."""
    for number, code in enumerate(("ban_requested", "ban_queued")):
        reply = ReplyTo(PLATFORM, ROOM_A.room_id, "", "mod", purpose="moderation", about=str(number))
        await bench.group.tell(Answer(reply.token(), code, ()))
    await bench.settled()
    passed_on = "⏳ Your ban here was passed on: the group votes on it for all its rooms."
    assert bench.paper.texts(ROOM_A) == [passed_on, passed_on]
