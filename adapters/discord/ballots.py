"""Ballots as cards: an embed that shows the tally, and two buttons whose custom ids say all that is needed."""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from adapters.discord import markdown
from bridge.model.adapter import BallotCard

MAX_DESCRIPTION = 4_000
"""Characters of an embed's text; Discord allows 4,096."""
_OPEN = discord.Colour.blurple()
_PASSED = discord.Colour.green()
_FAILED = discord.Colour.red()


class VoteButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"demls:vote:(?P<number>[0-9]{1,20}):(?P<choice>yes|no)",
):
    """YES or NO on one ballot. Works after a restart: nothing about it is kept in memory."""

    def __init__(self, number: int, choice: str) -> None:
        style = discord.ButtonStyle.success if choice == "yes" else discord.ButtonStyle.danger
        super().__init__(
            discord.ui.Button(label=choice.upper(), style=style, custom_id=f"demls:vote:{number}:{choice}")
        )
        self.number = number
        self.choice = choice

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew for every press."""
        return cls(int(match["number"]), match["choice"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """A press is the command `vote`, in this ballot whichever is open by now."""
        await interaction.client.asked(interaction, "vote", {"ballot": self.number, "choice": self.choice})


def buttons(card: BallotCard) -> discord.ui.View | None:
    """YES and NO while the ballot is open."""
    if card.result:
        return None
    view = discord.ui.View(timeout=None)
    for choice in ("yes", "no"):
        view.add_item(VoteButton(card.number, choice))
    view.stop()  # the library need not keep it: presses find their way by the template
    return view


def embed(card: BallotCard) -> discord.Embed:
    """The question, the count, and until when; at the end the result."""
    lines = "\n".join(markdown.escape(line) for line in card.question)
    if len(lines) > MAX_DESCRIPTION:
        lines = lines[: MAX_DESCRIPTION - 1] + "…"
    shown = discord.Embed(title=f"Vote {card.number}", description=lines, colour=_colour(card))
    shown.add_field(name="Yes", value=str(card.yes))
    shown.add_field(name="No", value=str(card.no))
    shown.add_field(name="May vote", value=str(card.voters))
    if card.result:
        shown.add_field(name="Result", value=markdown.escape(card.result)[:1024], inline=False)
    else:
        # Discord writes the time in everybody's own zone.
        shown.add_field(name="Ends", value=f"<t:{card.deadline}:R>", inline=False)
    return shown


def _colour(card: BallotCard) -> discord.Colour:
    if not card.result:
        return _OPEN
    return _PASSED if card.result.casefold().startswith("passed") else _FAILED
