"""The ballot's arithmetic against its table, which an independent statement of the rules wrote."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol.ballots.arithmetic import Verdict, decide, quorum
from bridge.protocol.types import Silence

TABLE = Path(__file__).parents[2] / "data" / "ballot_table.json"


@pytest.mark.parametrize("part", ["hand_checked", "cases"])
def test_every_row_of_the_table(part: str) -> None:
    table = json.loads(TABLE.read_text())
    assert table["columns"] == ["n", "yes", "no", "silence", "min_votes", "at_deadline", "verdict"]
    wrong = [
        row
        for row in table[part]
        if decide(row[0], row[1], row[2], Silence(row[3]), row[4], row[5]).value != row[6]
    ]
    assert len(table[part]) >= {"hand_checked": 19, "cases": 1200}[part]
    assert wrong == []


def test_the_table_is_what_its_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("make_table", Path(__file__).with_name("make_table.py"))
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.render() == TABLE.read_text()


def test_quorum_is_two_thirds_rounded_up_from_three_voters_on() -> None:
    assert [quorum(n) for n in range(10)] == [0, 1, 2, 2, 3, 4, 4, 5, 6, 6]


@pytest.mark.parametrize(("yes", "no"), [(-1, 0), (0, -1), (2, 2)])
def test_impossible_counts_are_refused(yes: int, no: int) -> None:
    with pytest.raises(ValueError, match="voters"):
        decide(3, yes, no, Silence.ABSTAIN, 1, False)


@given(st.integers(1, 60), st.data())
def test_what_is_decided_early_stays_decided(n: int, data: st.DataObject) -> None:
    yes = data.draw(st.integers(0, n))
    no = data.draw(st.integers(0, n - yes))
    silence = data.draw(st.sampled_from(Silence))
    early = decide(n, yes, no, silence, 1, False)
    late = decide(n, yes, no, silence, 1, True)
    assert late is not Verdict.OPEN
    if early is not Verdict.OPEN:
        more = data.draw(st.integers(0, n - yes - no))
        assert late is early
        assert decide(n, yes + more, no, silence, 1, False) is early
        assert decide(n, yes, no + more, silence, 1, False) is early
