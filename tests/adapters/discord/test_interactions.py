"""Ballot cards, buttons and slash commands."""

from __future__ import annotations

import asyncio

import pytest

from bridge.model.adapter import BallotCard, InboundCommand, Outgoing
from bridge.model.commands import Value
from bridge.model.message import Body
from bridge.model.view import Ballot, Key, Member
from tests.support.discord_arena import DiscordArena
from tests.support.servers.discord.interactions import Answer
from tests.support.servers.discord.model import Message
from tests.support.servers.discord.permissions import Permission

QUESTION = "Shall **Victor** be banned?"


def card(yes: int = 0, no: int = 0, result: str = "") -> BallotCard:
    return BallotCard(12, (QUESTION,), yes, no, 3, 2_000_000_000, result)


def ballot(arena: DiscordArena, shown: BallotCard) -> Outgoing:
    return Outgoing("ballot", arena.room, Body(f"Vote 12\n{QUESTION}"), ballot=shown)


def fields(message: Message) -> dict[str, str]:
    return {each["name"]: each["value"] for each in message.embeds[0]["fields"]}


def button_ids(message: Message) -> list[str]:
    return [each["custom_id"] for row in message.components for each in row["components"]]


async def answered(
    arena: DiscordArena, asked: asyncio.Task[Answer], text: str
) -> tuple[InboundCommand, Answer]:
    """Answer what was asked as the bridge would, by its event id."""
    await arena.inbox.wait_for(1)
    event = arena.inbox.commands[-1]
    assert arena.inbox.messages == []  # what a control gives never becomes text
    reply = Outgoing(
        f"answer to {event.event_id}",
        arena.room,
        Body(text),
        reply_to_event=event.event_id,
        to_user=event.author.user_id,
    )
    await arena.adapter.send(reply)
    await arena.adapter.send(reply)
    return event, await asked


async def test_a_ballot_is_a_card_with_its_tally(arena: DiscordArena) -> None:
    event = await arena.adapter.send(ballot(arena, card()))
    message = arena.message(event)
    assert message.content == "Vote 12"
    assert button_ids(message) == ["demls:vote:12:yes", "demls:vote:12:no"]
    assert message.embeds[0]["description"] == r"Shall \*\*Victor\*\* be banned?"
    await arena.adapter.edit(ballot(arena, card(yes=2)), event)
    assert fields(arena.message(event)) == {
        "Yes": "2",
        "No": "0",
        "May vote": "3",
        "Ends": "<t:2000000000:R>",
    }
    await arena.adapter.edit(ballot(arena, card(yes=3, result="passed: 3 yes, 0 no, of 3.")), event)
    closed = arena.message(event)
    assert button_ids(closed) == []
    assert fields(closed)["Result"].startswith("passed")
    with pytest.raises(LookupError):
        await arena.person.press_button(closed, "demls:vote:12:yes")


async def test_without_embeds_the_text_says_it_all(arena: DiscordArena) -> None:
    arena.server.set_channel_permissions(arena.channel, deny=Permission.EMBED_LINKS)
    await arena.say("seen")  # the gateway told of the permission before this
    await arena.inbox.wait_for(1)
    event = await arena.adapter.send(ballot(arena, card()))
    message = arena.message(event)
    assert message.content == "Vote 12\nShall \\*\\*Victor\\*\\* be banned?"
    assert message.embeds == []
    assert len(button_ids(message)) == 2


@pytest.mark.parametrize("restart", [False, True])
async def test_a_press_is_a_vote_and_its_answer_is_private(arena: DiscordArena, restart: bool) -> None:
    event = await arena.adapter.send(ballot(arena, card()))
    if restart:
        await arena.stop_adapter()
        await arena.start_adapter()
        await arena.connected()
    asked = asyncio.create_task(arena.person.press_button(arena.message(event), "demls:vote:12:yes"))
    vote, answer = await answered(arena, asked, "Your vote is in.")
    assert (vote.name, vote.arguments) == ("vote", {"ballot": 12, "choice": "yes"})
    assert vote.author.user_id == arena.alice.user_id
    assert (answer.ephemeral, answer.text) == (True, "Your vote is in.")
    assert len(arena.server.messages(arena.channel)) == 1


async def test_slash_commands_are_the_declared_ones(arena: DiscordArena) -> None:
    registered = {each["name"]: each for each in arena.server.commands(arena.guild)}
    assert set(registered) == {spec.family for spec in arena.view.commands}
    assert [each["name"] for each in registered["vote"]["options"]] == ["choice", "ballot"]
    forms = {spec.name for spec in arena.view.commands if spec.family == "propose"}
    assert {f"propose {each['name']}" for each in registered["propose"]["options"]} == forms


@pytest.mark.parametrize(
    ("name", "given", "arguments"),
    [
        ("ban", {"member": "Bob Smith", "reason": "spam"}, {"member": "Bob Smith", "reason": "spam"}),
        ("ban", {"member": "<@!123>"}, {"member": "123"}),
        ("join", {}, {}),
        ("link", {"wallet": "0x" + "ab" * 20}, {"wallet": b"\xab" * 20}),
        ("propose voting", {"duration": 60}, {"duration": 60}),
        ("propose coordination", {"mode": "contract"}, {"mode": "contract"}),
        ("vote", {"choice": "no", "ballot": "18446744073709551615"}, {"choice": "no", "ballot": 2**64 - 1}),
    ],
)
async def test_a_slash_command_is_no_text(
    arena: DiscordArena, name: str, given: dict[str, str | int], arguments: dict[str, Value]
) -> None:
    asked = asyncio.create_task(arena.person.slash(arena.channel, name, given))
    event, answer = await answered(arena, asked, "Asked the group.")
    assert (event.name, event.arguments, event.room) == (name, arguments, arena.room)
    assert answer.ephemeral


async def test_what_is_no_value_is_said_at_once(arena: DiscordArena) -> None:
    answer = await arena.person.slash(arena.channel, "link", {"wallet": "me"})
    assert answer.ephemeral
    assert "wallet is written in hexadecimal digits" in answer.text
    assert arena.inbox.events == []


async def test_members_and_proposals_are_completed(arena: DiscordArena) -> None:
    arena.view.members = (Member(b"\x11" * 20, "Bob", Key.OWN), Member(b"\x22" * 20, "Carol", Key.OWN))
    arena.view.ballot = Ballot(12, (), (QUESTION,), (), (), (), 0, b"")
    found = await arena.person.autocomplete(arena.channel, "ban", {"member": "bo"}, focused="member")
    assert [(each["name"], each["value"]) for each in found] == [("Bob (0x1111…1111)", "0x" + "11" * 20)]
    found = await arena.person.autocomplete(arena.channel, "vote", {"ballot": ""}, focused="ballot")
    assert [each["value"] for each in found] == ["12"]


async def test_several_answers_stand_in_one_message(arena: DiscordArena) -> None:
    asked = asyncio.create_task(arena.person.slash(arena.channel, "join"))
    event, answer = await answered(arena, asked, "one")
    for text in ("two", "three"):
        await arena.adapter.send(
            Outgoing(text, arena.room, Body(text), reply_to_event=event.event_id, to_user=event.author.user_id)
        )
    shown = [each for each in arena.person.see(arena.channel) if each.ephemeral]
    assert [each.content for each in shown] == ["one\n\ntwo\n\nthree"]
    assert answer.ephemeral


async def test_an_answer_after_the_token_died_stands_in_the_channel(arena: DiscordArena) -> None:
    asked = asyncio.create_task(arena.person.slash(arena.channel, "join"))
    event, _ = await answered(arena, asked, "one")
    arena.server.advance(16 * 60)
    late = Outgoing(
        "late", arena.room, Body("late"), reply_to_event=event.event_id, to_user=event.author.user_id
    )
    await arena.adapter.send(late)
    [message] = arena.server.messages(arena.channel)
    assert message.content == f"<@{arena.person.id}> late"
    assert message.mentions == []


async def test_an_answer_after_a_restart_stands_in_the_channel(arena: DiscordArena) -> None:
    asked = asyncio.create_task(arena.person.slash(arena.channel, "join"))
    await arena.inbox.wait_for(1)
    event = arena.inbox.commands[-1]
    await arena.stop_adapter()
    await arena.start_adapter()
    await arena.adapter.send(
        Outgoing("k", arena.room, Body("in"), reply_to_event=event.event_id, to_user=event.author.user_id)
    )
    assert arena.server.texts(arena.channel) == [f"<@{arena.person.id}> in"]
    asked.cancel()


async def test_in_an_unlinked_channel_the_person_is_told(arena: DiscordArena) -> None:
    other = arena.server.add_channel(arena.guild, "other")
    answer = await arena.person.slash(other, "join")
    assert answer.ephemeral
    assert "linked to no group" in answer.text
    assert arena.inbox.events == []


async def test_a_prefix_command_is_answered_under_it(arena: DiscordArena) -> None:
    said = await arena.say("!vote 12 yes")
    event = await arena.inbox.wait_for_text("!vote 12 yes")
    assert event.event_id == said
    shown = await arena.adapter.send(
        Outgoing("k", arena.room, Body("Use `!vote 12 yes`."), reply_to_event=said, to_user=arena.alice.user_id)
    )
    message = arena.message(shown)
    assert (message.content, str(message.reference)) == ("Use `!vote 12 yes`.", said)
