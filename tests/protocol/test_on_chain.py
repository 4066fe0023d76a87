"""Typed data agrees with eth-account, and what is bound to a vote changes its digest."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol import on_chain, wallet
from bridge.protocol.ballots.ballot import make
from bridge.protocol.batches import VotedAdd, VotedRemove
from bridge.protocol.chain import ChainDomain
from bridge.protocol.errors import BadSignature
from bridge.protocol.ports import Address
from bridge.protocol.types import GroupName

KEY = bytes(range(1, 33))
SIGNER = Address(bytes.fromhex(Account.from_key(KEY).address[2:]))
DOMAIN = ChainDomain(31337, Address(b"R" * 20), Address(b"B" * 20), b"G" * 32, 3, 20)
BALLOT = make(
    group_id=b"room",
    epoch=4,
    retry_round=0,
    steward=Address(b"s" * 20),
    changes=[VotedRemove(Address(b"x" * 20))],
    voters=[Address(b"v" * 20)],
    opened=1_000,
    deadline=1_030,
)


def _signed(typed: on_chain.Typed) -> bytes:
    return bytes(Account.sign_typed_data(KEY, full_message=json.loads(typed.json())).signature)


@given(st.integers(1, 2**63), st.binary(min_size=20, max_size=20), st.booleans(), st.integers(0, 2**63))
def test_a_wallet_hashes_claims_as_we_do(chain: int, member: bytes, rejoins: bool, epoch: int) -> None:
    typed = on_chain.claim(replace(DOMAIN, chain_id=chain), Address(member), rejoins=rejoins, epoch=epoch)
    wallet.check_digest(SIGNER, typed.digest(), _signed(typed))


def test_a_vote_is_bound_to_everything() -> None:
    typed = on_chain.vote(DOMAIN, BALLOT, True)
    signature = _signed(typed)
    wallet.check_digest(SIGNER, typed.digest(), signature)
    adds = replace(BALLOT, changes=(VotedAdd(Address(b"x" * 20), b"h" * 32),))
    for other in (
        on_chain.vote(DOMAIN, BALLOT, False),
        on_chain.vote(replace(DOMAIN, chain_id=1), BALLOT, True),
        on_chain.vote(replace(DOMAIN, ballots=Address(b"C" * 20)), BALLOT, True),
        on_chain.vote(replace(DOMAIN, group_key=b"H" * 32), BALLOT, True),
        on_chain.vote(DOMAIN, adds, True),
        on_chain.vote(DOMAIN, replace(BALLOT, epoch=5), True),
    ):
        with pytest.raises(BadSignature):
            wallet.check_digest(SIGNER, other.digest(), signature)


@given(st.binary(min_size=20, max_size=20), st.binary(max_size=400))
def test_a_publication_is_bound_to_everything(owner: bytes, package: bytes) -> None:
    domain, address = replace(DOMAIN, key_packages=Address(b"K" * 20)), Address(owner)
    signed = on_chain.publication(domain, address, package)
    wallet.check_digest(SIGNER, signed.digest(), _signed(signed))
    elsewhere = (
        replace(domain, group_key=b"H" * 32),
        replace(domain, key_packages=Address(b"L" * 20)),
        replace(domain, chain_id=1),
    )
    others = {
        on_chain.publication(domain, address, package + b"!").digest(),
        on_chain.publication(domain, Address(owner[:-1] + bytes([owner[-1] ^ 1])), package).digest(),
        *(on_chain.publication(other, address, package).digest() for other in elsewhere),
    }
    assert len(others | {signed.digest()}) == 6


def test_a_group_is_named_by_creator_and_name() -> None:
    keys = {
        on_chain.group_key(GroupName(name, Address(creator * 20)))
        for name in ("a", "b")
        for creator in (b"1", b"2")
    }
    assert len(keys) == 4
