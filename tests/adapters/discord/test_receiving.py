"""What people do on Discord, as the bridge gets it."""

from __future__ import annotations

import pytest

from bridge.model.adapter import InboundDelete, InboundMessage
from bridge.model.message import Author
from tests.adapters.suite import outgoing
from tests.support.discord_arena import DiscordArena
from tests.support.servers.discord.permissions import Permission


async def last(arena: DiscordArena) -> InboundMessage:
    """Write a last word; returns the message before it."""
    await arena.say("over")
    await arena.inbox.wait_for_text("over")
    return arena.inbox.messages[-2]


async def test_mentions_become_names(arena: DiscordArena) -> None:
    await arena.say(f"<@{arena.other.id}> see <#{arena.channel.id}> <:wow:77> <t:0:R> </vote:5>")
    assert (await last(arena)).body.plain == "@Victor see #general :wow: 1970-01-01 00:00 UTC /vote"


async def test_in_a_command_a_mention_is_the_exact_user(arena: DiscordArena) -> None:
    await arena.say(f"!ban <@{arena.other.id}> spam")
    assert (await last(arena)).body.plain == f"!ban {arena.other.id} spam"


async def test_files_and_stickers(arena: DiscordArena) -> None:
    arena.server.add_sticker(arena.guild, "wave")
    await arena.person.say(
        arena.channel, "look", attachments=[("a b.txt", b"hello", "text/plain")], stickers=["wave"]
    )
    message = await last(arena)
    first, sticker = message.body.plain.split("\n")
    assert first == "look"
    assert sticker.startswith("[sticker wave: http")
    [file] = message.attachments
    assert (file.media_type, file.size) == ("text/plain", 5)
    assert arena.adapter.holds(file)
    assert await arena.adapter.fetch(file, 100) == b"hello"
    with pytest.raises(Exception, match="larger"):
        await arena.adapter.fetch(file, 3)


async def test_a_reply_names_what_it_answers(arena: DiscordArena) -> None:
    ours = await arena.adapter.send(outgoing(arena, "k", "word " * 700))
    theirs = await arena.say("question")
    await arena.person.say(arena.channel, "answer", reply_to=arena.message(theirs))
    assert (await last(arena)).reply_to_event == theirs
    # The second part of a long message is the message.
    second = [m for m in arena.server.messages(arena.channel) if m.webhook_id][1]
    await arena.person.say(arena.channel, "to ours", reply_to=second)
    await arena.inbox.wait_for_text("to ours")
    assert arena.inbox.messages[-1].reply_to_event == ours


async def test_a_thread_belongs_to_its_channel(arena: DiscordArena) -> None:
    start = await arena.say("topic")
    thread = await arena.person.start_thread(arena.channel, "talk", arena.message(start))
    await arena.person.say(thread, "inside")
    message = await arena.inbox.wait_for_text("inside")
    assert (message.room, message.thread_event) == (arena.room, start)
    answer = await arena.adapter.send(outgoing(arena, "k", "answer", thread_event=start))
    reply = await arena.adapter.send(outgoing(arena, "k2", "reply", reply_to_event=message.event_id))
    assert [str(m.id) for m in arena.server.messages(thread)][1:] == [answer, reply]
    await arena.adapter.edit(outgoing(arena, "k", "changed"), answer)
    await arena.adapter.delete(arena.room, reply, "d", "")
    assert arena.server.texts(thread) == ["inside", "changed"]


async def test_a_reaction_taken_back_deletes_it(arena: DiscordArena) -> None:
    theirs = await arena.say("nice?")
    await arena.inbox.wait_for(1)
    for _ in range(2):
        await arena.react(theirs, "👍")
        await arena.person.unreact(arena.message(theirs), "👍")
    await arena.inbox.wait_for(5)
    first, second = arena.inbox.reactions
    assert first.event_id != second.event_id
    assert [each.target_event for each in arena.inbox.deletes] == [first.event_id, second.event_id]
    assert arena.inbox.deletes[0].author.user_id == str(arena.person.id)


async def test_other_bots_are_ignored(arena: DiscordArena) -> None:
    robot = arena.server.add_user("robot", arena.guild, bot=True)
    await arena.say("beep", robot)
    await arena.server.webhook_says(arena.server.add_webhook(arena.channel, "News"), "news", "Bob [elsewhere]")
    await arena.say("human")
    await arena.inbox.wait_for_text("human")
    assert arena.inbox.texts == ["human"]


async def test_other_bots_are_mirrored_when_the_settings_say_so(arena: DiscordArena) -> None:
    await arena.stop_adapter()
    arena.settings["mirror_bots"] = True
    await arena.start_adapter()
    await arena.adapter.send(outgoing(arena, "k", "ours"))
    await arena.server.webhook_says(arena.server.add_webhook(arena.channel, "News"), "news")
    message = await arena.inbox.wait_for_text("news")
    assert message.author.display_name == "News"
    assert arena.inbox.texts == ["news"]


async def test_edits_and_deletions_during_downtime(arena: DiscordArena) -> None:
    kept, changed, gone = [await arena.say(text) for text in ("kept", "changd", "gone")]
    await arena.inbox.wait_for(3)
    await arena.stop_adapter()
    await arena.edit(changed, "changed")
    await arena.delete(gone)
    await arena.say("new")
    await arena.start_adapter()
    await arena.inbox.wait_for(6)
    _, edit, new = arena.inbox.messages[2:]
    assert (edit.edits_event, edit.body.plain, new.body.plain) == (changed, "changed", "new")
    assert [each.target_event for each in arena.inbox.deletes] == [gone]
    assert kept not in {each.target_event for each in arena.inbox.deletes}
    assert arena.inbox.repeats == 0


async def test_more_than_a_page_is_missed(arena: DiscordArena) -> None:
    await arena.say("before")
    await arena.inbox.wait_for(1)
    await arena.stop_adapter()
    for index in range(250):
        await arena.say(f"missed {index}")
    await arena.start_adapter()
    await arena.inbox.wait_for(251)
    assert arena.inbox.texts == ["before", *(f"missed {index}" for index in range(250))]


async def test_a_thread_opened_during_downtime_is_read(arena: DiscordArena) -> None:
    start = await arena.say("topic")
    await arena.inbox.wait_for(1)
    await arena.stop_adapter()
    thread = await arena.person.start_thread(arena.channel, "talk", arena.message(start))
    await arena.person.say(thread, "first")
    await arena.person.say(thread, "second")
    await arena.start_adapter()
    await arena.inbox.wait_for_text("second")
    assert arena.inbox.texts == ["topic", "first", "second"]


async def test_what_was_written_before_the_link_is_not_ours(arena: DiscordArena) -> None:
    other = arena.server.add_channel(arena.guild, "old")
    old = await arena.person.say(other, "old")
    await arena.stop_adapter()
    arena.inbox.links.add(type(arena.room)("discord", str(other.id)))
    await arena.start_adapter()
    await arena.connected()
    await arena.person.edit(old, "old, edited")
    await arena.person.delete(old)
    await arena.person.say(other, "new")
    await arena.inbox.wait_for_text("new")
    assert len(arena.inbox.events) == 1


async def test_links_previews_are_no_edits_and_unlinked_channels_no_news(arena: DiscordArena) -> None:
    other = arena.server.add_channel(arena.guild, "elsewhere")
    await arena.person.say(other, "not ours")
    said = await arena.say("look: https://x.example")
    await arena.edit(said, "look: https://x.example")
    assert (await last(arena)).event_id == said


async def test_a_deletion_by_a_moderator_names_the_author(arena: DiscordArena) -> None:
    said = await arena.say("rude")
    await arena.inbox.wait_for(1)
    await arena.moderator.delete(arena.message(said))
    await arena.inbox.wait_for_delete(said)
    [delete] = arena.inbox.deletes
    assert isinstance(delete, InboundDelete)
    assert delete.author == Author("discord", str(arena.person.id), "Alice")


async def test_a_deleted_copy_is_no_news_and_its_edit_no_error(arena: DiscordArena) -> None:
    ours = await arena.adapter.send(outgoing(arena, "k", "ours"))
    await arena.moderator.delete(arena.message(ours))
    assert await arena.adapter.edit(outgoing(arena, "k", "changed"), ours) == ours
    await arena.say("over")
    await arena.inbox.wait_for_text("over")
    assert len(arena.inbox.events) == 1


async def test_history_that_cannot_be_read_is_reported(arena: DiscordArena) -> None:
    await arena.stop_adapter()
    arena.server.set_channel_permissions(arena.channel, deny=Permission.READ_MESSAGE_HISTORY)
    await arena.say("missed")
    await arena.start_adapter()
    await arena.connected()
    await arena.say("live")
    await arena.inbox.wait_for_text("live")
    health = arena.adapter.health()
    assert health.state == "degraded"
    assert "Read Message History" in health.detail
