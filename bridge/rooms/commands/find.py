"""From what a person wrote to the member who is meant: the one look-up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from bridge.conversation.ports import GroupStatus
from bridge.model.command_text import plain_boundary
from bridge.model.commands import Kind
from bridge.model.text import clean_name
from bridge.rooms.commands.command import Context
from bridge.rooms.people import People
from bridge.rooms.ports import Asker

MAX_WORDS = 16
"""Of a name; more fit into no 64 characters that are worth trying."""
_ADDRESS = re.compile(r"(?:0x)?([0-9a-fA-F]{40})")


def address_of(text: str) -> bytes | None:
    """The address that is written there, with or without 0x."""
    found = _ADDRESS.fullmatch(text)
    return bytes.fromhex(found[1]) if found else None


def find_among(name: str, context: Context, among: Iterable[bytes]) -> tuple[bytes, ...]:
    """Who may be meant: none, one, or several of one name.

    An address (one of `among` or not), the id of an account, or a display name.
    """
    among = sorted(among)
    address = address_of(name)
    if address is not None:
        return (address,)
    bare = name.removeprefix("@").rstrip(",:")
    platform = context.asker.user.platform
    return (
        _by_user_id(name.rstrip(",:"), context.people, platform, among)
        or _called(name, context.people, among)
        or _called(bare, context.people, among)
    )


def boundary(asker: Asker, group: GroupStatus, people: People) -> Callable[[Kind, str], tuple[str, str]]:
    """Where the name of somebody ends in a text: names may have several words.

    One word that is an address or an account's id, what stands in double quotes, or the longest beginning that
    is somebody's name. See `bridge.model.command_text.Boundary`.
    """

    def split(kind: Kind, text: str) -> tuple[str, str]:
        among = group.members if kind is Kind.MEMBER else tuple(people.known())
        word, rest = plain_boundary(kind, text)
        if text.startswith('"') or address_of(word) is not None:
            return word, rest
        if _by_user_id(word.rstrip(",:"), people, asker.user.platform, among):
            return word, rest
        words = text.split()
        for count in range(min(len(words), MAX_WORDS), 1, -1):
            name = " ".join(words[:count])
            if _called(name, people, among) or _called(name.removeprefix("@").rstrip(",:"), people, among):
                return name, " ".join(words[count:])
        return word, rest

    return split


def _by_user_id(user_id: str, people: People, platform: str, among: Sequence[bytes]) -> tuple[bytes, ...]:
    """On the asker's platform first: the same id may be somebody else on another."""
    rows = [row for row in people.accounts if row.user_id == user_id and row.address in among]
    near = [row for row in rows if row.platform == platform]
    return tuple(dict.fromkeys(row.address for row in near or rows))


def _called(name: str, people: People, among: Sequence[bytes]) -> tuple[bytes, ...]:
    wanted = clean_name(name, "?").casefold()
    return tuple(address for address in among if people.name(address).casefold() == wanted)
