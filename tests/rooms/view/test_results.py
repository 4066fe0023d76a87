"""Results from what the mirror stores, of this release and of the first."""

from __future__ import annotations

import msgspec

from bridge.model.notices import BallotClosed, BallotOpened, ChangeKind, ChangeNote
from bridge.model.view import Result
from bridge.storage import ballots
from bridge.storage.store import Tx
from tests.support.mirrors import GROUP, ROOM_A
from tests.support.views import Outlook

ALICE, BOB, STEWARD = b"\2" * 20, b"\3" * 20, b"\1" * 20
CHANGES = (ChangeNote(ChangeKind.REMOVE, BOB, ALICE, "spam"),)


async def vote(outlook: Outlook, number: int, at: float, *, close: bool = True) -> None:
    """A ballot from beginning to end."""
    outlook.group.now = at
    await outlook.tell(BallotOpened(number, CHANGES, STEWARD, (ALICE, BOB), int(at) + 30))
    if close:
        outlook.group.now = at + 30
        await outlook.tell(BallotClosed(number, CHANGES, True, 1, 0, 2, by_deadline=True))


async def test_a_result_in_numbers_and_words(outlook: Outlook) -> None:
    await vote(outlook, 7, 1_000)
    (result,) = await outlook.view.results(ROOM_A)
    await outlook.bench.settled()
    assert result == Result(7, result.lines, True, 1, 0, 2, True, 1_030, result.text)
    question, answer = outlook.bench.paper.texts(ROOM_A)[:2]
    assert "spam" in result.lines[0]
    assert result.lines[0] in question
    assert result.text == answer


async def test_the_newest_first_and_no_open_ones(outlook: Outlook) -> None:
    for number in (1, 2, 3):
        await vote(outlook, number, 1_000 * number)
    await vote(outlook, 4, 9_000, close=False)
    assert [result.number for result in await outlook.view.results(ROOM_A)] == [3, 2, 1]
    assert [result.number for result in await outlook.view.results(ROOM_A, 2)] == [3, 2]
    assert [result.number for result in await outlook.view.results(ROOM_A, 0)] == [3]


async def test_rows_of_the_first_release(outlook: Outlook) -> None:
    opened = {"text": "🗳️ Vote 5\nShall Bob be banned?\nMembers vote with `!vote 5 yes` ..."}
    closed = {"text": "🗳️ Vote 5: rejected: 1 yes, 2 no, of 4. The time is over; 1 did not vote.\nBob stays."}

    def old_row(tx: Tx) -> None:
        ballots.record(tx, GROUP, 5, msgspec.msgpack.encode(opened), 1.0)
        ballots.close(tx, GROUP, 5, msgspec.msgpack.encode(closed), 2.0)

    await outlook.store(old_row)
    lines = ("Shall Bob be banned?",)
    expected = Result(5, lines, False, 1, 2, 4, True, 2, closed["text"])
    assert await outlook.view.results(ROOM_A) == [expected]


async def test_an_unreadable_row_hides_no_other(outlook: Outlook) -> None:
    def broken_row(tx: Tx) -> None:
        ballots.record(tx, GROUP, 5, b"\xc1", 1.0)
        ballots.close(tx, GROUP, 5, b"\xc1", 2.0)

    await outlook.store(broken_row)
    await vote(outlook, 7, 1_000)
    assert [result.number for result in await outlook.view.results(ROOM_A)] == [7]
