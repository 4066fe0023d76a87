"""The group as a browser gets it: JSON of what the view shows, seen by one person."""

from __future__ import annotations

from typing import Any

from adapters.web.text import hexed
from bridge.model.commands import CommandSpec
from bridge.model.notices import StateChanged
from bridge.model.view import Ballot, Group, MembershipStatus, Result, SigningRequest

Json = dict[str, Any]


def group_json(group: Group, viewer: bytes, now: float) -> Json:
    """The protocol's Group. `viewer`: the person's address, b'' while he has none."""
    names = {member.address: member.name for member in group.members}
    members = [
        {
            "address": hexed(member.address),
            "name": member.name,
            "key": member.key.value,
            "is_bridge": member.is_bridge,
            "is_steward": member.is_steward,
            "has_vote": member.has_vote,
            "accounts": [str(account) for account in member.accounts],
            "me": bool(viewer) and member.address == viewer,
        }
        for member in group.members
    ]
    return {
        "name": group.name,
        "full_name": group.full_name,
        "state": group.state.value,
        "deadline": group.deadline,
        "epoch": group.epoch,
        "joined": bool(group.members) and not group.is_removed,
        "is_removed": group.is_removed,
        "members": members,
        "queued": group.queued,
        "waiting_chat": group.waiting_chat,
        "coordination": group.coordination,
        "transport": group.transport,
        "chain": group.chain,
        "ballot": None if group.ballot is None else _ballot(group.ballot, names, viewer),
        "now": now,
    }


def _ballot(ballot: Ballot, names: dict[bytes, str], viewer: bytes) -> Json:
    def vote(address: bytes) -> str:
        return "yes" if address in ballot.yes else "no" if address in ballot.no else ""

    may = bool(viewer) and viewer in ballot.voters
    return {
        "number": ballot.number,
        "lines": list(ballot.lines),
        "voters": [
            {
                "address": hexed(address),
                "name": names.get(address, ""),
                "vote": vote(address),
                "me": bool(viewer) and address == viewer,
            }
            for address in ballot.voters
        ],
        "yes": len(ballot.yes),
        "no": len(ballot.no),
        "deadline": ballot.deadline,
        "steward": hexed(ballot.steward),
        "transaction": ballot.transaction,
        "kind": ballot.changes[0].kind.value if ballot.changes else "policy",
        "mine": vote(viewer) if may else "",
        "may_vote": may and not vote(viewer),
    }


def result_json(result: Result) -> Json:
    """The protocol's Result."""
    copied = ("number", "passed", "yes", "no", "voters", "by_deadline", "closed_at", "text")
    return {**{key: getattr(result, key) for key in copied}, "lines": list(result.lines)}


def standing_json(standing: MembershipStatus, *, is_out: bool) -> Json:
    """Where a person stands. `is_out`: he is banned from the room."""
    return {
        "address": hexed(standing.address),
        "is_member": standing.is_member,
        "has_vote": standing.has_vote,
        "is_banned": standing.is_banned or is_out,
        "is_joining": standing.is_joining,
        "key": standing.key.value if standing.key is not None else "",
    }


def signing_json(request: SigningRequest) -> Json:
    """What a wallet is asked to sign."""
    copied = ("purpose", "title", "method", "payload")
    return {"id": request.request_id, **{key: getattr(request, key) for key in copied}}


def state_json(change: StateChanged, at_ms: int) -> Json:
    """A transition of the state machine, as a frame."""
    return {
        "type": "state",
        "old": change.old.value,
        "new": change.new.value,
        "deadline": change.deadline,
        "cause": change.cause,
        "at_ms": at_ms,
    }


def command_json(spec: CommandSpec) -> Json:
    """One command for completion."""
    return {"name": spec.name, "arguments": spec.arguments, "summary": spec.summary}
