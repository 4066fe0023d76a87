"""Ten named mutations of the engine: each must turn a test red (protocol.md section 10).

A mutation is put in, a test of this suite is run under it, and the test has to fail. So a test that cannot
fail is found here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bridge.protocol import batches as protocol_batches
from bridge.protocol import permissions
from bridge.protocol.ballots import judgement, votes
from bridge.protocol.ballots.arithmetic import Verdict, decide
from bridge.protocol.ballots.ballot import Ballot
from bridge.protocol.engine import GroupEngine, batches, core, receiving, voting
from bridge.protocol.engine.requests import Requests
from bridge.protocol.engine.stewarding import Stewarding
from bridge.protocol.engine.talk import Talk
from bridge.protocol.engine.voting import Voting
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb
from tests.protocol.engine import test_flows, test_order, test_refused

EVERYONE = permissions.Permission.EVERYONE


def nothing(*_: Any, **__: Any) -> None:
    """What a removed check does."""


def any_time(n: int, yes: int, no: int, silence: Any, least: int, at_deadline: bool) -> Verdict:
    """The deadline does not matter."""
    return decide(n, yes, no, silence, least, True)


def no_sender(self: Voting, sender: Address, message: pb.Vote, held: Any = None) -> None:
    """The voter need not be the MLS sender."""
    honest_on_vote(self, Address(message.vote_owner), message, held)


def count_twice(self: Voting, ballot: Ballot, vote: Any) -> None:
    """A voter who has voted may vote again."""
    stored = self._core.state.ballot
    assert stored is not None
    stored.votes = [raw for raw in stored.votes if pb.Vote.FromString(raw).vote_owner != vote.voter]
    honest_count(self, ballot, vote)


def accept_everything(certificate: Any, staged: Any, *_: Any, **__: Any) -> judgement.Judgement:
    """Every batch is adopted."""
    return judgement.Judgement((), (), (), (), (), 0)


honest_on_vote = Voting.on_vote
honest_count = Voting._count

MUTATIONS: dict[str, tuple[list[tuple[Any, str, Any]], Callable[[], None]]] = {
    "no check on receiving": (
        [(receiving, "on_receipt", lambda *_, **__: EVERYONE)],
        test_refused.test_epoch_started_by_somebody_who_is_no_steward,
    ),
    "no check on sending": (
        [(core, "may_send", lambda *_, **__: True)],
        test_flows.test_chat_waits_outside_working_and_keeps_its_order,
    ),
    "forged vote accepted": (
        [(votes, "verify", nothing)],
        test_refused.test_forged_vote_signature,
    ),
    "foreign vote accepted": (
        [(Voting, "on_vote", no_sender)],
        test_refused.test_vote_in_somebody_elses_name,
    ),
    "certificate not bound to the batch": (
        [(protocol_batches, "check_matches", nothing)],
        test_refused.test_batch_with_another_change_than_the_one_voted_on,
    ),
    "votes of the certificate not counted": (
        [(judgement, "decide", lambda *_, **__: Verdict.PASSED)],
        test_refused.test_batch_with_too_few_votes,
    ),
    "every batch accepted": (
        [(batches, "judge", accept_everything)],
        test_refused.test_batch_with_a_change_nobody_voted_on,
    ),
    "a vote may be changed": (
        [(Voting, "_count", count_twice)],
        test_refused.test_changed_mind,
    ),
    "decided before the deadline as if at it": (
        [(voting, "decide", any_time)],
        test_flows.test_scenario_2_successful_vote,
    ),
    "removal without a ballot": (
        [(Stewarding, "_needs_ballot", lambda *_: False)],
        test_flows.test_scenario_3_failed_vote,
    ),
    "requesters of a rejected batch not told": (
        [(Requests, "rejected", nothing)],
        test_flows.test_scenario_3_failed_vote,
    ),
    "the voting deadline does nothing": (
        [(GroupEngine, "_deadline", nothing)],
        test_flows.test_a_sleeping_group_does_not_ban_but_lets_in,
    ),
    "waiting chat is dropped": (
        [(Talk, "flush", nothing)],
        test_flows.test_chat_waits_outside_working_and_keeps_its_order,
    ),
    "no hold-back": (
        [(Talk, "_waits", lambda *_: False)],
        test_order.test_a_gap_is_filled_before_what_follows_is_shown,
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_turns_a_test_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    changes, test = MUTATIONS[name]
    test()  # green as it is
    for where, attribute, replacement in changes:
        monkeypatch.setattr(where, attribute, replacement)
    with pytest.raises(BaseException) as red:  # noqa: PT011 (whatever makes a test red)
        test()
    assert not isinstance(red.value, KeyboardInterrupt)
