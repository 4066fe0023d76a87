"""What a person wrote on Discord, as plain text that people elsewhere can read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import discord

from bridge.model.message import Attachment

_MARKUP = re.compile(
    r"<(?:@!?(?P<user>[0-9]{1,20})|@&(?P<role>[0-9]{1,20})|#(?P<channel>[0-9]{1,20})"
    r"|a?:(?P<emoji>\w{1,32}):[0-9]{1,20}|/(?P<command>[^:<>\n]{1,100}):[0-9]{1,20}"
    r"|t:(?P<time>-?[0-9]{1,12})(?::[tTdDfFRsS])?)>"
)
MAX_EMBEDS = 10


def readable(message: discord.Message, is_command: Callable[[str], bool] = lambda text: False) -> str:
    """The text with mentions by name, and stickers, polls and embeds as lines below it.

    In a command mentions become user ids, which are exact.
    """
    lines = [_without_markup(message, is_command(message.content))]
    lines += [f"[sticker {sticker.name}: {sticker.url}]" for sticker in message.stickers]
    if message.author.bot:
        # People's links unfold into embeds that say nothing new; a bot's embeds are its message.
        lines += [line for embed in message.embeds[:MAX_EMBEDS] if (line := _embed_line(embed))]
    for snapshot in message.message_snapshots:
        lines.append(f"[forwarded] {snapshot.content}".rstrip())
        lines += [f"[{file.filename}: {file.url}]" for file in snapshot.attachments]
    if message.poll is not None:
        answers = " / ".join(answer.text for answer in message.poll.answers)
        lines.append(f"[poll] {message.poll.question}: {answers}")
    return "\n".join(line for line in lines if line)


def attachments(message: discord.Message) -> tuple[Attachment, ...]:
    """The files, by their addresses."""
    return tuple(
        Attachment(
            reference=file.url,
            name=file.filename,
            media_type=(file.content_type or "application/octet-stream").partition(";")[0],
            size=max(file.size, 0),
        )
        for file in message.attachments
    )


def _without_markup(message: discord.Message, exact: bool) -> str:
    users = {user.id: user.display_name for user in message.mentions}

    def one(found: re.Match[str]) -> str:
        if found["user"]:
            name = users.get(int(found["user"]), found["user"])
            return found["user"] if exact else f"@{name}"
        if found["role"]:
            role = message.guild.get_role(int(found["role"])) if message.guild else None
            return f"@{role.name if role else 'role'}"
        if found["channel"]:
            channel = message.guild.get_channel_or_thread(int(found["channel"])) if message.guild else None
            return f"#{channel.name if channel else 'channel'}"
        if found["emoji"]:
            return f":{found['emoji']}:"
        if found["command"]:
            return f"/{found['command']}"
        return _moment(int(found["time"]))

    return _MARKUP.sub(one, message.content)


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def _embed_line(embed: discord.Embed) -> str:
    """Title, text and link of an embed, on one line."""
    words = [embed.title or "", " ".join((embed.description or "").split())[:300], embed.url or ""]
    if not any(words) and embed.image.url:
        words = [embed.image.url]
    text = " ".join(word for word in words if word)
    return f"[{text}]" if text else ""


def emoji_text(emoji: discord.PartialEmoji) -> str:
    """A reaction as text: the character, or `:name:` of a server's own one."""
    return f":{emoji.name}:" if emoji.id else emoji.name
