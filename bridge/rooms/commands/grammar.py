"""What is a command, and its words. Total: any text is either a call or chat."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_NAME: Final = 32
_SEED_BAN: Final = re.compile(r"/ban(?:\s+(?P<rest>.*))?", re.DOTALL | re.IGNORECASE)
"""The seed's own form, `/ban <address without 0x>`, whatever the prefix is."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command as written: its name in lower case, and the rest of the text."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The rest, split at white space."""
        return self.rest.split()


def parse(text: str, prefix: str) -> Call | None:
    """The call, or None for chat: a command is the prefix and, at once, a letter.

    So `!!!`, `! no` and `!1` are chat. A name that does not exist is a call all the same: it gets a hint.
    """
    text = text.strip()
    seed = _SEED_BAN.fullmatch(text)
    if seed:
        return Call("ban", (seed["rest"] or "").strip())
    after = text[len(prefix) :]
    if not (prefix and text.startswith(prefix) and after[:1].isalpha()):
        return None
    name, *rest = after.split(None, 1)
    return Call(name[:MAX_NAME].lower(), rest[0].strip() if rest else "")
