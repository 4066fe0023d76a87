"""`make quick` leaves out what starts programs, found from what a test uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kinds import folder, minutes, starts_programs

TESTS = Path(__file__).resolve().parent


@pytest.mark.parametrize(
    "name", ["integration/test_two_bridges.py", "cli/demo/test_play.py", "storage/test_open.py"]
)
def test_what_starts_programs_is_told_by_its_imports(name: str) -> None:
    assert starts_programs(TESTS / name)


@pytest.mark.parametrize(
    "name", ["protocol/engine/test_flows.py", "rooms/outbound/test_chat.py", "test_kinds.py"]
)
def test_what_starts_none_is_quick(name: str) -> None:
    assert not starts_programs(TESTS / name)


def test_a_test_that_asks_for_a_server_is_marked(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("server") is None
    asking = [item for item in request.session.items if "synapse" in getattr(item, "fixturenames", ())]
    assert all(item.get_closest_marker("server") for item in asking)


def test_minutes_are_summed_by_folder() -> None:
    assert folder("tests/rooms/view/deep/test_x.py::test_y[1/2]") == "tests/rooms/view"
    shown = minutes({"tests/b": 30.0, "tests/a": 90.0})
    assert [line.split() for line in shown[:2]] == [["1.5", "tests/a"], ["0.5", "tests/b"]]
