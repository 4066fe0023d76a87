"""Frames of the first de-mls page. Its front end sends more fields than these."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from adapters.web.frames.bounds import Text, Whole

PRIVATE_KEY: Final = "^(0x)?[0-9a-fA-F]{64}\\Z"
GroupName = Annotated[str, Meta(max_length=200)]


class Connect(msgspec.Struct, frozen=True):
    """The first frame: whose key it is, and which group. `should_create` is ignored: settings say that."""

    eth_private_key: Annotated[str, Meta(max_length=66, pattern=PRIVATE_KEY)]
    group_id: GroupName
    should_create: bool

    def __repr__(self) -> str:
        """Without the key."""
        return f"Connect(group_id={self.group_id!r})"


class Kind(msgspec.Struct, frozen=True):
    """What every later frame has; a vote is told apart by `type`."""

    group_id: GroupName
    type: str = ""


class UserVote(msgspec.Struct, frozen=True):
    """A vote."""

    proposal_id: Whole
    vote: bool


class UserMessage(msgspec.Struct, frozen=True):
    """A message, or `/ban <address>`."""

    message: Text


class Proposal(msgspec.Struct, frozen=True):
    """What is voted on, in the seed's words."""

    proposal_id: int
    group_name: str
    payload: str


class VotingProposal(msgspec.Struct, frozen=True, tag_field="type", tag="voting_proposal"):
    """Asks for a vote."""

    proposal: Proposal


class Rooms(msgspec.Struct, frozen=True):
    """GET /rooms."""

    status: str
    rooms: list[str]


CONNECT: Final = msgspec.json.Decoder(Connect)
KINDS: Final = msgspec.json.Decoder(Kind)
VOTES: Final = msgspec.json.Decoder(UserVote)
MESSAGES: Final = msgspec.json.Decoder(UserMessage)
