"""From what a person wrote to the member he means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bridge.model.text import clean_name, short_address
from bridge.rooms.commands.command import Context

_ADDRESS = re.compile(r"(?:0x)?([0-9a-fA-F]{40})")


@dataclass(frozen=True, slots=True)
class Found:
    """The members that may be meant (none, one, or several of one name), and the text behind the name."""

    addresses: tuple[bytes, ...]
    name: str
    rest: str


def address_of(text: str) -> bytes | None:
    """The address that is written there, with or without 0x."""
    found = _ADDRESS.fullmatch(text)
    return bytes.fromhex(found[1]) if found else None


def find_member(text: str, context: Context) -> Found:
    """A member, see `find_among`."""
    return find_among(text, context, context.group.members)


def find_among(text: str, context: Context, among: Iterable[bytes]) -> Found:
    """An address (with or without 0x, one of `among` or not), a platform user id, or a display name.

    Names may have several words: the longest beginning of `text` that is one's name counts, or what stands in
    double quotes.
    """
    among = sorted(among)
    word, *behind = text.split(None, 1) or [""]
    rest = behind[0].strip() if behind else ""
    address = address_of(word)
    if address is not None:
        return Found((address,), short_address(address), rest)
    by_id = _by_user_id(word.rstrip(",:"), context, among)
    if by_id:
        return Found(by_id, word, rest)
    return _by_name(text, context, among)


def _by_user_id(user_id: str, context: Context, among: Sequence[bytes]) -> tuple[bytes, ...]:
    """On the asker's platform first: the same id may be somebody else on another."""
    rows = [row for row in context.people.accounts if row.user_id == user_id and row.address in among]
    near = [row for row in rows if row.platform == context.asker.user.platform]
    return tuple(dict.fromkeys(row.address for row in near or rows))


def _by_name(text: str, context: Context, among: Sequence[bytes]) -> Found:
    if text.startswith('"') and '"' in text[1:]:
        name, _, rest = text[1:].partition('"')
        return Found(_called(name, context, among), name.strip(), rest.strip())
    words = text.split()
    for count in range(min(len(words), 16), 0, -1):
        name = " ".join(words[:count])
        plain = name.removeprefix("@").rstrip(",:")
        found = _called(name, context, among) or _called(plain, context, among)
        if found:
            return Found(found, name, " ".join(words[count:]))
    return Found((), clean_name(words[0] if words else "", "?"), "")


def _called(name: str, context: Context, among: Sequence[bytes]) -> tuple[bytes, ...]:
    wanted = clean_name(name, "?").casefold()
    return tuple(address for address in among if context.people.name(address).casefold() == wanted)
