"""From what a person wrote to the member he means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bridge.commands.command import Context
from bridge.mirror.text import clean_name, short_address

_ADDRESS = re.compile(r"(?:0x)?([0-9a-fA-F]{40})")


@dataclass(frozen=True, slots=True)
class Found:
    """The members that may be meant (none, one, or several of one name), and the text behind the name."""

    addresses: tuple[bytes, ...]
    name: str
    rest: str


def find_member(text: str, context: Context) -> Found:
    """An address (with or without 0x, member or not), a platform user id, or a display name.

    Names may have several words: the longest beginning of `text` that is a member's name counts, or what stands
    in double quotes.
    """
    word, *behind = text.split(None, 1) or [""]
    rest = behind[0].strip() if behind else ""
    address = _ADDRESS.fullmatch(word)
    if address:
        return Found((bytes.fromhex(address[1]),), short_address(bytes.fromhex(address[1])), rest)
    by_id = _by_user_id(word.rstrip(",:"), context)
    if by_id:
        return Found(by_id, word, rest)
    return _by_name(text, context)


def _by_user_id(user_id: str, context: Context) -> tuple[bytes, ...]:
    """On the asker's platform first: the same id may be somebody else on another."""
    rows = [
        row
        for row in context.people.accounts
        if row.user_id == user_id and row.address in context.group.members
    ]
    near = [row for row in rows if row.platform == context.asker.user.platform]
    return tuple(dict.fromkeys(row.address for row in near or rows))


def _by_name(text: str, context: Context) -> Found:
    if text.startswith('"') and '"' in text[1:]:
        name, _, rest = text[1:].partition('"')
        return Found(_called(name, context), name.strip(), rest.strip())
    words = text.split()
    for count in range(min(len(words), 16), 0, -1):
        name = " ".join(words[:count])
        found = _called(name, context) or _called(name.removeprefix("@").rstrip(",:"), context)
        if found:
            return Found(found, name, " ".join(words[count:]))
    return Found((), clean_name(words[0] if words else "", "?"), "")


def _called(name: str, context: Context) -> tuple[bytes, ...]:
    wanted = clean_name(name, "?").casefold()
    members = context.group.members
    return tuple(member for member in members if context.people.name(member).casefold() == wanted)
