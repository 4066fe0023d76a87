"""Wallet signatures, judged by an independent implementation (eth-account) and by known values."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from bridge.model import ethereum
from bridge.protocol import wallet
from bridge.protocol.errors import BadSignature
from tests.support.wallets import Wallet

ALICE = Wallet("alice")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def test_keccak_is_ethereums() -> None:
    assert ethereum.keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@given(st.binary(max_size=200))
def test_agrees_with_eth_account(message: bytes) -> None:
    account = Account.from_key(bytes(range(1, 33)))
    signature = bytes(account.sign_message(encode_defunct(message)).signature)
    assert wallet.recover(message, signature) == bytes.fromhex(account.address[2:])
    assert Wallet(key=bytes(range(1, 33))).sign(message) == signature


def test_check() -> None:
    signature = ALICE.sign(b"hello")
    wallet.check(ALICE.address, b"hello", signature)
    with pytest.raises(BadSignature):
        wallet.check(ALICE.address, b"hullo", signature)
    with pytest.raises(BadSignature):
        wallet.check(Wallet("bob").address, b"hello", signature)


def test_the_malleated_twin_is_refused() -> None:
    signature = ALICE.sign(b"hello")
    twin_s = ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + twin_s.to_bytes(32, "big") + bytes([27 + 28 - signature[64]])
    account = bytes.fromhex(Account.recover_message(encode_defunct(b"hello"), signature=twin)[2:])
    assert account == ALICE.address  # it is a valid signature to who does not look
    with pytest.raises(BadSignature, match="malleated"):
        wallet.recover(b"hello", twin)


@pytest.mark.parametrize(
    "signature",
    [b"", bytes(64), bytes(66), bytes(65), bytes(64) + b"\x1b", b"\xff" * 32 + bytes(32) + b"\x1b"]
    + [ALICE.sign(b"x")[:64] + bytes([v]) for v in (0, 1, 26, 29, 255)],
)
def test_no_signature_at_all(signature: bytes) -> None:
    with pytest.raises(BadSignature):
        wallet.recover(b"x", signature)


@given(st.binary(min_size=65, max_size=65))
def test_garbage_is_refused_or_somebody_elses(signature: bytes) -> None:
    with pytest.raises(BadSignature):
        wallet.check(ALICE.address, b"x", signature)


def test_a_statement_cannot_be_imitated() -> None:
    found = wallet.statement("title v1", {"group": b"a\nepoch: 1", "epoch": 2})
    assert found.decode().splitlines() == ["title v1", "group: 0x610a65706f63683a2031", "epoch: 2"]
