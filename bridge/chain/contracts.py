"""The contracts on one chain: deployed, verified, asked.

Planner, reader and refusals are modules of their own; this one is what the command line needs.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from web3.types import TxParams, TxReceipt

from bridge.chain import abi
from bridge.chain.errors import ChainError, ChainUnavailable, Reverted, WrongChain
from bridge.chain.node import Node
from bridge.chain.place import Addresses
from bridge.chain.planner import ContractPlanner, terms
from bridge.chain.ports import Account
from bridge.chain.reader import GroupReader
from bridge.model.ethereum import keccak256
from bridge.protocol.on_chain import group_key
from bridge.protocol.ports import Address

__all__ = ["ContractPlanner", "Deployed", "GroupReader", "GroupState", "deploy",
           "group_key", "group_state", "terms", "verify"]  # fmt: skip

WAIT_SECONDS: Final = 300.0
"""For a block to take a deployment."""
POLL_SECONDS: Final = 0.5
GAS_MARGIN: Final = (5, 4)


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where the contracts are, since which block, made by which transactions (32 bytes each)."""

    addresses: Addresses
    first_block: int
    transactions: tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class GroupState:
    """A group as the registry has it. `number` is of its newest record or roster."""

    creator: Address
    number: int
    coordinated: bool
    epoch: int
    voters: int
    last_commit: bytes
    policy_hash: bytes


# ---- deploying ----


async def deploy(node: Node, account: Account, chain_id: int) -> Deployed:
    """Deploy all three with `account`, and verify them. Raises ChainError (funds, a node that is away)."""
    await node.require_chain(chain_id)
    head = await node.block("latest")
    registry, first = await _create(node, account, chain_id, abi.artifact(abi.REGISTRY).bytecode)
    ballots = _address(await _asked(node, registry, abi.REGISTRY, "BALLOTS"))
    packages_code = abi.artifact(abi.KEY_PACKAGES).bytecode + _word(registry)
    key_packages, second = await _create(node, account, chain_id, packages_code)
    addresses = Addresses(registry, ballots, key_packages)
    await verify(node, addresses, chain_id)
    return Deployed(addresses, head.number if head else 0, (first, second))


async def _create(node: Node, account: Account, chain_id: int, code: bytes) -> tuple[Address, bytes]:
    """A contract's address and the transaction that made it."""
    sender = "0x" + account.address.hex()
    head = await node.block("latest")
    if head is None:
        raise ChainUnavailable("the node has no blocks")
    tip = await node.tip()
    gas = await node.estimate({"from": sender, "data": "0x" + code.hex()})  # type: ignore[typeddict-item]
    raw, made = account.sign_transaction(
        {
            "chainId": chain_id,
            "nonce": await node.nonce(sender, "pending"),
            "value": 0,
            "data": "0x" + code.hex(),
            "gas": gas * GAS_MARGIN[0] // GAS_MARGIN[1],
            "maxFeePerGas": 2 * head.base_fee + tip,
            "maxPriorityFeePerGas": tip,
        }
    )
    await node.send(raw)
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            receipt = await _mined(node, made)
    except TimeoutError:
        raise ChainUnavailable(f"0x{made.hex()} is in no block after {WAIT_SECONDS:.0f} s") from None
    found = receipt.get("contractAddress")
    if int(receipt["status"]) != 1 or not found:
        raise Reverted("deployment", f"0x{made.hex()} has made no contract")
    return _address(found), made


async def _mined(node: Node, transaction: bytes) -> TxReceipt:
    while True:
        receipt = await node.receipt(transaction)
        if receipt is not None:
            return receipt
        await asyncio.sleep(POLL_SECONDS)


# ---- verifying ----


async def verify(node: Node, addresses: Addresses, chain_id: int) -> None:
    """Raise WrongChain unless the code at these addresses is what this version was built with.

    Constants that the constructors set are compared with what they must be. What the constructors wrote to
    storage cannot be seen: see docs/contracts.md.
    """
    await node.require_chain(chain_id)
    for name, at, other in (
        (abi.REGISTRY, addresses.registry, addresses.ballots),
        (abi.BALLOTS, addresses.ballots, addresses.registry),
        (abi.KEY_PACKAGES, addresses.key_packages, addresses.registry),
    ):
        expected = _expected(name, at, other, chain_id)
        if await node.code("0x" + at.hex()) != expected:
            raise WrongChain(f"0x{at.hex()} is not the {name} of this version")


def _expected(name: str, at: Address, other: Address, chain_id: int) -> bytes:
    """The deployed code with the constants filled in."""
    artifact = abi.artifact(name)
    title = f"demls {name}"
    domain_type = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    hashes = keccak256(title.encode()), keccak256(b"1")
    separator = keccak256(
        keccak256(domain_type) + hashes[0] + hashes[1] + chain_id.to_bytes(32, "big") + _word(at)
    )
    constants = {
        "BALLOTS": _word(other),
        "REGISTRY": _word(other),
        "_cachedChainId": chain_id.to_bytes(32, "big"),
        "_cachedDomainSeparator": separator,
        "_cachedThis": _word(at),
        "_hashedName": hashes[0],
        "_hashedVersion": hashes[1],
        "_name": _short_string(title),
        "_version": _short_string("1"),
    }
    code = bytearray(artifact.deployed)
    for constant, places in artifact.immutables.items():
        for start, length in places:
            code[start : start + length] = constants[constant]
    return bytes(code)


def _short_string(text: str) -> bytes:
    """OpenZeppelin's `ShortString`: the text, and its length in the last byte."""
    return text.encode().ljust(31, b"\0") + bytes([len(text)])


# ---- asking ----


async def group_state(node: Node, addresses: Addresses, key: bytes) -> GroupState | None:
    """What the registry says of a group; None when it does not know it. Raises ChainUnavailable."""
    try:
        found = await _asked(node, addresses.registry, abi.REGISTRY, "groupOf", key)
    except Reverted:
        return None
    creator, number, coordinated, epoch, _, voters, _, _, last_commit, policy_hash = found
    return GroupState(
        _address(creator), number, coordinated, epoch, voters, bytes(last_commit), bytes(policy_hash)
    )


async def _asked(node: Node, at: Address, name: str, function: str, *arguments: Any) -> Any:
    data = abi.call(name, function, *arguments)
    asked: TxParams = {"to": "0x" + at.hex(), "data": "0x" + data.hex()}  # type: ignore[typeddict-item]
    answer = await node.call(asked)
    if not answer:
        raise WrongChain(f"there is no {name} at 0x{at.hex()}")
    return abi.answer(name, function, answer)


def _address(text: str) -> Address:
    try:
        found = bytes.fromhex(str(text)[2:])
    except ValueError:
        found = b""
    if len(found) != 20:
        raise ChainError("the node's answer holds no address")
    return Address(found)


def _word(address: Address) -> bytes:
    return address.rjust(32, b"\0")
