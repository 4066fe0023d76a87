"""Threads, files and ballot cards on platforms that show them, and on those that do not."""

import dataclasses

from bridge.model.adapter import BallotCard, Capabilities, InboundDelete
from bridge.model.message import Attachment, Author
from bridge.model.notices import BallotClosed, BallotOpened, BallotTally, ChangeKind, ChangeNote
from tests.support.mirrors import ALL, PLATFORM, ROOM_A, ROOM_B, Bench

ALICE, BOB, CAROL = (bytes([number]) * 20 for number in (1, 2, 3))
BAN = ChangeNote(ChangeKind.REMOVE, BOB, ALICE, "spam")
FILES = tuple(Attachment(f"paper:{i}", f"{i}.png", "image/png", 9) for i in range(3))


async def shown_in_b(bench: Bench, count: int) -> None:
    await bench.until(lambda: len(bench.paper.rooms[ROOM_B]) >= count)
    await bench.settled()


async def test_a_thread_hangs_on_the_copy_of_its_root(bench: Bench) -> None:
    root = await bench.say(ROOM_A, "Alice", "topic")
    await shown_in_b(bench, 1)
    copy = bench.paper.rooms[ROOM_B][0].event_id
    await bench.say(ROOM_A, "Alice", "more", thread_event=root)
    await shown_in_b(bench, 2)
    assert bench.paper.rooms[ROOM_B][1].thread == copy
    await bench.say(ROOM_B, "Bob", "answer", thread_event=copy, reply_to_event=copy)
    await bench.until(lambda: bool(bench.paper.rooms[ROOM_A]))
    [answer] = bench.paper.rooms[ROOM_A]
    assert (answer.thread, answer.reply_to, answer.text) == (root, root, "Bob (guest): answer")


async def test_without_threads_it_is_a_reply_to_the_root_or_marked(bench: Bench) -> None:
    bench.paper.capabilities = dataclasses.replace(ALL, thread=False)
    root = await bench.say(ROOM_A, "Alice", "topic")
    await bench.say(ROOM_A, "Alice", "more", thread_event=root)
    await shown_in_b(bench, 2)
    first, second = bench.paper.rooms[ROOM_B]
    assert (second.reply_to, second.thread) == (first.event_id, "")
    bench.paper.capabilities = Capabilities()
    await bench.say(ROOM_A, "Alice", "and more", thread_event=root)
    await shown_in_b(bench, 3)
    assert bench.paper.texts(ROOM_B)[2] == "Alice (guest): 🧵 and more"


async def test_a_thread_whose_root_nobody_saw_is_marked(bench: Bench) -> None:
    await bench.say(ROOM_A, "Alice", "more", thread_event="before-our-time")
    await shown_in_b(bench, 1)
    assert bench.paper.texts(ROOM_B) == ["Alice (guest): 🧵 more"]


async def test_answers_to_commands_stay_in_the_thread(bench: Bench) -> None:
    command = await bench.say(ROOM_A, "Alice", "!status", thread_event="root")
    await bench.until(lambda: bool(bench.paper.rooms[ROOM_A]))
    [answer] = bench.paper.rooms[ROOM_A]
    assert (answer.thread, answer.reply_to) == ("root", command)


async def test_files_come_with_the_text_where_that_is_possible(bench: Bench) -> None:
    await bench.say(ROOM_A, "Alice", "look", attachments=FILES)
    await shown_in_b(bench, 1)
    [shown] = bench.paper.rooms[ROOM_B]
    assert shown.files == ("0.png", "1.png", "2.png")


async def test_files_are_parts_of_their_message(bench: Bench) -> None:
    bench.paper.capabilities = dataclasses.replace(ALL, files=2)
    event = await bench.say(ROOM_A, "Alice", "look", attachments=FILES)
    await shown_in_b(bench, 3)
    assert [(shown.text, shown.files) for shown in bench.paper.rooms[ROOM_B]] == [
        ("Alice (guest): look", ()),
        ("Alice (guest): ", ("0.png", "1.png")),
        ("Alice (guest): ", ("2.png",)),
    ]
    await bench.say(ROOM_A, "Alice", "look here", edits_event=event)
    await bench.until(lambda: bench.paper.texts(ROOM_B)[0] == "Alice (guest): look here")
    await bench.settled()
    assert len(bench.paper.rooms[ROOM_B]) == 3  # a shorter text takes no file away
    last = bench.paper.rooms[ROOM_B][2].event_id
    await bench.say(ROOM_B, "Bob", "nice", reply_to_event=last)
    await bench.until(lambda: bool(bench.paper.rooms[ROOM_A]))
    assert bench.paper.rooms[ROOM_A][0].reply_to == event
    alice = Author(PLATFORM, "alice", "Alice")
    await bench.mirror.accept("account", "", [InboundDelete("d1", ROOM_A, alice, event, 1)])
    await bench.until(lambda: not bench.paper.rooms[ROOM_B])


async def test_a_file_alone_has_no_empty_text_before_it(bench: Bench) -> None:
    bench.paper.capabilities = dataclasses.replace(ALL, files=1)
    await bench.say(ROOM_A, "Alice", "", attachments=FILES[:1])
    await shown_in_b(bench, 1)
    assert [shown.files for shown in bench.paper.rooms[ROOM_B]] == [("0.png",)]


async def test_a_ballot_is_a_card_that_follows_the_count(bench: Bench) -> None:
    await bench.group.tell(BallotOpened(7, (BAN,), ALICE, (ALICE, BOB, CAROL), 1_030))
    await bench.settled()
    [shown] = bench.paper.rooms[ROOM_A]
    card = shown.ballot
    assert card is not None
    assert (card.number, card.yes, card.no, card.voters, card.deadline, card.result) == (7, 0, 0, 3, 1_030, "")
    assert "be banned?" in card.question[0]
    await bench.group.tell(BallotTally(7, ALICE, True, 1, 0, 3))
    await bench.settled()
    assert shown.ballot == dataclasses.replace(card, yes=1)
    await bench.restart()  # the card's facts outlive the process
    await bench.group.tell(BallotClosed(7, (BAN,), True, 2, 0, 3, False))
    await bench.settled()
    assert shown.ballot == dataclasses.replace(card, yes=2, result="passed: 2 yes, 0 no, of 3.")


async def test_cards_are_kept_up_to_date_where_nothing_else_can_be_edited(bench: Bench) -> None:
    bench.paper.capabilities = Capabilities(ballot=True)
    await bench.group.tell(
        BallotOpened(7, (BAN,), ALICE, (ALICE, BOB, CAROL), 1_030), BallotTally(7, ALICE, True, 1, 0, 3)
    )
    await bench.settled()
    [shown] = bench.paper.rooms[ROOM_A]
    assert isinstance(shown.ballot, BallotCard)
    assert shown.ballot.yes == 1


async def test_no_cards_where_none_are_shown(bench: Bench) -> None:
    bench.paper.capabilities = dataclasses.replace(ALL, ballot=False)
    await bench.group.tell(BallotOpened(7, (BAN,), ALICE, (ALICE, BOB, CAROL), 1_030))
    await bench.settled()
    [shown] = bench.paper.rooms[ROOM_A]
    assert shown.ballot is None
    assert "Vote 7" in shown.text
