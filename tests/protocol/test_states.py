"""The two tables, walked exhaustively: every (role, state, trigger) and every (state, kind, role)."""

from __future__ import annotations

import itertools

import pytest

from bridge.model.notices import State
from bridge.protocol.permissions import Kind, Permission, may_send, on_receipt
from bridge.protocol.states import TRANSITIONS, IllegalTransition, Role, Trigger, diagram, target

W, A, V = State.WORKING, State.WAITING, State.VOTING

# The seed's README and protocol.md section 6, written down a second time and in another shape: for each
# role the list of "from trigger to", so that an edit of the table alone turns this red.
STEWARD = {
    (W, "start_steward_epoch (nothing queued)", W),
    (W, "start_steward_epoch (changes queued)", A),
    (A, "start_voting", V),
    (A, "no_proposals_found", W),
    (A, "waiting timeout", W),
    (V, "complete_voting(YES)", A),
    (V, "complete_voting(NO)", W),
    (A, "apply_proposals", W),
}
OTHERS = {
    (W, "start_steward_epoch (changes queued)", A),
    (A, "start_voting", V),
    (A, "waiting timeout", W),
    (V, "complete_voting(YES)", W),
    (V, "complete_voting(NO)", W),
}
CHAIN = {
    (A, "commit failed", W),
    (A, "ballot not opened on the chain", W),
    (A, "another commit was recorded", W),
    (V, "no word from the chain", W),
    (V, "a later ballot was opened", W),
}
FROM_ANYWHERE = CHAIN | {
    (state, name, W)
    for state in State
    for name in ("valid batch received", "own leaf joined", "own leaf removed")
}


@pytest.mark.parametrize(("role", "wanted"), [(Role.STEWARD, STEWARD), (Role.OTHER, OTHERS)])
def test_every_state_and_trigger(role: Role, wanted: set[tuple[State, str, State]]) -> None:
    wanted = wanted | FROM_ANYWHERE
    for state, trigger in itertools.product(State, Trigger):
        goals = [goal for source, name, goal in wanted if (source, name) == (state, trigger.value)]
        if goals:
            assert target(role, state, trigger) is goals[0]
        else:
            with pytest.raises(IllegalTransition):
                target(role, state, trigger)


@pytest.mark.parametrize("role", list(Role))
def test_working_is_reached_from_everywhere_and_no_state_is_a_trap(role: Role) -> None:
    for start in State:
        reached = {start}
        while True:
            more = {t for (r, s, _), t in TRANSITIONS.items() if r is role and s in reached} - reached
            if not more:
                break
            reached |= more
        assert State.WORKING in reached


def test_only_the_ways_to_working_leave_waiting_and_voting_for_others() -> None:
    """Nobody but a steward comes back to Waiting after the vote (the seed's non-steward flow)."""
    assert target(Role.OTHER, V, Trigger.VOTED_YES) is W
    assert target(Role.STEWARD, V, Trigger.VOTED_YES) is A


# Sending, as the seed's README words it: "S" steward, "*" everyone, "-" nobody.
SENDING = {
    #                     Working Waiting Voting
    Kind.CONVERSATION: "*--",
    Kind.BAN_REQUEST: "*--",
    Kind.LEAVE_REQUEST: "*--",
    Kind.CHANGE_REQUEST: "*--",
    Kind.EPOCH_STARTED: "S--",
    Kind.PROPOSAL: "S-S",
    Kind.VOTING_PROPOSAL: "S-S",
    Kind.VOTE: "*-*",
    Kind.USER_VOTE: "*-*",
    Kind.UPDATE: "**-",
    Kind.BATCH: "SS-",
}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("is_steward", [True, False])
def test_sending(kind: Kind, is_steward: bool) -> None:
    for state, cell in zip((W, A, V), SENDING[kind], strict=True):
        wanted = cell == "*" or (cell == "S" and is_steward)
        assert may_send(state, kind, is_steward=is_steward) is wanted, (state, kind)


# Receiving: "h" held until the state allows it.
RECEIVING = {
    Kind.CONVERSATION: "*hh",
    Kind.BAN_REQUEST: "*hh",
    Kind.LEAVE_REQUEST: "*hh",
    Kind.CHANGE_REQUEST: "*hh",
    Kind.EPOCH_STARTED: "SS-",
    Kind.PROPOSAL: "SSS",
    Kind.VOTING_PROPOSAL: "SSS",
    Kind.VOTE: "hh*",
    Kind.USER_VOTE: "hh*",
    Kind.UPDATE: "**-",
    Kind.BATCH: "SSS",
}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("from_steward", [True, False])
def test_receiving(kind: Kind, from_steward: bool) -> None:
    cells = {"*": Permission.EVERYONE, "h": Permission.HOLD, "-": Permission.NOBODY}
    cells["S"] = Permission.EVERYONE if from_steward else Permission.NOBODY
    for state, cell in zip((W, A, V), RECEIVING[kind], strict=True):
        assert on_receipt(state, kind, from_steward=from_steward) is cells[cell], (state, kind)


def test_nothing_that_may_be_sent_is_lost_on_receipt() -> None:
    """Whatever a member may send in some state is taken or held in every state, never refused by it."""
    for kind, state in itertools.product((Kind.CONVERSATION, Kind.BAN_REQUEST, Kind.VOTE), State):
        assert on_receipt(state, kind, from_steward=False) is not Permission.NOBODY


def test_chat_during_ballot_is_the_only_thing_that_the_policy_loosens() -> None:
    for kind, state in itertools.product(Kind, State):
        loose = may_send(state, kind, is_steward=False, chat_during_ballot=True)
        if kind is Kind.CONVERSATION:
            assert loose
        else:
            assert loose is may_send(state, kind, is_steward=False)


@pytest.mark.parametrize("role", list(Role))
def test_the_diagram_shows_every_transition(role: Role) -> None:
    assert diagram(role).count("-->") == 1 + sum(r is role for r, _, _ in TRANSITIONS)
