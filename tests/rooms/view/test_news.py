"""Listeners hear what is committed, in order, with what became of the messages written in their room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge.conversation.ports import Request, SendChat
from bridge.model.ids import RoomRef, UserRef
from bridge.model.notices import Answer, Chat, ChatDropped, ChatSent, Notice, SelfRemoved
from bridge.model.view import News
from bridge.rooms.ids import ReplyTo
from tests.support.mirrors import PLATFORM, ROOM_A, ROOM_B
from tests.support.views import Heard, Outlook


def wait_for_working(request: Request) -> Sequence[Notice]:
    """Chat is kept back."""
    return [Chat(request.message, waiting=True)] if isinstance(request, SendChat) else []


async def test_a_message_is_news_in_every_room_and_own_where_it_was_written(outlook: Outlook) -> None:
    heard = Heard()
    outlook.view.watch(heard)
    event = await outlook.bench.say(ROOM_A, "Alice", "hello")
    await outlook.until(lambda: bool(heard.items(ROOM_A) and heard.items(ROOM_B)))
    assert heard.own(ROOM_A) == [(event, "sent", "")]
    assert heard.own(ROOM_B) == []
    (chat,) = heard.items(ROOM_B)
    assert isinstance(chat, Chat)
    assert chat.message.body.plain == "hello"


async def test_a_waiting_message_is_followed_to_its_end(outlook: Outlook) -> None:
    heard = Heard()
    outlook.view.watch(heard)
    outlook.group.script = wait_for_working
    first = await outlook.bench.say(ROOM_A, "Alice", "goes")
    second = await outlook.bench.say(ROOM_A, "Alice", "is lost")
    await outlook.until(lambda: len(heard.own(ROOM_A)) == 2)
    ids = [request.message.message_id for request in outlook.group.requests if isinstance(request, SendChat)]
    await outlook.tell(ChatSent(ids[0]), ChatDropped(ids[1], "too\nold"))
    await outlook.until(lambda: len(heard.own(ROOM_A)) == 4)
    assert heard.own(ROOM_A) == [
        (first, "waiting", ""),
        (second, "waiting", ""),
        (first, "sent", ""),
        (second, "dropped", "too old"),
    ]
    assert heard.own(ROOM_B) == []


async def test_the_order_is_that_of_the_commits(outlook: Outlook) -> None:
    heard = Heard()
    outlook.view.watch(heard)
    events = [await outlook.bench.say(ROOM_A, "Alice", f"number {n}") for n in range(30)]
    await outlook.until(lambda: len(heard.own(ROOM_A)) == len(events))
    assert [event for event, _, _ in heard.own(ROOM_A)] == events


async def test_a_listener_that_raises_hurts_nobody(outlook: Outlook) -> None:
    calls: list[RoomRef] = []

    def broken(room: RoomRef, news: Sequence[News]) -> None:
        calls.append(room)
        raise RuntimeError("a fault of the page")

    heard = Heard()
    outlook.view.watch(broken)
    outlook.view.watch(heard)
    for epoch in (1, 2):
        await outlook.tell(SelfRemoved(epoch))
    await outlook.until(lambda: len(heard.items(ROOM_B)) == 2)
    assert len(calls) == 4


async def test_who_stops_hears_no_more(outlook: Outlook) -> None:
    stopped, heard = Heard(), Heard()
    stop = outlook.view.watch(stopped)
    outlook.view.watch(heard)
    stop()
    stop()
    await outlook.tell(SelfRemoved(1))
    await outlook.until(lambda: bool(heard.items(ROOM_B)))
    assert stopped.calls == []


async def test_other_platforms_rooms_are_not_told(outlook: Outlook) -> None:
    other, heard = Heard(), Heard()
    outlook.news.watch("other", other)
    outlook.view.watch(heard)
    await outlook.tell(SelfRemoved(1))
    await outlook.until(lambda: bool(heard.items(ROOM_B)))
    assert other.calls == []


async def test_answers_stay_in_the_room_of_the_question(outlook: Outlook) -> None:
    heard = Heard()
    outlook.view.watch(heard)
    asked = ReplyTo.to(ROOM_A, "event", UserRef(PLATFORM, "alice")).token()
    await outlook.tell(Answer(asked, "joined"), Answer("nonsense", "joined"), SelfRemoved(1))
    await outlook.until(lambda: SelfRemoved(1) in heard.items(ROOM_B))
    assert heard.items(ROOM_B) == [SelfRemoved(1)]
    assert heard.items(ROOM_A) == [Answer(asked, "joined"), SelfRemoved(1)]


async def test_what_changes_without_a_notice_is_a_call_without_news(outlook: Outlook) -> None:
    heard = Heard()
    outlook.view.watch(heard)
    outlook.group.current = replace(outlook.group.current, refused={"replayed": 3})
    await outlook.tell()
    outlook.group.current = replace(outlook.group.current, transport="down: nobody there")
    await outlook.until(lambda: len(heard.calls) >= 2)
    assert heard.calls == [(ROOM_A, ()), (ROOM_B, ())], "a count of refusals is nothing to show"
