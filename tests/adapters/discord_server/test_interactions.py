"""Slash commands, completion, buttons and forms, with discord.py's own command tree and views."""

from __future__ import annotations

import asyncio

import aiohttp
import discord
import pytest
from discord import app_commands

from tests.support.servers.discord.interactions import InteractionFailed
from tests.support.servers.discord.model import Channel, Guild
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.server import DiscordServer
from tests.support.servers.discord.watcher import Watcher

Inter = discord.Interaction[Watcher]


@pytest.fixture
async def commands(bot: Watcher, guild: Guild) -> None:
    """/ban (ephemeral), /vote with completion, /slow (deferred), /proposal list, /form."""

    @bot.tree.command(description="Propose a ban")
    async def ban(interaction: Inter, member: discord.Member, reason: str = "") -> None:
        await interaction.response.send_message(f"{member.display_name}: {reason}", ephemeral=True)
        await interaction.followup.send("more", ephemeral=True)

    @bot.tree.command(description="Vote")
    async def vote(interaction: Inter, proposal: str, yes: bool) -> None:
        await interaction.response.send_message(f"{proposal} {yes}")

    @vote.autocomplete("proposal")
    async def proposals(interaction: Inter, current: str) -> list[app_commands.Choice[str]]:
        return [
            app_commands.Choice(name=f"Ban {each}", value=each) for each in ("p1", "p2", "q") if current in each
        ]

    @bot.tree.command(description="Takes its time")
    async def slow(interaction: Inter, ephemeral: bool) -> None:
        await interaction.response.defer(ephemeral=ephemeral, thinking=True)
        await interaction.followup.send("done")

    @bot.tree.command(description="Never answers")
    async def silent(interaction: Inter) -> None:
        await asyncio.sleep(0)

    group = app_commands.Group(name="proposal", description="Proposals")

    @group.command(name="list", description="The open ones")
    async def listed(interaction: Inter) -> None:
        await interaction.response.send_message("none")

    class Form(discord.ui.Modal, title="Why?"):
        """A form with one text."""

        why: discord.ui.TextInput[Form] = discord.ui.TextInput(label="Reason", custom_id="why")

        async def on_submit(self, interaction: discord.Interaction) -> None:
            """Answer with the text."""
            await interaction.response.send_message(f"because {self.why.value}")

    @bot.tree.command(description="Asks why")
    async def form(interaction: Inter) -> None:
        await interaction.response.send_modal(Form(custom_id="form"))

    bot.tree.add_command(group)
    bot.tree.copy_global_to(guild=discord.Object(guild.id))
    await bot.tree.sync(guild=discord.Object(guild.id))


async def test_commands_are_registered(commands: None, server: DiscordServer, guild: Guild) -> None:
    names = {each["name"] for each in server.commands(guild)}
    assert names == {"ban", "vote", "slow", "silent", "proposal", "form"}
    assert server.commands() == []


async def test_an_ephemeral_answer(
    commands: None, server: DiscordServer, channel: Channel, alice: Person, moderator: Person
) -> None:
    answer = await alice.slash(channel, "ban", {"member": moderator, "reason": "spam"})
    assert (answer.text, answer.ephemeral, answer.kind) == ("molly: spam", True, 4)
    await server.wait_for(lambda: answer.followups)
    assert [each.content for each in alice.see(channel)] == ["molly: spam", "more"]
    assert moderator.see(channel) == server.messages(channel) == []
    with pytest.raises(LookupError):
        await alice.slash(channel, "ban", {})


async def test_completion(commands: None, channel: Channel, alice: Person) -> None:
    choices = await alice.autocomplete(channel, "vote", {"proposal": "p"}, focused="proposal")
    assert [(each["name"], each["value"]) for each in choices] == [("Ban p1", "p1"), ("Ban p2", "p2")]
    answer = await alice.slash(channel, "vote", {"proposal": "p1", "yes": True})
    assert (answer.text, answer.ephemeral) == ("p1 True", False)


@pytest.mark.parametrize("ephemeral", [True, False])
async def test_a_deferred_answer(commands: None, channel: Channel, alice: Person, ephemeral: bool) -> None:
    answer = await alice.slash(channel, "slow", {"ephemeral": ephemeral})
    assert (answer.kind, answer.text, answer.ephemeral) == (5, "done", ephemeral)


async def test_groups(commands: None, channel: Channel, alice: Person) -> None:
    assert (await alice.slash(channel, "proposal list")).text == "none"


async def test_a_form(commands: None, channel: Channel, alice: Person) -> None:
    form = await alice.slash(channel, "form")
    assert form.kind == 9
    assert (await alice.submit_modal(form, {"why": "so"})).text == "because so"


async def test_no_answer(server: DiscordServer, channel: Channel, alice: Person, commands: None) -> None:
    server.interactions.answer_seconds = 0.05
    with pytest.raises(InteractionFailed):
        await alice.slash(channel, "silent")


async def test_buttons(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel, alice: Person
) -> None:
    class Ballot(discord.ui.View):
        """YES counts and closes the card."""

        @discord.ui.button(label="YES", custom_id="vote:1:yes")
        async def yes(self, interaction: discord.Interaction, button: discord.ui.Button[Ballot]) -> None:
            """Close the card, and tell the voter alone."""
            button.disabled = True
            await interaction.response.edit_message(content="YES: 1", view=self)
            await interaction.followup.send("counted", ephemeral=True)

    card = await room.send("YES: 0", view=Ballot(timeout=None))
    stored = server.world.message(channel.id, card.id)
    answer = await alice.press_button(stored, "vote:1:yes")
    assert (answer.kind, stored.content) == (7, "YES: 1")
    told = (await server.wait_for(lambda: answer.followups))[0]
    assert (told.content, told.ephemeral, told.seen_by) == ("counted", True, alice.id)
    for button in ("vote:1:yes", "vote:1:no"):
        with pytest.raises(LookupError):
            await alice.press_button(stored, button)


async def test_a_token_lives_fifteen_minutes(
    bot: Watcher, server: DiscordServer, commands: None, channel: Channel, alice: Person
) -> None:
    await alice.slash(channel, "proposal list")
    interaction = await bot.hears("interaction")
    await interaction.edit_original_response(content="still")
    server.advance(15 * 60 + 1)
    with pytest.raises(discord.HTTPException) as dead:
        await interaction.edit_original_response(content="too late")
    assert (dead.value.status, dead.value.code) == (401, 50027)


async def test_one_first_answer(
    bot: Watcher, server: DiscordServer, commands: None, channel: Channel, alice: Person
) -> None:
    await alice.slash(channel, "proposal list")
    first = await bot.hears("interaction")
    url = f"{server.api_url}/interactions/{first.id}/{first.token}/callback"
    body = {"type": 4, "data": {"content": "again"}}
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 40060)
    assert server.texts(channel) == ["none"]
