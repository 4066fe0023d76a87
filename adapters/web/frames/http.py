"""Bodies of POST requests, and what the page answers over HTTP."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from adapters.web.frames.bounds import Address, ChainId, Name, Password, Sent, Signature, SignInText, Token
from adapters.web.frames.page import Message
from bridge.model.commands import Kind

AccountKind = Literal["hosted", "wallet"]

# -- from the browser ----------------------------------------------------------------------------------------


class SignIn(Sent, frozen=True):
    """POST /api/sign-in."""

    name: Name
    password: Password


class LookAtInvitation(Sent, frozen=True):
    """POST /api/invitation/look."""

    token: Token


class AcceptInvitation(Sent, frozen=True):
    """POST /api/invitation. `name` empty: the one that was proposed."""

    token: Token
    name: Name
    password: Password


class Invite(Sent, frozen=True):
    """POST /api/invitations, for operators."""

    name: Name
    operator: bool


class SiweStart(Sent, frozen=True):
    """POST /api/siwe/start."""

    address: Address
    chain_id: ChainId


class SiweFinish(Sent, frozen=True):
    """POST /api/siwe: the text that was given, and its signature. `name`: for a wallet that is new here."""

    message: SignInText
    signature: Signature
    name: Name = ""


class SignOut(Sent, frozen=True):
    """POST /api/sign-out."""


class Rename(Sent, frozen=True):
    """POST /api/name."""

    name: Name


class LookAtLink(Sent, frozen=True):
    """POST /api/link/look."""

    code: Token


class FinishLink(Sent, frozen=True):
    """POST /api/link."""

    code: Token
    signature: Signature


# -- to the browser ------------------------------------------------------------------------------------------


class User(msgspec.Struct, frozen=True):
    """Who is signed in. `address` is '' until the bridge has opened the account."""

    user_id: str
    name: str
    address: str
    kind: AccountKind
    operator: bool


class BridgeVersion(msgspec.Struct, frozen=True):
    """Of the program."""

    name: str
    version: str


class RoomLink(msgspec.Struct, frozen=True):
    """A room of the page and the name of its group."""

    id: str
    group: str


class Parameter(msgspec.Struct, frozen=True):
    """One argument of a command. `words`: of a choice; `most`: characters of a text."""

    name: str
    kind: Kind
    description: str
    optional: bool
    words: list[str]
    most: int


class CommandSpec(msgspec.Struct, frozen=True):
    """A command, for completion and for what asks for its arguments. `arguments`: as the help writes them."""

    name: str
    arguments: str
    summary: str
    parameters: list[Parameter]


class TestAccount(msgspec.Struct, frozen=True):
    """An account for trying things out."""

    name: str
    password: str


class Session(msgspec.Struct, frozen=True):
    """GET /api/session, and whatever signs in or out."""

    signed_in: bool
    csrf: str
    bridge: BridgeVersion
    listens: str
    user: User | None
    rooms: list[RoomLink]
    prefix: str
    commands: list[CommandSpec]
    test_accounts: list[TestAccount]


class Invitation(msgspec.Struct, frozen=True):
    """Whom an invitation is for."""

    name: str
    operator: bool


class InvitationLink(msgspec.Struct, frozen=True):
    """What the invited person opens."""

    link: str


class SiweText(msgspec.Struct, frozen=True):
    """The text that the wallet is to sign."""

    message: str


class Offer(msgspec.Struct, frozen=True):
    """Which account of a chat platform a wallet is to stand behind, and the text to sign."""

    platform: str
    name: str
    address: str
    text: str


class Words(msgspec.Struct, frozen=True):
    """An answer in words."""

    text: str


class OlderMessages(msgspec.Struct, frozen=True):
    """Messages before a position, ascending. `more`: there are older ones still."""

    messages: list[Message]
    more: bool


class Refusal(msgspec.Struct, frozen=True):
    """Every answer with a status of 400 and more: `error` for programs, `text` for the person."""

    error: str
    text: str


POSTS: Final[dict[str, type[Sent]]] = {
    "/api/sign-in": SignIn,
    "/api/sign-out": SignOut,
    "/api/name": Rename,
    "/api/invitation/look": LookAtInvitation,
    "/api/invitation": AcceptInvitation,
    "/api/invitations": Invite,
    "/api/siwe/start": SiweStart,
    "/api/siwe": SiweFinish,
    "/api/link/look": LookAtLink,
    "/api/link": FinishLink,
}
"""Which body is sent where."""
ANSWERS: Final = (Session, Invitation, InvitationLink, SiweText, Offer, Words, OlderMessages, Refusal)
