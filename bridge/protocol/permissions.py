"""Who may send which kind of message in which state; applied when sending AND when receiving.

The seed's README: in Working everything may be sent; in Waiting only the steward's batch; in Voting only
votes (everyone) and proposals (steward). Beyond it stand the kinds that the seed lacks: EpochStarted,
LeaveRequest and ChangeRequest, and update proposals, which are collected in Waiting.

Kinds that only a steward can mean anything by are the steward's in Working too. A batch that is valid by
its certificate is *received* in every state (states.py, last rows), for members that missed the rest.

What arrives in a state that does not allow it, but was rightly sent by somebody who was still (or already)
in another state, is not lost: it is held until the state allows it (`Permission.HOLD`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bridge.model.notices import State


class Kind(StrEnum):
    """Kinds of group messages."""

    CONVERSATION = "Conversation"
    BAN_REQUEST = "BanRequest"
    LEAVE_REQUEST = "LeaveRequest"
    CHANGE_REQUEST = "ChangeRequest"
    EPOCH_STARTED = "EpochStarted"
    PROPOSAL = "Proposal"
    VOTING_PROPOSAL = "VotingProposal"
    VOTE = "Vote"
    USER_VOTE = "UserVote"
    UPDATE = "Update"
    BATCH = "BatchProposals"


class Permission(StrEnum):
    """What the table says about one (state, kind)."""

    EVERYONE = "everyone"
    STEWARD = "steward"
    NOBODY = "nobody"
    HOLD = "held until allowed"


_E, _S, _N, _H = Permission.EVERYONE, Permission.STEWARD, Permission.NOBODY, Permission.HOLD

SENDING: Final[dict[State, dict[Kind, Permission]]] = {
    State.WORKING: {
        Kind.CONVERSATION: _E,
        Kind.BAN_REQUEST: _E,
        Kind.LEAVE_REQUEST: _E,
        Kind.CHANGE_REQUEST: _E,
        Kind.EPOCH_STARTED: _S,
        Kind.PROPOSAL: _S,
        Kind.VOTING_PROPOSAL: _S,
        Kind.VOTE: _E,
        Kind.USER_VOTE: _E,
        Kind.UPDATE: _E,
        Kind.BATCH: _S,
    },
    State.WAITING: {
        Kind.CONVERSATION: _N,
        Kind.BAN_REQUEST: _N,
        Kind.LEAVE_REQUEST: _N,
        Kind.CHANGE_REQUEST: _N,
        Kind.EPOCH_STARTED: _N,
        Kind.PROPOSAL: _N,
        Kind.VOTING_PROPOSAL: _N,
        Kind.VOTE: _N,
        Kind.USER_VOTE: _N,
        Kind.UPDATE: _E,
        Kind.BATCH: _S,
    },
    State.VOTING: {
        Kind.CONVERSATION: _N,
        Kind.BAN_REQUEST: _N,
        Kind.LEAVE_REQUEST: _N,
        Kind.CHANGE_REQUEST: _N,
        Kind.EPOCH_STARTED: _N,
        Kind.PROPOSAL: _S,
        Kind.VOTING_PROPOSAL: _S,
        Kind.VOTE: _E,
        Kind.USER_VOTE: _E,
        Kind.UPDATE: _N,
        Kind.BATCH: _N,
    },
}

_HELD_KINDS: Final = frozenset({Kind.CONVERSATION, Kind.BAN_REQUEST, Kind.LEAVE_REQUEST, Kind.CHANGE_REQUEST})
_STEWARD_KINDS: Final = frozenset({Kind.EPOCH_STARTED, Kind.PROPOSAL, Kind.VOTING_PROPOSAL})


def _receiving(state: State, kind: Kind) -> Permission:
    if kind is Kind.BATCH:
        return _S
    if kind is Kind.EPOCH_STARTED:
        # In Voting it can only belong to another steward epoch than ours.
        return _S if state is not State.VOTING else _N
    if kind in _STEWARD_KINDS:
        # The state is entered by receiving them, so they come in the state before.
        return _S
    if kind in (Kind.VOTE, Kind.USER_VOTE):
        return _E if state is State.VOTING else _H
    if SENDING[state][kind] is _N:
        return _H if kind in _HELD_KINDS else _N
    return SENDING[state][kind]


RECEIVING: Final[dict[State, dict[Kind, Permission]]] = {
    state: {kind: _receiving(state, kind) for kind in Kind} for state in State
}


def may_send(state: State, kind: Kind, *, is_steward: bool, chat_during_ballot: bool = False) -> bool:
    """Whether we may send `kind` now. `chat_during_ballot`: the policy's departure from the seed."""
    if kind is Kind.CONVERSATION and chat_during_ballot:
        return True
    permission = SENDING[state][kind]
    return permission is _E or (permission is _S and is_steward)


def on_receipt(state: State, kind: Kind, *, from_steward: bool, chat_during_ballot: bool = False) -> Permission:
    """EVERYONE: take it. HOLD: keep it for later. NOBODY: refuse it."""
    if kind is Kind.CONVERSATION and chat_during_ballot:
        return _E
    permission = RECEIVING[state][kind]
    if permission is _S:
        return _E if from_steward else _N
    return permission
