"""The shared table of ballots against the contract: the arithmetic alone, and whole ballots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.protocol.ballots.arithmetic import Verdict, decide
from bridge.protocol.types import Silence
from tests.support.contracts.deployed import Contracts
from tests.support.contracts.group import FAILED, OPEN, PASSED, Group, Kind, Terms
from tests.support.contracts.people import Person, people

TABLE = json.loads((Path(__file__).parents[1] / "data" / "ballot_table.json").read_text("utf-8"))
SILENCE = {"abstain": 0, "approve": 1, "reject": 2}
VERDICT = {"open": OPEN, "passed": PASSED, "failed": FAILED}


@pytest.fixture(scope="module")
def harness(deployed: Contracts, helpers: dict[str, Any]) -> Any:
    """The arithmetic, callable."""
    return deployed.deploy(helpers["ArithmeticHarness"]).functions


def case(row: list[Any]) -> tuple[Any, ...]:
    """A row of the table as struct."""
    return (*row[:3], SILENCE[row[3]], *row[4:6])


@pytest.mark.parametrize("part", ["hand_checked", "cases"])
def test_every_row_of_the_table(harness: Any, part: str) -> None:
    rows = TABLE[part]
    found = harness.decide([case(row) for row in rows]).call()
    wrong = [row for row, verdict in zip(rows, found, strict=True) if verdict != VERDICT[row[6]]]
    assert len(rows) >= {"hand_checked": 19, "cases": 1200}[part]
    assert wrong == []


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_far_beyond_the_table_it_is_the_engines(harness: Any, data: st.DataObject) -> None:
    rows = []
    for _ in range(20):
        n = data.draw(st.integers(0, 2_000))
        yes = data.draw(st.integers(0, n))
        no = data.draw(st.integers(0, n - yes))
        rows.append((n, yes, no, data.draw(st.sampled_from(Silence)), data.draw(st.integers(0, 50)), True))
        rows.append((*rows[-1][:5], False))
    numbers = {Silence.ABSTAIN: 0, Silence.APPROVE: 1, Silence.REJECT: 2}
    verdicts = {Verdict.OPEN: OPEN, Verdict.PASSED: PASSED, Verdict.FAILED: FAILED}
    found = harness.decide([(*row[:3], numbers[row[3]], *row[4:]) for row in rows]).call()
    assert found == [verdicts[decide(*row)] for row in rows]


@pytest.mark.parametrize("n", range(1, 8))
def test_whole_ballots_end_as_the_table_says(contracts: Contracts, n: int) -> None:
    """Those of `n` voters that were checked by hand; votes come one by one until it is decided."""
    for row in [row for row in TABLE["hand_checked"] if row[0] == n]:
        _, yes, no, silence, min_votes, at_deadline, verdict = row
        before = contracts.chain.snapshot()
        voters = people(n)
        terms = Terms((voters[0],), adds=SILENCE[silence], min_votes=min_votes)
        group = Group(contracts, voters[0], terms, voters).create()
        asked = group.open(group.question(Kind.ADD, adds=[Person("newcomer")]))
        for number, voter in enumerate(voters[: yes + no]):
            if group.verdict(asked) == OPEN:
                group.vote(asked, yes=[voter] if number < yes else [], no=[voter] if number >= yes else [])
        if at_deadline and group.verdict(asked) == OPEN:
            group.expire(asked)
            finalize = contracts.ballots.functions.finalize(group.key, asked.digest)
            contracts.do(finalize, contracts.operator)
        assert group.verdict(asked) == VERDICT[verdict], row
        contracts.chain.revert(before)
