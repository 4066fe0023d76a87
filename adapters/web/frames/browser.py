"""Frames that a browser sends over the live socket. All but `hello` have a `ref`, which the answer names."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from adapters.web.frames.bounds import EventId, Reaction, Ref, RoomName, Sent, Signature, Text, Token, Whole

ArgumentName = Annotated[str, Meta(max_length=32)]
ArgumentText = Annotated[str, Meta(max_length=1_000)]


class Hello(Sent, frozen=True, tag_field="type", tag="hello"):
    """Show me this room; I have seen everything up to the revision `after`."""

    room: RoomName
    after: Whole


class Asked(Sent, frozen=True, tag_field="type"):
    """Something to be done once, however often it is sent."""

    ref: Ref


class Say(Asked, frozen=True, tag="say"):
    """Write a message, or an answer to one."""

    text: Text
    reply_to: EventId = ""


class Edit(Asked, frozen=True, tag="edit"):
    """Correct one's own message."""

    id: EventId
    text: Text


class Delete(Asked, frozen=True, tag="delete"):
    """Delete one's own message."""

    id: EventId


class React(Asked, frozen=True, tag="react"):
    """Put a reaction on a message."""

    id: EventId
    key: Reaction


class Unreact(Asked, frozen=True, tag="unreact"):
    """Take one's own reaction back."""

    id: EventId
    key: Reaction


class Command(Asked, frozen=True, tag="command"):
    """A control was used: a command of `Session.commands`, each argument as one would write it alone."""

    name: Annotated[str, Meta(max_length=65)]
    arguments: Annotated[dict[ArgumentName, ArgumentText], Meta(max_length=10)]


class Sign(Asked, frozen=True, tag="sign"):
    """What the person's wallet answers to a request; an empty signature refuses."""

    request: Token
    signature: Signature


Act = Say | Edit | Delete | React | Unreact | Command
"""What is done in the room, and told the bridge."""
FromBrowser = Hello | Act | Sign


class Answered(msgspec.Struct, frozen=True):
    """The ref alone, of a frame that was refused for something else."""

    ref: str = ""


FRAMES: Final = msgspec.json.Decoder(FromBrowser)
REFS: Final = msgspec.json.Decoder(Answered)
