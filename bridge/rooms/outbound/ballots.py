"""Ballots in the rooms: a message when one opens, kept up to date by edits, and a message with the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from bridge.model.adapter import BallotCard
from bridge.model.message import Author, Body
from bridge.model.notices import BallotClosed, BallotOpened, BallotTally, ChangeKind, ChangeNote
from bridge.model.text import clean_name, clock_time, duration, one_line
from bridge.rooms.ids import ballot_message_id
from bridge.rooms.outbound import authors
from bridge.rooms.outbound.coalescer import EditCoalescer
from bridge.rooms.outbound.payloads import Edit, Post
from bridge.rooms.outbound.writer import DeliveryWriter
from bridge.rooms.people import People
from bridge.storage import ballots, members

MAX_SHOWN: Final = 50
"""Changes listed in a message; a batch has at most 50 (protocol.md section 6)."""
_LAST: Final = 2**62
_BRIDGE: Final = Author("demls.bridge", "", "")
_Word = Callable[[ChangeNote, People], str]


class Opened(msgspec.Struct, frozen=True):
    """Kept in the table `ballots`: the text of the ballot's message, to which edits append, and its card."""

    text: str
    lines: tuple[str, ...] = ()
    """Empty in rows of the first release: their ballots have no card."""
    voters: int = 0
    deadline: int = 0

    def card(self, number: int, yes: int = 0, no: int = 0, result: str = "") -> BallotCard | None:
        """The ballot for platforms with controls."""
        if not self.lines:
            return None
        return BallotCard(number, self.lines, yes, no, self.voters, self.deadline, result)


class Closed(msgspec.Struct, frozen=True):
    """The result's message, and what it says in numbers."""

    text: str
    lines: tuple[str, ...] = ()
    passed: bool = False
    yes: int = 0
    no: int = 0
    voters: int = 0
    by_deadline: bool = False


class BallotNotices:
    """Words ballots. `prefix` is that of the commands."""

    def __init__(self, prefix: str, series: EditCoalescer) -> None:
        self._prefix = prefix
        self._series = series

    def opened(self, writer: DeliveryWriter, notice: BallotOpened) -> None:
        """The ballot's message, in every room of the group."""
        for change in notice.changes:
            if change.kind is ChangeKind.ADD and change.name:
                members.set_name(writer.tx, writer.group, change.subject, clean_name(change.name, ""))
        people = _people(writer, notice.changes)
        lines = tuple(_listed(notice.changes, people, question))
        text = self._question(notice, lines, writer.now)
        opened = Opened(text, lines, len(notice.voters), notice.deadline)
        ballots.record(writer.tx, writer.group, notice.ballot_id, msgspec.msgpack.encode(opened), writer.now)
        message_id = ballot_message_id(writer.group, notice.ballot_id)
        # So that nobody's chat passes for an edit of it.
        authors.remember(writer.tx, message_id, _BRIDGE, writer.now)
        post = Post(Body(text), ballot=opened.card(notice.ballot_id))
        for room in writer.rooms:
            writer.put(room, post, "ballot", notice.ballot_id, message_id=message_id)

    def tally(self, writer: DeliveryWriter, notice: BallotTally) -> None:
        """The count so far, by an edit; where there are no edits, nothing: rooms stay quiet."""
        count = f"So far: {notice.yes_count} yes, {notice.no_count} no, of {notice.voters}."
        self._update(writer, notice, count, notice.yes_count + notice.no_count)

    def closed(self, writer: DeliveryWriter, notice: BallotClosed) -> None:
        """The result, as a message under the ballot's, and by an edit of that."""
        people = _people(writer, notice.changes)
        result = _result(notice)
        self._update(writer, notice, result, _LAST)
        lines = tuple(_listed(notice.changes, people, _verdict(notice.passed)))
        text = "\n".join([f"🗳️ Vote {notice.ballot_id}: {result}", *lines])
        closed = Closed(
            text,
            lines,
            notice.passed,
            notice.yes_count,
            notice.no_count,
            notice.voters,
            notice.by_deadline,
        )
        ballots.close(writer.tx, writer.group, notice.ballot_id, msgspec.msgpack.encode(closed), writer.now)
        message_id = ballot_message_id(writer.group, notice.ballot_id)
        writer.say(text, "result", notice.ballot_id, reply_to=message_id)

    def _update(
        self, writer: DeliveryWriter, notice: BallotTally | BallotClosed, addition: str, step: int
    ) -> None:
        ballot_id = notice.ballot_id
        row = next((r for r in ballots.open_ones(writer.tx, writer.group) if r.ballot_id == ballot_id), None)
        if row is None:
            return  # one that we did not see open
        opened = msgspec.msgpack.decode(row.opened, type=Opened)
        result = addition if isinstance(notice, BallotClosed) else ""
        edit = Edit(
            target=ballot_message_id(writer.group, ballot_id),
            body=Body(f"{opened.text}\n{addition}"),
            or_post=False,
            series=f"{writer.group} {ballot_id}",
            step=step,
            ballot=opened.card(ballot_id, notice.yes_count, notice.no_count, result),
        )
        self._series.note(edit.series, step)
        for room in writer.rooms:
            writer.put(room, edit, "tally", ballot_id, step, message_id=edit.target)

    def _question(self, notice: BallotOpened, lines: tuple[str, ...], now: float) -> str:
        number, prefix = notice.ballot_id, self._prefix
        left = duration(notice.deadline - now)
        return "\n".join(
            [
                f"🗳️ Vote {number}",
                *lines,
                f"Members vote with `{prefix}vote {number} yes` or `{prefix}vote {number} no`"
                f" until {clock_time(notice.deadline)} ({left}). {len(notice.voters)} may vote.",
            ]
        )


def question(change: ChangeNote, people: People) -> str:
    """What is voted on, on one line: who proposed what, for whom, why."""
    who = people.full(change.subject)
    match change.kind:
        case ChangeKind.ADD:
            what = f"Shall {who} join?"
        case ChangeKind.REMOVE:
            what = f"Shall {who} be banned?"
        case ChangeKind.POLICY:
            what = "Shall the group's rules change" + (
                f" to: {one_line(change.name, 300)}?" if change.name else "?"
            )
    if change.requester == change.subject and change.requester:
        by = " Asked for by the same person."
    else:
        by = f" Proposed by {people.full(change.requester)}." if change.requester else ""
    reason = one_line(change.reason, 300)
    return f"{what}{by}" + (f" Reason: {reason}" if reason else "")


def _verdict(passed: bool) -> _Word:
    """What a result means for each change."""
    joins, stays = ("joins", "is banned") if passed else ("does not join", "stays")

    def word(change: ChangeNote, people: People) -> str:
        if change.kind is ChangeKind.POLICY:
            return "The group's rules change." if passed else "The group's rules stay as they are."
        return f"{people.full(change.subject)} {joins if change.kind is ChangeKind.ADD else stays}."

    return word


def _listed(changes: tuple[ChangeNote, ...], people: People, word: _Word) -> list[str]:
    lines = [word(change, people) for change in changes[:MAX_SHOWN]]
    more = len(changes) - MAX_SHOWN
    return [*lines, f"… and {more} more"] if more > 0 else lines


def _result(notice: BallotClosed) -> str:
    if notice.reason == "chain_unreachable":
        return "not decided: the chain that counts the votes could not be reached in time. Nothing changes."
    verdict = "passed" if notice.passed else "rejected"
    silent = notice.voters - notice.yes_count - notice.no_count
    count = f"{notice.yes_count} yes, {notice.no_count} no, of {notice.voters}"
    ended = (
        " The time is over" + (f"; {silent} did not vote." if silent > 0 else ".") if notice.by_deadline else ""
    )
    return f"{verdict}: {count}.{ended}"


def _people(writer: DeliveryWriter, changes: tuple[ChangeNote, ...]) -> People:
    addresses = [a for change in changes for a in (change.subject, change.requester) if a]
    return People.these(writer.tx, writer.group, addresses)
