"""Wallets and the master secret: agreement with eth-account, derivation, secrecy."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.identity.errors import BadSecret, BadTypedData
from bridge.identity.master import Master
from bridge.identity.wallet import Wallet
from bridge.model import ethereum
from bridge.protocol import wallet as protocol
from bridge.protocol.ports import Address
from bridge.storage.store import Store

SECRET = bytes(range(1, 33))
KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""SEC 2, section 2.4.1."""


@settings(max_examples=40, deadline=None)
@given(
    st.binary(min_size=32, max_size=32).filter(lambda key: 0 < int.from_bytes(key, "big") < ORDER), st.binary()
)
def test_signatures_are_those_of_eth_account(key: bytes, message: bytes) -> None:
    wallet, account = Wallet(key), Account.from_key(key)
    signature = wallet.sign_personal(message)
    assert wallet.address == bytes.fromhex(account.address[2:])
    assert signature == bytes(account.sign_message(encode_defunct(message)).signature)
    assert signature[64] in (27, 28)
    assert int.from_bytes(signature[32:64], "big") <= ORDER // 2
    protocol.check(Address(wallet.address), message, signature)


def test_a_known_address() -> None:
    assert Wallet(KEY).address.hex() == "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), bytes(32), ORDER.to_bytes(32, "big"), b"\xff" * 32])
def test_bad_keys(key: bytes) -> None:
    with pytest.raises(BadSecret) as caught:
        Wallet(key)
    text = "".join(traceback.format_exception(caught.value))
    assert not key or key.hex() not in text


ids = st.text(max_size=8)


@settings(max_examples=60, deadline=None)
@given(ids, ids, ids, ids)
def test_every_user_has_a_wallet_of_his_own(p1: str, u1: str, p2: str, u2: str) -> None:
    master = Master(SECRET)
    same = (p1, u1) == (p2, u2)
    assert (master.wallet(p1, u1).address == master.wallet(p2, u2).address) == same


def test_platform_and_user_cannot_be_shifted() -> None:
    master = Master(SECRET)
    assert master.wallet("a", "bc").address != master.wallet("ab", "c").address
    assert master.wallet("", "abc").address != master.wallet("abc", "").address


def test_derivation_never_changes() -> None:
    """Pinned: another derivation would lock every hosted member out of their groups."""
    assert (
        Master(SECRET).wallet("matrix", "@alice:example.org").address.hex()
        == "43f16d592a7fc62bd7b1c4ad45da5487c1f29b01"
    )


def test_own_wallet() -> None:
    master = Master(SECRET)
    assert master.own_wallet().address == master.wallet("bridge", "self").address
    assert Master(bytes(32)).own_wallet().address != master.own_wallet().address


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(64)])
def test_a_master_secret_of_another_length(secret: bytes) -> None:
    with pytest.raises(BadSecret):
        Master(secret)


@pytest.mark.parametrize("holder", [Wallet(SECRET), Master(SECRET)])
def test_secrets_are_not_shown(holder: object) -> None:
    for shown in (repr(holder), str(holder), f"{holder}", f"{[holder]}"):
        assert SECRET.hex() not in shown
        assert repr(SECRET)[2:-1] not in shown
    assert not hasattr(holder, "__dict__")
    for copying in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="secret"):
            copying(holder)


async def test_the_master_secret_is_made_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bridge.db"
    addresses = []
    for _ in range(2):
        store = await Store.open(url, SECRET)
        addresses.append((await Master.load(store)).own_wallet().address)
        await store.close()
    assert addresses[0] == addresses[1]
    other = await Store.open(f"sqlite:///{tmp_path}/other.db", SECRET)
    assert (await Master.load(other)).own_wallet().address != addresses[0]
    await other.close()


TYPED = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}],
        "Vote": [{"name": "digest", "type": "bytes32"}, {"name": "support", "type": "bool"}],
    },
    "primaryType": "Vote",
    "domain": {"name": "demls Ballots", "chainId": 31337},
    "message": {"digest": "0x" + "ab" * 32, "support": True},
}


def test_typed_data_is_signed_by_the_wallet() -> None:
    signature = Wallet(KEY).sign_typed(json.dumps(TYPED))
    signable = encode_typed_data(full_message=TYPED)
    assert bytes.fromhex(Account.recover_message(signable, signature=signature)[2:]) == Wallet(KEY).address
    assert len(signature) == 65
    assert signature[64] in (27, 28)


@pytest.mark.parametrize("data", ["", "[]", "{}", "null", '{"types": {}}', json.dumps(TYPED | {"message": {}})])
def test_other_data_is_refused(data: str) -> None:
    with pytest.raises(BadTypedData):
        Wallet(KEY).sign_typed(data)


def test_a_transaction_is_signed_by_the_wallet() -> None:
    wanted = {
        "chainId": 31337,
        "nonce": 7,
        "to": "0x" + "11" * 20,
        "value": 0,
        "data": "0x01",
        "gas": 50_000,
        "maxFeePerGas": 10**9,
        "maxPriorityFeePerGas": 10**8,
        "type": 2,
    }
    raw, digest = Wallet(KEY).sign_transaction(wanted)
    assert bytes.fromhex(Account.recover_transaction(raw)[2:]) == Wallet(KEY).address
    assert digest == ethereum.keccak256(raw)
