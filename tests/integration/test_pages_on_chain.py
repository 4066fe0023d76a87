"""Two pages in contract coordination, on the development chain that client1 runs for both.

`make run COORDINATION=contract` is the same network. What the chain does to whole groups when it fails is in
tests/chain.
"""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from playwright.async_api import expect

from bridge.cli.demo.network import Network, running
from bridge.protocol.types import Coordination
from tests.support.browser import Visitor
from tests.support.page_town import Person, everybody, sits_down
from tests.support.waiting import limit

TIMING = {"steward_epoch": 2, "waiting": 2, "voting": 25, "commit": 5}
SHOWN = {"waku": "stewards on Waku", "contract": "smart contract"}
SAID = {"waku": "Votes: counted by the members", "contract": "Votes: counted by the contract"}
TRANSACTION = re.compile(r"0x[0-9a-f]{64}")


async def test_the_page_shows_the_chain(tmp_path: Path, visit: Visitor) -> None:
    async with running(tmp_path, TIMING, coordination=Coordination.CONTRACT) as network:
        assert await network.until(lambda: both_are_in(network), limit())
        alice = await sits_down(visit, network.sides[0].url, "Alice")
        bob = await sits_down(visit, network.sides[1].url, "Bob")
        await alice.joins()
        await everybody((alice, bob), lambda person: person.sees_people(1))
        await bob.joins()
        await a_ballot_shows_its_transaction(network, alice)
        await alice.votes("yes")
        await everybody((alice, bob), lambda person: person.sees_people(2))
        await the_votes_move(alice, bob, "waku")
        await the_votes_move(alice, bob, "contract")


def both_are_in(network: Network) -> bool:
    """Whether both bridges see two members."""
    return all(side.group is not None and len(side.group.members) == 2 for side in network.sides)


async def a_ballot_shows_its_transaction(network: Network, alice: Person) -> None:
    """The hash on the page is that of a transaction which the chain knows and which went to the ballots."""
    shown = alice.page.locator(".panel .transaction code")
    await expect(shown).to_have_text(TRANSACTION)
    report = network.sides[0].report
    assert report is not None
    assert report.chain is not None
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionByHash"}
    async with httpx.AsyncClient() as node:
        answer = await node.post(report.chain.url, json={**asked, "params": [await shown.inner_text()]})
    assert answer.json()["result"]["to"].lower() == report.chain.ballots.lower()


async def the_votes_move(alice: Person, bob: Person, mode: str) -> None:
    """A voted change of settings; this vote itself is still counted the old way."""
    before = await alice.page.locator("ol.results > li").count()
    await alice.says(f"!propose coordination {mode}")
    await everybody((alice, bob), lambda person: person.votes("yes"))
    for person in (alice, bob):
        await person.sees_result("passed", "2–0", number=before + 1)
        fact = person.page.locator(".facts > div", has_text="Coordination").locator("dd")
        await expect(fact).to_have_text(SHOWN[mode])
    await bob.says("!status")
    await bob.page.locator(".message", has_text=SAID[mode]).last.wait_for()
