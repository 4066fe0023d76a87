"""Hosted members through the shell: joins, a ballot, timers that survive a kill, ECIES keys that do too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.conversation.ports import BallotStatus
from bridge.model.notices import Chat
from bridge.protocol.errors import UnknownBallot
from bridge.protocol.events import CastVote, JoinMember, SendChat
from bridge.waku.memory import MemoryHub
from tests.support.conversations import ALICE, BOB, Node, joined, message
from tests.support.waiting import until
from tests.support.world import Wallet

ANN, BEN = Wallet("ann"), Wallet("ben")


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Node, Node]]:
    hub = MemoryHub()
    alice = await Node(ALICE, tmp_path / "alice.db", hub, create=True).start()
    bob = await Node(BOB, tmp_path / "bob.db", hub).start()
    alice.wallets.add(ANN)
    bob.wallets.add(BEN)
    yield alice, bob
    await alice.stop()
    await bob.stop()


async def test_a_member_speaks_by_a_leaf_and_votes_another_in(pair: tuple[Node, Node]) -> None:
    alice, bob = pair
    await joined(alice, bob)
    await alice.group.submit(JoinMember(ANN.address, "Ann"))
    await until(lambda: ANN.address in alice.group.status().hosted, "ann is a member")
    await until(lambda: bob.group.status().voters == (ANN.address,), "ann is a voter for bob too")
    await alice.group.submit(SendChat(message("by ann"), ANN.address))
    await until(lambda: _authors(bob), "bob shows it")
    assert _authors(bob) == [("by ann", ANN.address)]

    await bob.group.submit(JoinMember(BEN.address, "Ben"))
    await until(lambda: bob.group.status().ballot, "a ballot is open for bob")
    ballot = alice.group.status().ballot
    assert isinstance(ballot, BallotStatus)
    assert ballot.voters == (ANN.address,)
    assert [change.subject for change in ballot.changes] == [BEN.address]
    await alice.group.submit(CastVote(ANN.address, ballot.ballot_id, True))
    await until(lambda: BEN.address in bob.group.status().hosted, "ben is a member")
    assert bob.group.status().voters == tuple(sorted([ANN.address, BEN.address]))
    with pytest.raises(UnknownBallot):
        await alice.group.submit(CastVote(ANN.address, ballot.ballot_id, True))


async def test_a_join_goes_on_over_kills_of_both(pair: tuple[Node, Node]) -> None:
    """The request, the queue, the timers and the ECIES keys are all on the disk."""
    alice, bob = pair
    await until(lambda: bob.group.transactions > 1, "bob has heard of the group")
    for node in (alice, bob, alice):
        await node.kill()
        await node.start()
    await joined(alice, bob)


def _authors(node: Node) -> list[tuple[str, bytes]]:
    chats = [notice.message for notice in node.shown.notices if isinstance(notice, Chat)]
    return [(chat.body.plain, chat.author.address) for chat in chats]
