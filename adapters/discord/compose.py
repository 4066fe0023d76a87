"""From what the bridge wants to say to the texts of Discord messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import discord

from adapters.discord import markdown, names
from adapters.discord.splitting import LIMIT, split, units
from bridge.model.adapter import Outgoing
from bridge.model.message import Attachment

WAITING = "⏳"


@dataclass(frozen=True, slots=True)
class Surround:
    """Lines that are no part of the text: before it what is replied to, behind it files as links."""

    lead: str = ""
    tail: str = ""


def texts(
    message: Outgoing,
    around: Surround,
    people: Mapping[str, str],
    *,
    as_author: bool,
    as_card: bool = False,
) -> tuple[str, ...]:
    """The parts, each of at most 2,000 characters; one empty part when there is nothing but files or a card.

    `as_card`: an embed says the rest, so the first line is enough (it is what notifications show).
    `as_author`: a webhook speaks under the author's name, so the text needs no prefix. `people`: case-folded
    names of members who have a Discord account, with its id.
    """
    text = _body(message, people)
    if as_card:
        text = text.partition("\n")[0]
    if message.author is not None and not as_author:
        name = markdown.escape(names.sanitised(message.author.display_name))
        text = f"**{name}** [{names.mark(message.author)}]: {text}"
    if message.to_user and message.reply_to_event.startswith("i:"):
        # The answer to a slash command that can no longer be shown to the one person alone.
        text = f"<@{message.to_user}> {text}" if message.to_user.isdigit() else text
    if around.lead:
        text = f"{around.lead}\n{text}"
    if around.tail:
        text = f"{text}\n{around.tail}"
    mark = f" {WAITING}" if message.waiting else ""
    parts = split(text)
    if not parts:
        return (mark.strip(),)
    if mark and units(parts[-1]) + units(mark) > LIMIT:
        parts = split(text, LIMIT - units(mark))
    return (*parts[:-1], parts[-1] + mark)


def _body(message: Outgoing, people: Mapping[str, str]) -> str:
    if message.body.html:
        converted = markdown.from_html(message.body.html, people)
        if converted:
            return converted
    native = message.author is not None and message.author.platform == "discord"
    return markdown.escape(message.body.plain, people, keep_markup=native)


def reply_line(guild: int, place: int, message: int, name: str) -> str:
    """A webhook cannot reply; a small linked line says to what."""
    shown = markdown.escape(name or "a message").replace("[", "(").replace("]", ")")
    return f"-# ↪ [{shown}](<https://discord.com/channels/{guild}/{place}/{message}>)"


def file_lines(files: Sequence[Attachment]) -> str:
    """Files that are not uploaded: name, size and where they lie."""
    return "\n".join(_file_line(each) for each in files)


def _file_line(file: Attachment) -> str:
    name = markdown.escape(" ".join(file.name.split())[:200] or "file").replace("[", "(").replace("]", ")")
    reference = file.reference
    if reference.startswith(("https://", "http://")) and not any(c in reference for c in " <>)"):
        return f"📎 [{name}]({reference}) ({size_text(file.size)})"
    return f"📎 {name} ({size_text(file.size)}): {markdown.escape(reference)}"


def size_text(size: int) -> str:
    """`12 bytes`, `3.4 KiB`, `10.0 MiB`."""
    if size < 1024:
        return f"{size} bytes"
    if size < 1024 * 1024:
        return f"{size / 1024:.1f} KiB"
    return f"{size / 1024 / 1024:.1f} MiB"


def ephemeral(texts_: Sequence[str]) -> str:
    """All answers to one person so far in one message; the newest when they do not fit."""
    whole = "\n\n".join(texts_)
    if units(whole) <= LIMIT:
        return whole
    return split(texts_[-1], LIMIT)[0]


NO_MENTIONS = discord.AllowedMentions.none()
