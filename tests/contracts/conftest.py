"""The contracts on a real anvil; whatever a test does to them is undone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts.deployed import Contracts
from tests.support.contracts.group import Group, Terms
from tests.support.contracts.people import Person, people
from tests.support.servers.anvil import Anvil
from tests.support.waiting import limit

BUILD = Path(__file__).parents[2] / ".ci" / "contracts.py"


@pytest.fixture(scope="session")
def helpers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The compiled contracts of contracts/test, by name."""
    folder = tmp_path_factory.mktemp("helpers")
    subprocess.run(
        [sys.executable, str(BUILD), "--helpers", str(folder)], check=True, timeout=limit(starts=300)
    )
    return {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}


@pytest.fixture(scope="session")
def deployed(anvil_server: Anvil) -> Contracts:
    """The contracts, once for the run; take `contracts` instead of this."""
    return Contracts(anvil_server)


@pytest.fixture
def contracts(deployed: Contracts) -> Iterator[Contracts]:
    """The contracts as deployed."""
    before = deployed.chain.snapshot()
    yield deployed
    deployed.chain.revert(before)


@pytest.fixture
def group(contracts: Contracts) -> Group:
    """A group of five voters, two of them stewards, and a service member that is a steward, too."""
    voters = people(5)
    bridge = Person("bridge")
    terms = Terms(candidates=(bridge, voters[0], voters[1]), services=(bridge,))
    return Group(contracts, bridge, terms, voters, [bridge]).create()


@pytest.fixture
def own_chain(own_anvil: Anvil) -> Contracts:
    """The contracts on a chain of this test alone."""
    return Contracts(own_anvil)
