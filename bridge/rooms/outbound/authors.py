"""Who wrote a message: nobody but the author may edit it or take it back, whatever the group's chat claims.

MLS authenticates the sender, not a right to touch another's message. The author is noted beside the message's
events, in the same table, under a platform name that no adapter has; so both are forgotten together.
"""

from __future__ import annotations

from typing import Final

from bridge.model.message import Author
from bridge.rooms.ids import delivery_key
from bridge.storage import messages
from bridge.storage.tx import Tx

_PLATFORM: Final = "demls.author"


def remember(tx: Tx, message_id: bytes, author: Author, now: float) -> None:
    """Note the author; the first note of a message counts."""
    if not _noted(tx, message_id):
        messages.remember(tx, message_id, _PLATFORM, message_id.hex(), _keys(author)[0], now)


def is_author(tx: Tx, message_id: bytes, author: Author, *, local: bool) -> bool | None:
    """Whether it is theirs; None when the message is not known.

    `local`: the account was checked by one of our own adapters, so it counts even for a message from before
    the person became a member.
    """
    noted = _noted(tx, message_id)
    if not noted:
        return None
    keys = _keys(author)
    return noted in (keys if local else keys[:1])


def _noted(tx: Tx, message_id: bytes) -> str:
    events = messages.events_of(tx, message_id)
    return next((event for platform, _, event in events if platform == _PLATFORM), "")


def _keys(author: Author) -> tuple[str, ...]:
    """The member's address if they have one, then the account. Hashed: ids of platforms have any length."""
    account = delivery_key("account", author.platform, author.user_id)
    return (delivery_key("member", author.address), account) if author.address else (account,)
