"""The development chain, asked by the same client as any other node."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from eth_account import Account
from web3 import AsyncHTTPProvider, AsyncWeb3, Web3
from web3.types import RPCEndpoint

from bridge.chain.devchain import FUND_WEI, DevChain, serving
from bridge.chain.place import DEVELOPMENT_CHAIN
from tests.support.waiting import limit


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with serving("127.0.0.1", 0, block_seconds=0.05) as made:
        yield made


@pytest.fixture
async def web3(url: str) -> AsyncIterator[AsyncWeb3[AsyncHTTPProvider]]:
    made = AsyncWeb3(AsyncHTTPProvider(url))
    yield made
    await made.provider.disconnect()


async def test_a_transfer(web3: AsyncWeb3[AsyncHTTPProvider]) -> None:
    account, other = Account.create(), Account.create()
    await web3.provider.make_request(RPCEndpoint("demls_fund"), [account.address])
    block = await web3.eth.block_number
    while not await web3.eth.get_balance(account.address):
        assert await web3.eth.block_number < block + 100
    signed = account.sign_transaction(
        {
            "chainId": await web3.eth.chain_id,
            "nonce": await web3.eth.get_transaction_count(account.address),
            "to": other.address,
            "value": 5,
            "gas": 21_000,
            "maxFeePerGas": 3 * 10**9,
            "maxPriorityFeePerGas": 10**9,
        }
    )
    receipt = await web3.eth.wait_for_transaction_receipt(
        await web3.eth.send_raw_transaction(signed.raw_transaction), timeout=limit(), poll_latency=0.05
    )
    assert receipt["status"] == 1
    assert await web3.eth.get_balance(other.address) == 5
    assert await web3.eth.get_balance(account.address) < FUND_WEI
    assert await web3.eth.get_logs({"fromBlock": 0, "toBlock": "latest"}) == []


async def test_blocks_come_and_keep_the_time(web3: AsyncWeb3[AsyncHTTPProvider]) -> None:
    first = await web3.eth.get_block("latest")
    while (latest := await web3.eth.get_block("latest"))["number"] < first["number"] + 3:
        pass
    assert latest["timestamp"] > first["timestamp"]


def test_a_block_is_not_older_than_the_clock() -> None:
    now = DevChain().answer("eth_getBlockByNumber", ["latest", False])["result"]["timestamp"]
    chain = DevChain(lambda: int(now, 16) + 1_000)
    chain.mine()
    assert chain.answer("eth_getBlockByNumber", ["latest", False])["result"]["timestamp"] == hex(
        int(now, 16) + 1_000
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", -32700),
        ("3", -32600),
        ('{"id": 1}', -32600),
        ('{"id": 1, "method": "evm_revert", "params": []}', -32601),
        ('{"id": 1, "method": "eth_accounts", "params": []}', -32601),
        ('{"id": 1, "method": "eth_getBalance", "params": ["nonsense", "latest"]}', -32000),
        ('{"id": 1, "method": "eth_sendRawTransaction", "params": ["0x00"]}', -32000),
        ('{"id": 1, "method": "demls_fund", "params": []}', -32000),
    ],
)
async def test_what_makes_no_sense_is_an_error(url: str, body: str, code: int) -> None:
    async with httpx.AsyncClient() as http:
        answer = (await http.post(url, content=body)).json()
        assert answer["error"]["code"] == code
        after = (await http.post(url, json={"id": 7, "method": "eth_blockNumber", "params": []})).json()
    assert int(after["result"], 16) >= 0


def test_the_recursion_limit_of_the_process_stays() -> None:
    """In a process of its own: what is loaded once is loaded."""
    script = (
        "import sys; before = sys.getrecursionlimit(); from bridge.chain.devchain import DevChain; "
        "chain = DevChain(); chain.mine(); sys.exit(sys.getrecursionlimit() != before)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


LOGGER = "6005600c60003960056000f360006000a0"
"""Creation code of a contract that does nothing but leave an empty log."""


class Sender:
    """An account of its own on a chain."""

    def __init__(self, chain: DevChain) -> None:
        self.chain = chain
        self.key = Account.create()
        self.nonce = 0
        assert "result" in chain.answer("demls_fund", [self.key.address])
        chain.mine()

    def send(self, to: str = "", data: str = "0x") -> str:
        fields = {
            "chainId": DEVELOPMENT_CHAIN, "nonce": self.nonce, "value": 0, "data": data, "gas": 200_000,
            "maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 10**9,
        }  # fmt: skip
        raw = self.key.sign_transaction({**fields, "to": to} if to else fields).raw_transaction
        self.nonce += 1
        return str(self.chain.answer("eth_sendRawTransaction", ["0x" + raw.hex()])["result"])

    def receipt(self, transaction: str) -> Any:
        return self.chain.answer("eth_getTransactionReceipt", [transaction])["result"]


def test_logs_of_one_block_have_places_of_their_own() -> None:
    chain = DevChain()
    senders = [Sender(chain), Sender(chain)]
    made = senders[0].send(data="0x" + LOGGER)
    chain.mine()
    contract = Web3.to_checksum_address(senders[0].receipt(made)["contractAddress"])
    sent = [(sender, sender.send(contract)) for sender in senders]
    chain.mine()
    in_receipts = [log for sender, made in sent for log in sender.receipt(made)["logs"]]
    asked = {"fromBlock": "0x0", "toBlock": "latest", "address": contract}
    assert chain.answer("eth_getLogs", [asked])["result"] == in_receipts
    assert len({log["blockNumber"] for log in in_receipts}) == 1
    assert len({log["logIndex"] for log in in_receipts}) == 2


def test_an_account_sends_twice_without_waiting_for_a_block() -> None:
    chain = DevChain()
    sender = Sender(chain)
    sent = [sender.send(sender.key.address) for _ in range(3)]
    chain.mine()
    assert [int(sender.receipt(one)["status"], 16) for one in sent] == [1, 1, 1]


def test_the_chain_id_is_the_one_that_is_told() -> None:
    assert int(DevChain().answer("eth_chainId", [])["result"], 16) == DEVELOPMENT_CHAIN
