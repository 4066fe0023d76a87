"""How large what a browser sends may be, checked while it is decoded; what does not fit is a `BadRequest`."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from adapters.web.errors import BadRequest, TooLarge
from bridge.model.text import one_line

MAX_FRAME: Final = 64 * 1024
"""Bytes of a frame or of a POST's body."""
MAX_TEXT: Final = 60_000
"""Characters of a message; the setting `max_message_bytes` allows at most so many bytes."""
MAX_WHY: Final = 160

UUID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\Z"
Ref = Annotated[str, Meta(max_length=36, pattern=UUID)]
"""The browser's own id of what it asks: a UUID in lower case. A frame with a known ref changes nothing."""
RoomName = Annotated[str, Meta(max_length=64)]
EventId = Annotated[str, Meta(max_length=64)]
"""Of a message: a ref, or what the page made for the mirror."""
Reaction = Annotated[str, Meta(max_length=128)]
Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Whole = Annotated[int, Meta(ge=0, le=2**53)]
"""What a browser's number holds exactly."""
ChainId = Annotated[int, Meta(ge=0, le=2**32)]
Name = Annotated[str, Meta(max_length=256)]
Password = Annotated[str, Meta(max_length=1_024)]
"""Refused before it is hashed; `Passwords` has its own, smaller bound."""
Token = Annotated[str, Meta(max_length=128)]
Address = Annotated[str, Meta(max_length=42, pattern="^0x[0-9a-fA-F]{40}\\Z")]
Signature = Annotated[str, Meta(max_length=132, pattern="^((0x)?[0-9a-fA-F]{130})?\\Z")]
"""65 bytes r || s || v in hexadecimal; empty: refused to sign."""
SignInText = Annotated[str, Meta(max_length=4_096)]


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a browser sends: nothing beyond its fields is taken."""


T = TypeVar("T")


def read(decoder: msgspec.json.Decoder[T], data: str | bytes) -> T:
    """Decode what a browser sent. Raises TooLarge (never decoded), BadRequest (`not-json` or `bad-request`)."""
    if len(data) > MAX_FRAME:
        raise TooLarge("That is too large.")
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        # The library's words name the field and what it must be; of values only a wrong kind or field name.
        raise BadRequest(f"This was not understood: {one_line(str(error), MAX_WHY)}.") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadRequest("That is not JSON.", "not-json") from error
