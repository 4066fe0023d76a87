"""Where we are in a channel or thread, as stored with the events (`Inbox.accept`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from bridge.model.adapter import DeliveryError


@dataclass(frozen=True, slots=True)
class Cursor:
    """Message ids: nothing up to `since` is ours; up to `last` all was handed over."""

    since: int
    last: int

    def dump(self) -> str:
        """As text for the store."""
        return json.dumps({"since": self.since, "last": self.last}, separators=(",", ":"))

    def at(self, message: int) -> Cursor:
        """Moved on to `message`; never back."""
        return replace(self, last=max(self.last, message))

    @classmethod
    def load(cls, stored: str) -> Cursor | None:
        """From the store; None when there is none yet. Raises `DeliveryError` for what `dump` never wrote."""
        if not stored:
            return None
        try:
            value = json.loads(stored)
            return cls(int(value["since"]), int(value["last"]))
        except (ValueError, TypeError, KeyError) as error:
            raise DeliveryError("a stored Discord position is damaged; restore the database") from error


def account(place: int) -> str:
    """Under which name the position of a channel or thread is stored."""
    return f"discord:{place}"
