"""Verifying the 1,000 votes of a certificate, against recovering their 1,000 signers alone.

Recovery is what cannot be saved: its share says how much the rest (encoding, hashes, lookups) costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bridge.protocol import wallet
from bridge.protocol.ballots.ballot import Ballot, make
from bridge.protocol.ballots.votes import SignedVote, draft, signing_bytes, verify, with_signature
from bridge.protocol.batches import VotedRemove
from bridge.protocol.ports import Address
from tests.bench.table import Table, milliseconds, progress
from tests.support.wallets import Wallet

VOTES = 1_000
OPENED = 1_800_000_000


async def run(quick: bool) -> Table:
    """The best of several rounds of each: what disturbs a round only makes it longer."""
    rounds = 2 if quick else 10
    progress(f"sign {VOTES:,} votes")
    ballot, votes = _signed()
    signed = [(signing_bytes(vote), vote.signature) for vote in votes]
    whole, alone = [], []
    progress(f"{rounds} rounds of verifying")
    for _ in range(rounds):  # in turn, so that both meet the same disturbances
        whole.append(_took(lambda: _verify(ballot, votes)))
        alone.append(_took(lambda: _recover(signed)))
    best, least = min(whole), min(alone)
    rows = (
        ("verify", milliseconds(best), f"{VOTES / best:,.0f}"),
        ("recover alone", milliseconds(least), f"{VOTES / least:,.0f}"),
        ("ratio", f"{best / least:.2f}", ""),
    )
    return Table(f"ballots: {VOTES:,} votes, best of {rounds}", ("", "ms", "votes/s"), rows)


def _signed() -> tuple[Ballot, list[SignedVote]]:
    voters = [Wallet(f"voter {number}") for number in range(VOTES)]
    ballot = make(
        group_id=b"bench",
        epoch=1,
        retry_round=0,
        steward=voters[0].address,
        changes=[VotedRemove(Address(b"\1" * 20))],
        voters=[voter.address for voter in voters],
        opened=OPENED,
        deadline=OPENED + 30,
    )
    votes = []
    for voter in voters:
        vote = draft(ballot, voter.address, True, OPENED + 1)
        votes.append(with_signature(vote, voter.sign(signing_bytes(vote))))
    return ballot, votes


def _verify(ballot: Ballot, votes: list[SignedVote]) -> None:
    for vote in votes:
        verify(vote, ballot)


def _recover(signed: list[tuple[bytes, bytes]]) -> None:
    for message, signature in signed:
        wallet.recover(message, signature)


def _took(work: Callable[[], None]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
