"""The three contracts on a chain, and the few words in which tests talk to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from eth_abi.abi import decode
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.exceptions import ContractCustomError
from web3.logs import DISCARD
from web3.types import TxReceipt

from tests.support.servers.anvil import Anvil
from tests.support.waiting import limit

ARTIFACTS: Final = Path(__file__).parents[3] / "bridge" / "chain" / "artifacts"
GAS: Final = 16_777_216
"""What one transaction may use on a chain of today (EIP-7825)."""
FUNDS: Final = 10**24


def load(path: Path) -> dict[str, Any]:
    """One compiled contract."""
    artifact: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return artifact


class Contracts:
    """`registry`, `ballots` and `packages`, freshly deployed on a chain."""

    def __init__(self, chain: Anvil) -> None:
        self.chain = chain
        self.web3 = Web3(HTTPProvider(chain.url, request_kwargs={"timeout": 30}))
        self.operator = str(self.web3.eth.accounts[0])
        self.deployment_gas: dict[str, int] = {}
        self._errors: dict[bytes, dict[str, Any]] = {}
        self.registry = self.deploy(load(ARTIFACTS / "GroupRegistry.json"))
        ballots = load(ARTIFACTS / "Ballots.json")
        self.ballots = self.at(self.registry.functions.BALLOTS().call(), ballots)
        self.packages = self.deploy(load(ARTIFACTS / "KeyPackageRegistry.json"), self.registry.address)

    def deploy(self, artifact: dict[str, Any], *arguments: object) -> Contract:
        """A new contract."""
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        made = factory.constructor(*arguments).transact({"from": self.operator, "gas": GAS})
        receipt = self.web3.eth.wait_for_transaction_receipt(made, timeout=limit(), poll_latency=0.01)
        assert receipt["status"] == 1
        self.deployment_gas[artifact["contract"]] = int(receipt["gasUsed"])
        return self.at(str(receipt["contractAddress"]), artifact)

    def at(self, address: str, artifact: dict[str, Any]) -> Contract:
        """A contract that is there; its errors can be read from now on."""
        for entry in artifact["abi"]:
            if entry["type"] == "error":
                kinds = ",".join(item["type"] for item in entry["inputs"])
                self._errors[keccak(text=f"{entry['name']}({kinds})")[:4]] = entry
        return self.web3.eth.contract(address=Web3.to_checksum_address(address), abi=artifact["abi"])

    @property
    def error_names(self) -> set[str]:
        """Every custom error of our contracts."""
        ours = ("GroupRegistry", "Ballots", "KeyPackageRegistry")
        return {entry["name"] for entry in self._errors.values() if entry["name"].startswith(ours)}

    def do(self, call: ContractFunction, sender: str, gas: int = GAS) -> TxReceipt:
        """Send it and mine it; fails the test when it reverts."""
        self.fund(sender)
        made = call.transact({"from": sender, "gas": gas})
        receipt = self.web3.eth.wait_for_transaction_receipt(made, timeout=limit(), poll_latency=0.01)
        if receipt["status"] != 1:
            raise AssertionError(f"{call.fn_name} reverted: {self.refusal(call, sender)}")
        return receipt

    def attempt(self, call: ContractFunction, sender: str, at: int) -> str:
        """Mine it in a block of time `at`, for an account with funds; the name of its custom error, or ''."""
        self.chain.next_time(at)
        made = call.transact({"from": sender, "gas": GAS // 4})
        receipt = self.web3.eth.wait_for_transaction_receipt(made, timeout=limit(), poll_latency=0.01)
        if receipt["status"] == 1:
            return ""
        light = {"disableStack": True, "disableMemory": True, "disableStorage": True}
        trace = self.chain.request("debug_traceTransaction", ["0x" + bytes(made).hex(), light])
        data = bytes.fromhex(str(trace["returnValue"]).removeprefix("0x"))
        return str(self._errors[data[:4]]["name"])

    def refusal(self, call: ContractFunction, sender: str) -> tuple[object, ...]:
        """(name, arguments ...) of the custom error with which it reverts; () when it goes through."""
        try:
            call.call({"from": sender, "gas": GAS})
        except ContractCustomError as error:
            data = bytes.fromhex(str(error.data).removeprefix("0x"))
            entry = self._errors[data[:4]]
            return (entry["name"], *decode([item["type"] for item in entry["inputs"]], data[4:]))
        return ()

    def fund(self, account: str) -> None:
        """Let a test's account send and pay."""
        if self.web3.eth.get_balance(Web3.to_checksum_address(account)) == 0:
            self.chain.request("anvil_setBalance", [account, hex(FUNDS)])
        self.chain.request("anvil_impersonateAccount", [account])

    def now(self) -> int:
        """Time of the newest block in Unix seconds."""
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def events(self, contract: Contract, name: str, receipt: TxReceipt) -> list[dict[str, Any]]:
        """What the events of this name say, in order."""
        found = contract.events[name]().process_receipt(receipt, errors=DISCARD)
        return [dict(event["args"]) for event in found]


def ascending(accounts: Sequence[str]) -> list[str]:
    """As the contracts want lists."""
    return sorted(accounts, key=lambda account: int(account, 16))


def words(*values: object) -> bytes:
    """Values as `abi.encode` writes them, a word each."""
    out = b""
    for value in values:
        if isinstance(value, bytes):
            out += value.rjust(32, b"\0")
        elif isinstance(value, str):
            out += bytes.fromhex(value.removeprefix("0x")).rjust(32, b"\0")
        else:
            assert isinstance(value, int)
            out += value.to_bytes(32, "big")
    return out
