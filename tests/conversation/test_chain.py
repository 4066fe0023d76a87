"""What is asked of the chain is stored with the event that asks it; what the chain says is an event."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.chain.codec import decode
from bridge.protocol.chain import ChainDomain, Roster, SetRoster
from bridge.protocol.events import ChainSeen, IntentFailed
from bridge.protocol.on_chain import settings_hash
from bridge.protocol.policy import policy_hash
from bridge.protocol.ports import Address
from bridge.protocol.types import Coordination
from bridge.storage import chain_cursors, intents
from bridge.waku.memory import MemoryHub
from tests.support.conversations import ALICE, GROUP, POLICY, Node
from tests.support.waiting import until

DOMAIN = ChainDomain(31337, Address(b"R" * 20), Address(b"B" * 20), b"G" * 32, 3, 1_000)
CONTRACT = replace(POLICY, coordination=Coordination.CONTRACT)


@pytest.fixture
async def alice(tmp_path: Path) -> AsyncIterator[Node]:
    node = Node(ALICE, tmp_path / "alice.db", MemoryHub(), create=True, policy=CONTRACT, chain=DOMAIN)
    await node.start()
    yield node
    await node.stop()


def _roster(node: Node) -> Roster:
    own = Address(node.wallet.address)
    return Roster(0, 0, (own,), (), (own,), policy_hash(CONTRACT), b"t" * 32, settings_hash(CONTRACT))


async def _waiting(node: Node) -> list[intents.IntentRow]:
    return await node.store.read(lambda tx: intents.waiting(tx, 10))


async def test_an_intent_is_stored_and_the_sender_woken(alice: Node) -> None:
    await until(lambda: bool(alice.woken), "the sender is woken")
    [row] = await _waiting(alice)
    intent = decode(row.payload)
    assert isinstance(intent, SetRoster)
    assert (row.group, row.key, intent.services) == (GROUP, intent.key, (ALICE.address,))


async def test_an_intent_is_stored_once_over_restarts(alice: Node) -> None:
    await until(lambda: bool(alice.woken), "the sender is woken")
    await alice.kill()
    await alice.start()
    await alice.say("hello")
    assert len(await _waiting(alice)) == 1


async def test_facts_and_cursor_are_one_transaction(alice: Node) -> None:
    seen = ChainSeen(9, 1_000, (_roster(alice),))
    alice.store.fail = "before"
    await alice.group.submit(seen, lambda tx: chain_cursors.put(tx, GROUP, 9, b"h" * 32))
    assert await alice.store.read(lambda tx: chain_cursors.get(tx, GROUP)) == (9, b"h" * 32)
    status = alice.group.status()
    assert status.chain_ready
    assert status.chain == f"ok: {GROUP} at block 7"
    await alice.kill()
    await alice.start()
    assert alice.group.status().chain_trouble in ("", "the chain could not be reached")


async def test_a_failed_intent_is_told_and_tried_later(alice: Node) -> None:
    await until(lambda: bool(alice.woken), "the sender is woken")
    [row] = await _waiting(alice)
    ran: list[bool] = []
    await alice.group.submit(IntentFailed(row.key, "limit"), lambda tx: ran.append(True))
    assert ran == [True]
    assert "not on the chain" in alice.group.status().chain_trouble
