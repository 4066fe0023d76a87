"""Every mutant turns its test red, and the list is in step with the code."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from typing import Final

import pytest

from tests.mutations.mutants import MUTANTS, Mutant
from tests.support.texts import ROOT
from tests.support.waiting import limit

COMMAND: Final = (sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider")
RED: Final = 1
"""pytest's exit code for tests that ran and failed. A test that is not found ends with another one."""


def outcome(mutant: Mutant) -> tuple[int, str]:
    """Exit code and last words of pytest for the mutant's test."""
    environment = {**os.environ, "MUTANT": json.dumps(dataclasses.asdict(mutant))}
    command = [*COMMAND, "-p", "tests.mutations.plugin", mutant.test]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, check=False, timeout=limit(starts=300)
    )
    return done.returncode, done.stdout.decode(errors="replace")[-2000:]


@pytest.mark.parametrize("name", MUTANTS)
def test_the_old_text_stands_there_once(name: str) -> None:
    mutant = MUTANTS[name]
    assert (ROOT / mutant.file).read_text("utf-8").count(mutant.old) == 1, "bring the list into step"


@pytest.mark.parametrize("name", MUTANTS)
def test_the_mutant_turns_its_test_red(name: str) -> None:
    mutant = MUTANTS[name]
    code, said = outcome(mutant)
    assert code == RED, said
    # Failed for what it sees, not because the mutant cannot be imported.
    assert not re.search(r"SyntaxError|ImportError|NameError|errors? during collection", said), said


def test_the_tests_are_green_as_the_code_is() -> None:
    # In one run, whatever their number.
    tests = sorted({mutant.test for mutant in MUTANTS.values()})
    done = subprocess.run(
        [*COMMAND, *tests], cwd=ROOT, capture_output=True, check=False, timeout=limit(starts=300)
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
