"""What a server of the page sends, as a test wants it: plausible defaults, anything can be replaced."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final

Json = dict[str, Any]

PEOPLE: Final = {
    name: "0x" + f"{number:02x}" * 20
    for number, name in enumerate(("Alice", "Bob", "Carol", "Dave", "Erin"), 0xA1)
}


def _parameter(name: str, kind: str, *, optional: bool = False, words: tuple[str, ...] = ()) -> Json:
    described = {"description": f"the {name}", "optional": optional, "words": list(words), "most": 1_000}
    return {"name": name, "kind": kind, **described}


def _command(name: str, arguments: str, summary: str, *parameters: Json) -> Json:
    return {"name": name, "arguments": arguments, "summary": summary, "parameters": list(parameters)}


COMMANDS: Final = [
    _command("help", "[command]", "show this", _parameter("command", "command", optional=True)),
    _command("join", "", "ask to become a member of the group"),
    _command("leave", "", "leave the group; no vote is needed"),
    _command("members", "", "list the members of the group"),
    _command(
        "ban",
        "<member> [reason]",
        "ask the group to vote on a ban",
        _parameter("member", "member"),
        _parameter("reason", "text", optional=True),
    ),
    _command(
        "vote",
        "[ballot] yes|no",
        "vote; without a number in the vote that is open",
        _parameter("ballot", "ballot", optional=True),
        _parameter("choice", "choice", words=("yes", "no")),
    ),
    _command(
        "propose coordination",
        "waku|contract",
        "propose where votes are held",
        _parameter("mode", "choice", words=("waku", "contract")),
    ),
]


def user(name: str = "Alice", **fields: Any) -> Json:
    """A signed-in person."""
    known = {"user_id": name.lower(), "name": name, "address": PEOPLE.get(name, PEOPLE["Alice"])}
    return {**known, "kind": "hosted", "operator": False, **fields}


def session(user: Json | None = None, **fields: Any) -> Json:
    """GET /api/session."""
    return {
        "signed_in": user is not None,
        "csrf": "token",
        "bridge": {"name": "Harbour bridge", "version": "0.1.0"},
        "listens": "this computer only",
        "user": user,
        "rooms": [{"id": "lobby", "group": "harbour"}],
        "prefix": "!",
        "commands": COMMANDS,
        "test_accounts": [{"name": name, "password": f"{name} sails"} for name in ("Alice", "Bob", "Carol")],
        **fields,
    }


def author(name: str = "Bob", platform: str = "web", **fields: Any) -> Json:
    """An author."""
    known = {
        "name": name,
        "platform": platform,
        "user_id": f"{platform}:{name}",
        "address": PEOPLE.get(name, ""),
    }
    return {**known, "me": False, "bridge": False, **fields}


def message(text: str = "", **fields: Any) -> Json:
    """A message."""
    return {
        "id": str(uuid.uuid4()),
        "position": 1,
        "revision": 1,
        "author": author(),
        "text": text,
        "html": "",
        "time_ms": time.time() * 1_000,
        "edited": False,
        "deleted": False,
        "status": None,
        "reason": "",
        "late": False,
        "reply_to": "",
        "thread": "",
        "to_me": False,
        "reactions": [],
        "attachments": [],
        "ballot": None,
        **fields,
    }


def member(name: str, **fields: Any) -> Json:
    """A member."""
    return {
        "address": PEOPLE.get(name, "0x" + "ee" * 20),
        "name": name,
        "key": "hosted",
        "is_bridge": False,
        "is_steward": False,
        "has_vote": True,
        "accounts": [f"web:{name.lower()}"],
        "me": name == "Alice",
        **fields,
    }


def group(**fields: Any) -> Json:
    """A group in Working with four members."""
    bridge = member("Harbour bridge", address="0x" + "b1" * 20, is_bridge=True, is_steward=True, accounts=[])
    return {
        "name": "harbour",
        "full_name": "demls:harbour@0x" + "b1" * 20 + "/3f9a",
        "state": "working",
        "deadline": 0,
        "epoch": 7,
        "joined": True,
        "is_removed": False,
        "members": [
            bridge,
            member("Alice"),
            member("Bob", accounts=["web:bob", "matrix:@bob:example.org"]),
            member("Carol", key="elsewhere", accounts=["discord:carol"]),
            member("Dave", key="own", accounts=["matrix:@dave:example.org"]),
        ],
        "queued": 0,
        "waiting_chat": 0,
        "coordination": "waku",
        "transport": "ok: 3 peers",
        "chain": "",
        "ballot": None,
        "now": time.time(),
        **fields,
    }


def ballot(**fields: Any) -> Json:
    """An open ballot on a ban: one has voted of four."""
    voters = [
        {"address": PEOPLE[name], "name": name, "vote": "yes" if name == "Bob" else "", "me": name == "Alice"}
        for name in ("Alice", "Bob", "Carol", "Dave")
    ]
    return {
        "number": 12,
        "lines": ["Ban Dave (0xa4a4…a4a4): spam in the lobby"],
        "voters": voters,
        "yes": 1,
        "no": 0,
        "deadline": time.time() + 90,
        "steward": "0x" + "b1" * 20,
        "transaction": "",
        "kind": "remove",
        "mine": "",
        "may_vote": True,
        **fields,
    }


def result(number: int, *, passed: bool, **fields: Any) -> Json:
    """A ballot that is over."""
    return {
        "number": number,
        "lines": [f"Add member {number}"],
        "passed": passed,
        "yes": 3 if passed else 1,
        "no": 1 if passed else 2,
        "voters": 4,
        "by_deadline": False,
        "closed_at": time.time() - 600,
        "text": f"Vote {number} has {'passed' if passed else 'failed'}.",
        **fields,
    }


def me(**fields: Any) -> Json:
    """The `me` frame of a member."""
    standing = {"address": PEOPLE["Alice"], "is_member": True, "has_vote": True, "is_banned": False}
    return {
        "standing": {**standing, "is_joining": False, "key": "hosted"},
        "signings": [],
        "accepts": True,
        **fields,
    }
