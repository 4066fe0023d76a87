"""The steward state machine: one table, for stewards and others (protocol.md section 6; the seed's README).

Rules, as the seed states them and protocol.md section 6 completes them:

* Working is the only state in which chat goes to the group; every other state has a deadline.
* A steward epoch begins only when changes are queued; without any the steward stays in Working.
* Waiting comes twice for a steward whose ballot passed: once to collect, once to commit.
* Others go straight back to Working after the vote and *expect* the batch there.
* Whatever fails, fails towards Working. A valid batch for the present epoch leads to Working from anywhere.

The table is data: the diagram in the docs and the exhaustive test are made from it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bridge.model.notices import State


class Role(StrEnum):
    """Who moves: the member that runs the steward epoch, or anybody else."""

    STEWARD = "steward"
    OTHER = "other"


class Trigger(StrEnum):
    """What may move the machine."""

    START_EMPTY = "start_steward_epoch (nothing queued)"
    START = "start_steward_epoch (changes queued)"
    START_VOTING = "start_voting"
    NO_PROPOSALS = "no_proposals_found"
    TIMEOUT = "waiting timeout"
    VOTED_YES = "complete_voting(YES)"
    VOTED_NO = "complete_voting(NO)"
    APPLIED = "apply_proposals"
    BATCH = "valid batch received"
    COMMIT_FAILED = "commit failed"
    NOT_OPENED = "ballot not opened on the chain"
    OVERTAKEN = "another commit was recorded"
    NO_WORD = "no word from the chain"
    SUPERSEDED = "a later ballot was opened"
    JOINED = "own leaf joined"
    REMOVED = "own leaf removed"


_S, _O = Role.STEWARD, Role.OTHER
_WORKING, _WAITING, _VOTING = State.WORKING, State.WAITING, State.VOTING

TRANSITIONS: Final[dict[tuple[Role, State, Trigger], State]] = {
    (_S, _WORKING, Trigger.START_EMPTY): _WORKING,
    (_S, _WORKING, Trigger.START): _WAITING,
    (_O, _WORKING, Trigger.START): _WAITING,  # EpochStarted received
    (_S, _WAITING, Trigger.START_VOTING): _VOTING,
    (_O, _WAITING, Trigger.START_VOTING): _VOTING,  # Proposal received
    (_S, _WAITING, Trigger.NO_PROPOSALS): _WORKING,
    (_S, _WAITING, Trigger.TIMEOUT): _WORKING,
    (_O, _WAITING, Trigger.TIMEOUT): _WORKING,
    (_S, _VOTING, Trigger.VOTED_YES): _WAITING,
    (_O, _VOTING, Trigger.VOTED_YES): _WORKING,  # expecting the batch
    (_S, _VOTING, Trigger.VOTED_NO): _WORKING,
    (_O, _VOTING, Trigger.VOTED_NO): _WORKING,
    (_S, _WAITING, Trigger.APPLIED): _WORKING,  # commit made; also of a batch that needs no ballot
    (_S, _WAITING, Trigger.COMMIT_FAILED): _WORKING,
    (_S, _WAITING, Trigger.NOT_OPENED): _WORKING,
    (_S, _WAITING, Trigger.OVERTAKEN): _WORKING,
    # The chain's word may come when another has become steward, and waits.
    (_O, _WAITING, Trigger.COMMIT_FAILED): _WORKING,
    (_O, _WAITING, Trigger.NOT_OPENED): _WORKING,
    (_O, _WAITING, Trigger.OVERTAKEN): _WORKING,
    (_S, _VOTING, Trigger.NO_WORD): _WORKING,
    (_O, _VOTING, Trigger.NO_WORD): _WORKING,
    (_S, _VOTING, Trigger.SUPERSEDED): _WORKING,
    (_O, _VOTING, Trigger.SUPERSEDED): _WORKING,
    (_S, _WORKING, Trigger.BATCH): _WORKING,
    (_S, _WAITING, Trigger.BATCH): _WORKING,
    (_S, _VOTING, Trigger.BATCH): _WORKING,
    (_O, _WORKING, Trigger.BATCH): _WORKING,
    (_O, _WAITING, Trigger.BATCH): _WORKING,
    (_O, _VOTING, Trigger.BATCH): _WORKING,
    # A leaf that joins begins anew, and one that is removed has nothing to wait for, whatever was before.
    **{(role, state, Trigger.JOINED): _WORKING for role in Role for state in State},
    **{(role, state, Trigger.REMOVED): _WORKING for role in Role for state in State},
}


class IllegalTransition(Exception):
    """A trigger that the table does not have: a fault of ours, never of a peer."""


def target(role: Role, state: State, trigger: Trigger) -> State:
    """The state after `trigger`. Raises IllegalTransition."""
    try:
        return TRANSITIONS[role, state, trigger]
    except KeyError:
        raise IllegalTransition(f"{role} cannot {trigger} in {state}") from None


def diagram(role: Role) -> str:
    """The table of one role as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2", "    [*] --> Working"]
    for (who, source, trigger), goal in TRANSITIONS.items():
        if who is role:
            lines.append(f"    {source.capitalize()} --> {goal.capitalize()}: {trigger}")
    return "\n".join(lines) + "\n"
