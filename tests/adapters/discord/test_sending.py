"""What the bridge shows on Discord."""

from __future__ import annotations

import pytest

from bridge.model.adapter import Outgoing, Rejected
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Attachment, Author, Body
from bridge.model.view import Key, Member
from tests.adapters.suite import deliver, outgoing
from tests.support.discord_arena import DiscordArena
from tests.support.servers.discord.permissions import Permission

MIB = 1024 * 1024


def file(name: str, size: int, reference: str = "https://x.example/f") -> Attachment:
    return Attachment(reference, name, "text/plain", size)


def without_webhooks(arena: DiscordArena) -> None:
    arena.server.set_permissions(arena.guild, Permission.BOT_DEFAULT & ~Permission.MANAGE_WEBHOOKS)


async def test_a_webhook_shows_name_mark_and_picture(arena: DiscordArena) -> None:
    bob = Author("matrix", "@bob:x", "Bob", avatar="https://x.example/bob.png")
    await arena.adapter.send(Outgoing("k", arena.room, Body("hi"), bob))
    [message] = arena.server.messages(arena.channel)
    assert message.author.name == "Bob [Matrix]"
    assert message.author.avatar
    assert message.webhook_id
    assert message.allowed_mentions == {"parse": []}


async def test_the_webhook_is_made_once_and_found_again(arena: DiscordArena) -> None:
    await arena.adapter.send(outgoing(arena, "a", "one"))
    await arena.stop_adapter()
    await arena.start_adapter()
    await arena.adapter.send(outgoing(arena, "b", "two"))
    assert len(arena.server.webhooks(arena.channel)) == 1


async def test_a_deleted_webhook_is_replaced(arena: DiscordArena) -> None:
    await arena.adapter.send(outgoing(arena, "a", "one"))
    arena.server.world.webhooks.clear()
    await deliver(arena, outgoing(arena, "b", "two"))
    assert arena.server.texts(arena.channel) == ["one", "two"]


@pytest.mark.parametrize("full", [False, True])
async def test_without_a_webhook_the_name_is_a_prefix(arena: DiscordArena, full: bool) -> None:
    if full:
        for index in range(15):
            arena.server.add_webhook(arena.channel, f"hook {index}")
    else:
        without_webhooks(arena)
    event = await arena.adapter.send(outgoing(arena, "k", "draft"))
    assert arena.server.texts(arena.channel) == ["**Bob** [elsewhere]: draft"]
    await arena.adapter.edit(outgoing(arena, "k", "final"), event)
    assert arena.server.texts(arena.channel) == ["**Bob** [elsewhere]: final"]
    assert "webhook" in arena.adapter.health().detail
    await arena.adapter.delete(arena.room, event, "d", "")
    assert arena.server.texts(arena.channel) == []


async def test_the_form_of_a_message_outlives_a_restart(arena: DiscordArena) -> None:
    by_hook = await arena.adapter.send(outgoing(arena, "a", "one"))
    by_bot = await arena.adapter.send(Outgoing("b", arena.room, Body("two")))
    await arena.stop_adapter()
    await arena.start_adapter()
    await arena.adapter.edit(outgoing(arena, "a", "1"), by_hook)
    await arena.adapter.edit(Outgoing("b", arena.room, Body("2")), by_bot)
    assert arena.server.texts(arena.channel) == ["1", "2"]


async def test_a_long_message_is_one_to_edit_and_delete(arena: DiscordArena) -> None:
    words = [f"word{index}" for index in range(800)]
    event = await arena.adapter.send(outgoing(arena, "k", " ".join(words)))
    texts = arena.server.texts(arena.channel)
    assert len(texts) > 2
    assert all(len(text) <= 2_000 for text in texts)
    assert " ".join(texts).split() == words
    await arena.adapter.edit(outgoing(arena, "k", "short"), event)
    assert arena.server.texts(arena.channel) == ["short"]
    await arena.adapter.edit(outgoing(arena, "k", "x" * 3_000), event)
    assert [len(text) for text in arena.server.texts(arena.channel)] == [1_996, 1_004]
    await arena.adapter.delete(arena.room, event, "d", "")
    assert arena.server.texts(arena.channel) == []


async def test_replies(arena: DiscordArena) -> None:
    theirs = await arena.say("question")
    await arena.inbox.wait_for(1)
    event = await arena.adapter.send(outgoing(arena, "a", "answer", reply_to_event=theirs))
    lead, text = arena.message(event).content.split("\n")
    assert lead.startswith("-# ↪ [Alice](<https://discord.com/channels/")
    assert text == "answer"
    await arena.adapter.edit(outgoing(arena, "a", "better"), event)
    assert arena.message(event).content == f"{lead}\nbetter"
    without_author = Outgoing("b", arena.room, Body("done"), reply_to_event=theirs, to_user=arena.alice.user_id)
    assert str(arena.message(await arena.adapter.send(without_author)).reference) == theirs


async def test_nobody_is_called_and_linked_people_are_named(arena: DiscordArena) -> None:
    arena.view.members = (Member(b"\1" * 20, "Alice", Key.OWN, accounts=(arena.alice,)),)
    text = f"@Alice @everyone @here <@{arena.other.id}> <@&1> **x**"
    await arena.adapter.send(outgoing(arena, "k", text))
    [message] = arena.server.messages(arena.channel)
    assert message.content.startswith(f"<@{arena.person.id}> ")
    assert "@everyone" not in message.content
    assert f"<@{arena.other.id}>" not in message.content
    assert message.mentions == []


async def test_html_is_shown_as_markdown(arena: DiscordArena) -> None:
    message = Outgoing("k", arena.room, Body("*x*", "<em>x</em> <b>y</b>"), Author("matrix", "@b:x", "Bob"))
    await arena.adapter.send(message)
    assert arena.server.texts(arena.channel) == ["*x* **y**"]


async def test_small_files_are_uploaded_and_large_ones_linked(arena: DiscordArena) -> None:
    arena.view.files = {"https://x.example/small": b"hello"}
    files = (
        file("small.txt", 5, "https://x.example/small"),
        file("large.bin", 11 * MIB, "https://x.example/large"),
        file("lost.bin", 7, "mxc://x/lost"),
    )
    event = await arena.adapter.send(outgoing(arena, "k", "see", attachments=files))
    [message] = arena.server.messages(arena.channel)
    assert [(each.filename, each.data) for each in message.attachments] == [("small.txt", b"hello")]
    assert message.content.split("\n") == [
        "see",
        "📎 [large.bin](https://x.example/large) (11.0 MiB)",
        "📎 lost.bin (7 bytes): mxc://x/lost",
    ]
    await arena.adapter.edit(outgoing(arena, "k", "look"), event)
    assert arena.message(event).content.startswith("look\n📎 [large.bin]")
    assert len(arena.message(event).attachments) == 1


async def test_files_that_are_refused_for_their_size_become_links(arena: DiscordArena) -> None:
    arena.view.files = {"https://x.example/f": b"hello"}
    arena.server.faults.fail_before("/webhooks/", status=413, method="POST")
    await arena.adapter.send(outgoing(arena, "k", "see", attachments=(file("a.txt", 5),)))
    assert arena.server.texts(arena.channel) == ["see\n📎 [a.txt](https://x.example/f) (5 bytes)"]


async def test_a_file_outlives_an_edit_to_fewer_parts(arena: DiscordArena) -> None:
    arena.view.files = {"https://x.example/f": b"hello"}
    event = await arena.adapter.send(outgoing(arena, "k", "x " * 1_500, attachments=(file("a.txt", 5),)))
    await arena.adapter.edit(outgoing(arena, "k", "short"), event)
    [message] = arena.server.messages(arena.channel)
    assert (message.content, len(message.attachments)) == ("short", 1)
    await arena.say("over")
    await arena.inbox.wait_for_text("over")
    assert len(arena.inbox.events) == 1  # the deleted second part was ours


async def test_a_name_that_discord_refuses_costs_the_webhook_only(arena: DiscordArena) -> None:
    arena.server.faults.fail_before("/webhooks/", status=400, method="POST")
    await arena.adapter.send(outgoing(arena, "k", "hi"))
    assert arena.server.texts(arena.channel) == ["**Bob** [elsewhere]: hi"]


async def test_a_thread_is_opened_where_there_is_none(arena: DiscordArena) -> None:
    theirs = await arena.say("topic")
    event = await arena.adapter.send(outgoing(arena, "k", "inside", thread_event=theirs))
    [thread] = arena.server.threads(arena.channel)
    assert str(thread.id) == theirs
    assert [str(each.id) for each in arena.server.messages(thread)] == [event]


async def test_a_thread_that_cannot_be_opened_is_a_reply(arena: DiscordArena) -> None:
    theirs = await arena.say("topic")
    arena.server.set_channel_permissions(arena.channel, deny=Permission.CREATE_PUBLIC_THREADS)
    event = await arena.adapter.send(outgoing(arena, "k", "inside", thread_event=theirs))
    assert theirs in arena.message(event).content.split("\n")[0]


async def test_a_send_bears_a_short_nonce(arena: DiscordArena) -> None:
    event = await arena.adapter.send(Outgoing("k" * 64, arena.room, Body("x")))
    assert len(str(arena.message(event).nonce)) == 25


async def test_a_file_alone_needs_no_text(arena: DiscordArena) -> None:
    arena.view.files = {"https://x.example/f": b"hello"}
    await arena.adapter.send(outgoing(arena, "k", "", attachments=(file("a.txt", 5),)))
    [message] = arena.server.messages(arena.channel)
    assert (message.content, len(message.attachments)) == ("", 1)


async def test_what_is_no_emoji_is_said_in_words(arena: DiscordArena) -> None:
    theirs = await arena.say("hm")
    await arena.adapter.react(arena.room, theirs, "well done", "r1")
    [_, words] = arena.server.messages(arena.channel)
    assert (words.content, str(words.reference)) == ("reacted: well done", theirs)


async def test_a_reaction_goes_with_the_last_who_gave_it(arena: DiscordArena) -> None:
    theirs = await arena.say("nice?")
    first = await arena.adapter.react(arena.room, theirs, "👍", "r1")
    second = await arena.adapter.react(arena.room, theirs, "👍", "r2")
    await arena.adapter.delete(arena.room, first, "d1", "")
    assert await arena.reactions(theirs) == ["👍"]
    await arena.adapter.delete(arena.room, second, "d2", "")
    assert await arena.reactions(theirs) == []


async def test_missing_permissions_are_named(arena: DiscordArena) -> None:
    arena.server.set_permissions(
        arena.guild,
        Permission.BOT_DEFAULT
        & ~(Permission.SEND_MESSAGES | Permission.BAN_MEMBERS | Permission.MANAGE_WEBHOOKS),
    )
    with pytest.raises(Rejected, match="Missing Permissions"):
        await arena.adapter.send(outgoing(arena, "k", "x"))
    with pytest.raises(Rejected, match="'Ban Members'"):
        await arena.adapter.ban(arena.room, arena.victim, "")


@pytest.mark.parametrize("room", ["general", "1"])
async def test_a_room_that_is_none_is_refused(arena: DiscordArena, room: str) -> None:
    with pytest.raises(Rejected, match="channel"):
        await arena.adapter.send(Outgoing("k", RoomRef("discord", room), Body("x")))


async def test_a_user_that_is_none_is_no_error(arena: DiscordArena) -> None:
    await arena.adapter.ban(arena.room, UserRef("discord", "4"), "gone")
    with pytest.raises(Rejected, match="no Discord user"):
        await arena.adapter.ban(arena.room, UserRef("discord", "@bob:x"), "")
