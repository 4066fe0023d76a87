"""Discord, Matrix and the page through one running bridge: issue 5's sentences, one test each.

What discord.py meets is the local server of `tests.support.servers.discord`, labelled for what it is: our
reading of Discord's documentation. Everything else is real.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.bridges import COMMAND
from tests.support.discord_faults import GATEWAY, REST
from tests.support.platform_sides import Shown, Side, gets, loses, sees
from tests.support.servers.discord.model import Message
from tests.support.servers.synapse import Synapse
from tests.support.three_platforms import Three, Victim, all_up, button_ids, three_platforms
from tests.support.waiting import guard

pytestmark = pytest.mark.asyncio(loop_scope="module")
SIDES = ["discord", "matrix", "web"]
WRITERS = {"discord": "Alice", "matrix": "Carol", "web": "Wendy"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def three(tmp_path_factory: pytest.TempPathFactory, synapse_server: Synapse) -> AsyncIterator[Three]:
    """One setup for all tests of this file; each leaves Alice, Carol and Wendy members, and nobody else."""
    if not synapse_server.running:
        synapse_server.restart()
    async with three_platforms(tmp_path_factory.mktemp("three"), synapse_server) as made:
        yield made


@pytest.fixture(params=SIDES)
def source(three: Three, request: pytest.FixtureRequest) -> Side:
    """Each platform in turn."""
    return three.side(request.param)


# -- messages of every kind ----------------------------------------------------------------------------------


async def test_text_its_edit_and_its_deletion(three: Three, source: Side) -> None:
    said = await source.say(f"teh cat, from {source.name}")
    for side in three.others(source):
        await sees(side, f"teh cat, from {source.name}", writer=WRITERS[source.name])
    await source.edit(said, f"the cat, from {source.name}")
    for side in three.others(source):
        await sees(side, f"the cat, from {source.name}", writer=WRITERS[source.name])
        await loses(side, f"teh cat, from {source.name}")
    await source.delete(said)
    for side in three.others(source):
        await loses(side, f"the cat, from {source.name}")


async def test_a_reply_is_one_on_the_others(three: Three, source: Side) -> None:
    """To a message from elsewhere, so every platform answers its own copy."""
    asker = three.others(source)[0]
    await asker.say(f"question for {source.name}")
    asked = {side.name: (await sees(side, f"question for {source.name}")).id for side in three.sides}
    await source.say(f"answer of {source.name}", reply_to=asked[source.name])
    for side in three.others(source):
        answer = await sees(side, f"answer of {source.name}", writer=WRITERS[source.name])
        assert answer.reply_to == asked[side.name], side.name


async def test_a_reaction_and_its_taking_back(three: Three, source: Side) -> None:
    writer = three.others(source)[-1]
    await writer.say(f"like it, {source.name}?")
    shown = {side.name: (await sees(side, f"like it, {source.name}?")).id for side in three.sides}
    await source.react(shown[source.name], "👍")
    for side in three.others(source):
        await sees(side, f"like it, {source.name}?", lambda each: each.reactions == ("👍",))
    await source.unreact(shown[source.name], "👍")
    for side in three.others(source):
        await sees(side, f"like it, {source.name}?", lambda each: each.reactions == ())


async def test_a_file_from_discord(three: Three) -> None:
    content = bytes(range(256)) * 40
    await three.discord.person.say(
        three.discord.channel, "look at this", attachments=[("bytes.bin", content, "application/octet-stream")]
    )
    for side in (three.matrix, three.page):
        await sees(side, "look at this", writer="Alice")
        assert await gets(side, "bytes.bin") == content


async def test_a_file_from_matrix(three: Three) -> None:
    content = b"name,vote\n" * 300
    address = await three.matrix.person.upload(content, "text/csv")
    info = {"mimetype": "text/csv", "size": len(content)}
    event = {"msgtype": "m.file", "body": "list.csv", "filename": "list.csv", "url": address, "info": info}
    await three.matrix.person.event(three.matrix.room, "m.room.message", event)
    for side in (three.discord, three.page):
        assert await gets(side, "list.csv") == content


async def test_a_sticker_is_a_link(three: Three) -> None:
    three.server.add_sticker(three.discord.guild, "wave")
    await three.discord.person.say(three.discord.channel, "sticky", stickers=["wave"])
    for side in (three.matrix, three.page):
        assert "[sticker wave: http" in (await sees(side, "sticky", writer="Alice")).text


async def test_another_bots_embed_is_a_line_with_its_link(three: Three) -> None:
    helper = three.server.add_user("helper", three.discord.guild, bot=True)
    embed = {"title": "Release 7", "description": "It is out", "url": "https://example.org/7", "type": "rich"}
    await helper.say(three.discord.channel, "news", embeds=[embed])
    for side in (three.matrix, three.page):
        shown = await sees(side, "news", writer="helper")
        assert "[Release 7 It is out https://example.org/7]" in shown.text


@pytest.mark.parametrize("name", ["matrix", "web"])
async def test_long_text_is_one_message_in_parts(three: Three, name: str) -> None:
    source = three.side(name)
    words = [f"{name}-word-{index}" for index in range(400)]
    said = await source.say(" ".join(words))

    def parts() -> list[Message]:
        return [m for m in three.server.messages(three.discord.channel) if f"{name}-word-" in m.content]

    await sees(three.discord, words[-1])
    assert len(parts()) >= 3
    assert max(len(part.content) for part in parts()) <= 2_000
    assert " ".join(part.content for part in parts()).split() == words
    [other] = [side for side in three.others(source) if side is not three.discord]
    await sees(other, words[-1])
    await source.edit(said, f"{name}-word-short")
    await sees(three.discord, f"{name}-word-short")
    await three.server.wait_for(lambda: [part.content for part in parts()] == [f"{name}-word-short"])
    await source.delete(said)
    await three.server.wait_for(lambda: parts() == [])


async def test_a_thread_on_discord_is_one_on_matrix_and_back(three: Three) -> None:
    start = await three.discord.say("topic of the day")
    root = {side.name: (await sees(side, "topic of the day")).id for side in three.sides}
    thread = await three.discord.person.start_thread(
        three.discord.channel, "talk", three.discord.message(start)
    )
    await three.discord.person.say(thread, "said in the thread")
    for side in (three.matrix, three.page):
        assert (await sees(side, "said in the thread", writer="Alice")).thread == root[side.name], side.name
    await three.matrix.say("from matrix, in the thread", thread=root["matrix"])
    inside = await sees(three.discord, "from matrix, in the thread", writer="Carol")
    assert inside.thread == str(thread.id)
    assert (await sees(three.page, "from matrix, in the thread")).thread == root["web"]
    on_page = (await sees(three.page, "said in the thread")).id
    await three.page.say("from the page, in the thread", reply_to=on_page)
    assert (await sees(three.discord, "from the page, in the thread")).thread == str(thread.id)
    assert (await sees(three.matrix, "from the page, in the thread")).thread == root["matrix"]


async def test_a_thread_on_matrix_opens_one_on_discord(three: Three) -> None:
    start = await three.matrix.say("matrix begins")
    copy = await sees(three.discord, "matrix begins")
    await three.matrix.say("matrix goes on inside", thread=start)
    inside = await sees(three.discord, "matrix goes on inside", writer="Carol")
    assert inside.thread == copy.id


@pytest.mark.parametrize("name", ["matrix", "web"])
async def test_a_mention_is_mapped_and_nobody_is_rung(three: Three, name: str) -> None:
    await three.side(name).say(f"@Alice, @everyone and @here: {name} <@&{three.discord.guild.id}>")
    shown = three.discord.message((await sees(three.discord, f"here: {name}")).id)
    assert three.discord.person.mention in shown.content
    assert (shown.pings_everyone, shown.mentions) == (False, [])
    assert f"<@&{three.discord.guild.id}>" not in shown.content


async def test_a_mention_on_discord_is_a_name_elsewhere(three: Three) -> None:
    victor = three.victims["Victor"].discord
    await three.discord.say(f"ask {victor.mention} about it")
    for side in (three.matrix, three.page):
        assert "ask @Victor about it" in (await sees(side, "about it", writer="Alice")).text


# -- a vote on three platforms -------------------------------------------------------------------------------


async def banned_on_both(three: Three, victim: Victim) -> None:
    """Out of the MLS group, and of both platforms' rooms."""
    await three.out_of_the_group(victim)
    assert len(_status(three)["members"]) == 4, "the bridge itself, Alice, Carol and Wendy"
    assert victim.address not in _status(three)["members"]
    await three.is_banned_on_discord(victim)
    await three.matrix.person.wait_for_membership(three.matrix.room, victim.matrix.user_id, "ban")


def _status(three: Three) -> dict[str, list[str]]:
    """The group, as `demls-bridge status --json` prints it."""
    command = [*COMMAND, "status", "--json", "--config", str(three.bridge.config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout)["groups"][0])


@pytest.mark.parametrize(("name", "how"), [("Victor", "/ban"), ("Vera", "!ban")])
async def test_a_ban_voted_on_three_platforms_holds_on_both(three: Three, name: str, how: str) -> None:
    """n = 4, so three YES: a button on Discord, `!vote` on Matrix, a button of the page."""
    victim = three.victims[name]
    await three.admit(victim)
    if how == "/ban":
        asked = await three.discord.person.slash(
            three.discord.channel, "ban", {"member": victim.name, "reason": "spam"}
        )
        assert asked.ephemeral
    else:
        await three.matrix.say(f"!ban {victim.matrix.user_id} spam")
    ballot = await three.ballot()
    assert (ballot.kind, ballot.subjects) == ("remove", (victim.address,))
    answer = await three.press(ballot)
    assert answer.ephemeral
    assert answer.text
    await three.matrix.say(f"!vote {ballot.ballot_id} yes")
    card = await three.card(ballot)
    await three.server.wait_for(lambda: _field(card, "Yes") == "2")
    assert victim.address in (await three.bridge.group()).members, "two of four are not enough"
    await three.page.vote(ballot.ballot_id)
    await banned_on_both(three, victim)
    ban = three.server.bans(three.discord.guild)[victim.discord.id]
    assert ban.delete_message_seconds == 0
    assert "spam" in (ban.reason or "")
    for side in three.sides:
        await sees(side, f"{victim.name}", lambda each: "banned" in each.text and "spam" in each.text)
    await three.server.wait_for(lambda: button_ids(card) == [])
    assert _field(card, "Result").startswith("passed")


async def test_only_members_may_vote(three: Three) -> None:
    """A stranger who presses is told how to join, and not counted."""
    victim = three.victims["Rita"]
    stranger = three.server.add_user("sam", three.discord.guild, display_name="Sam")
    await victim.discord.say(three.discord.channel, "!join")
    ballot = await three.ballot()
    card = await three.card(ballot)
    answer = await stranger.press_button(card, f"demls:vote:{ballot.ballot_id}:yes")
    assert answer.ephemeral
    assert "!join" in answer.text
    assert (await three.ballot()).yes == ()
    for voter in (three.matrix, three.page):
        await voter.say(f"!vote {ballot.ballot_id} no")
    await three.bridge.until(lambda report: report.groups[0].ballot is None)
    assert len((await three.bridge.group()).voters) == 3


async def test_a_killed_bridge_goes_on_with_the_ballot(three: Three) -> None:
    """SIGKILL in the middle: the card stays the same, and a press after the restart counts."""
    victim = three.victims["Rita"]
    await three.admit(victim)
    await three.discord.say(f"!ban {victim.discord.mention} spam")
    ballot = await three.ballot()
    card = await three.card(ballot)
    await three.matrix.say(f"!vote {ballot.ballot_id} yes")
    await three.server.wait_for(lambda: _field(card, "Yes") == "1")
    three.bridge.kill()
    three.bridge.start()
    await three.bridge.until(all_up)
    assert (await three.ballot()).ballot_id == ballot.ballot_id
    assert await three.card(ballot) is card
    answer = await three.press(ballot)
    assert answer.ephemeral
    await three.server.wait_for(lambda: _field(card, "Yes") == "2")
    await three.page.vote(ballot.ballot_id)
    await banned_on_both(three, victim)
    await three.server.wait_for(lambda: button_ids(card) == [])
    assert _field(card, "Result").startswith("passed")
    cards = [m for m in three.server.messages(three.discord.channel) if m.content == card.content]
    assert cards == [card]


async def test_a_moderators_ban_is_proposed_to_the_group(three: Three) -> None:
    """Alice moderates on Discord: the group is asked in their name; what it votes holds on Matrix too."""
    victim = three.victims["Nick"]
    await three.admit(victim)
    await three.discord.person.ban(three.discord.guild, victim.discord, "flooding")
    ballot = await three.ballot()
    assert (ballot.kind, ballot.subjects) == ("remove", (victim.address,))
    membership = await three.matrix.person.membership(three.matrix.room, victim.matrix.user_id)
    assert membership == "join", "not before the vote"
    await three.press(ballot)
    await three.matrix.say(f"!vote {ballot.ballot_id} yes")
    await three.page.vote(ballot.ballot_id)
    await banned_on_both(three, victim)
    assert three.server.bans(three.discord.guild)[victim.discord.id].by == three.discord.person.id


def _field(card: Message, name: str) -> str:
    """What a card shows."""
    return str(next((each["value"] for each in card.embeds[0]["fields"] if each["name"] == name), ""))


# -- faults --------------------------------------------------------------------------------------------------

COUNT = 200


def numbers(shown: list[Shown], kind: str) -> list[int]:
    """The numbers of the messages `kind <number>.`, in the order in which the room shows them."""
    found = [re.search(rf"\b{kind} (\d+)\.", each.text) for each in shown]
    return [int(match[1]) for match in found if match]


async def test_under_every_fault_of_rest_200_messages_reach_discord_once_in_order(three: Three) -> None:
    """From Matrix; one switch after the other, while the messages flow."""
    faults = three.server.faults
    before = sum(faults.hit.values())
    switches = list(REST.values())
    every = COUNT // len(switches)
    for index in range(COUNT):
        if index % every == 0 and index // every < len(switches):
            # The ones before are through, so that each meets messages of its own.
            await sees(three.discord, f"out {index - 1}." if index else "")
            switches[index // every](faults)
        await three.matrix.say(f"out {index}.")
    await three.matrix.say("out, over")
    for side in (three.discord, three.page):
        await sees(side, "out, over", writer="Carol")
        assert numbers(await side.messages(), "out") == list(range(COUNT)), side.name
    assert sum(faults.hit.values()) - before == 13, "five switches hit two requests, three hit one"


async def test_under_every_fault_of_the_gateway_200_messages_come_from_discord_once_in_order(
    three: Three,
) -> None:
    """To Matrix and the page; a switch is thrown when the bridge has recovered from the one before."""
    switches = list(GATEWAY.values())
    every = COUNT // len(switches)
    for index in range(COUNT):
        if index % every == 0 and index // every < len(switches):
            await connected(three)
            switches[index // every](three.server.faults)
        await three.discord.say(f"in {index}.")
        await asyncio.sleep(0.01)
    await connected(three)
    await three.discord.say("in, over")
    for side in (three.matrix, three.page):
        await sees(side, "in, over", writer="Alice")
        assert numbers(await side.messages(), "in") == list(range(COUNT)), side.name
    assert three.server.resumes, "a lost socket was taken up again"
    assert {"late", "double", "malform"} <= set(three.server.faults.hit)


async def test_what_happens_while_the_bridge_is_dead_is_seen_afterwards(three: Three) -> None:
    """SIGKILL in the middle of what both write: nothing is lost or doubled; edits and deletions are found."""
    wrong, gone = await three.discord.say("wrnog before"), await three.discord.say("gone before")
    await sees(three.matrix, "gone before")
    for index in range(20):
        await three.discord.say(f"left {index}.")
        await three.matrix.say(f"right {index}.")
        if index == 10:
            three.bridge.kill()
    await three.discord.edit(wrong, "wrong before")
    await three.discord.delete(gone)
    three.bridge.start()
    await sees(three.matrix, "wrong before", writer="Alice")
    await loses(three.matrix, "gone before")
    await three.discord.say("left, over")
    await three.matrix.say("right, over")
    for side, kind in ((three.matrix, "left"), (three.discord, "right")):
        await sees(side, f"{kind}, over")
        assert numbers(await side.messages(), kind) == list(range(20)), side.name
    await sees(three.page, "left, over")
    await sees(three.page, "right, over")
    for kind in ("left", "right"):
        assert numbers(await three.page.messages(), kind) == list(range(20))


async def connected(three: Three) -> None:
    """Wait until the bot has a session."""
    async with guard():
        while not three.server.connected:
            await asyncio.sleep(0.05)
