"""The contracts' interfaces, from the artifacts that ship with the package: calls, events, errors, code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from eth_abi.exceptions import DecodingError
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import Web3Exception
from web3.types import LogReceipt

from bridge.chain.errors import ChainUnavailable
from bridge.model.ethereum import keccak256

REGISTRY: Final = "GroupRegistry"
BALLOTS: Final = "Ballots"
KEY_PACKAGES: Final = "KeyPackageRegistry"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract. `immutables`: where in the deployed code its constants stand, as (start, length)."""

    name: str
    compiler: str
    source_hash: str
    abi: tuple[dict[str, Any], ...]
    bytecode: bytes
    deployed: bytes
    immutables: dict[str, tuple[tuple[int, int], ...]]


@cache
def artifact(name: str) -> Artifact:
    """One of the three contracts'."""
    read = json.loads((files("bridge.chain") / "artifacts" / f"{name}.json").read_text("utf-8"))
    return Artifact(
        name=read["contract"],
        compiler=read["compiler"],
        source_hash=read["sourceHash"],
        abi=tuple(read["abi"]),
        bytecode=bytes.fromhex(read["bytecode"][2:]),
        deployed=bytes.fromhex(read["deployedBytecode"][2:]),
        immutables={key: tuple((at, size) for at, size in found) for key, found in read["immutables"].items()},
    )


@cache
def interface(name: str) -> Contract:
    """Encodes calls and decodes answers and events; it is not connected to anything."""
    address = Web3.to_checksum_address("0x" + "00" * 20)
    made: Contract = Web3().eth.contract(address, abi=artifact(name).abi)
    return made


def call(name: str, function: str, *arguments: Any) -> bytes:
    """The data of a call. Arguments have been checked by the caller."""
    return bytes.fromhex(interface(name).encode_abi(function, args=list(arguments))[2:])


def answer(name: str, function: str, data: bytes) -> Any:
    """What a function returned: one value, or a tuple. Raises ChainUnavailable for what makes no sense."""
    found = interface(name).get_function_by_name(function).abi["outputs"]
    kinds = [_kind(output) for output in found]
    try:
        values = Web3().codec.decode(kinds, data)
    except (DecodingError, ValueError, OverflowError) as error:
        raise ChainUnavailable(f"the node's answer to {function} makes no sense") from error
    return values[0] if len(values) == 1 else values


def _kind(part: Any) -> str:
    """A type as the codec names it; structures are tuples."""
    if not part["type"].startswith("tuple"):
        return str(part["type"])
    inner = ",".join(_kind(inner) for inner in part["components"])
    return f"({inner}){part['type'][len('tuple') :]}"


def signature(entry: Any) -> str:
    """`Name(type,…)` of an event or an error."""
    return f"{entry['name']}({','.join(_kind(part) for part in entry['inputs'])})"


@cache
def topics(name: str) -> dict[bytes, str]:
    """The events of a contract by their first topic."""
    entries = (entry for entry in artifact(name).abi if entry["type"] == "event")
    return {keccak256(signature(entry).encode()): str(entry["name"]) for entry in entries}


@cache
def errors() -> dict[str, str]:
    """The custom errors of all contracts by their selector (0x and 8 digits)."""
    return {
        "0x" + keccak256(signature(entry).encode())[:4].hex(): str(entry["name"])
        for name in (REGISTRY, BALLOTS, KEY_PACKAGES)
        for entry in artifact(name).abi
        if entry["type"] == "error"
    }


def event(name: str, log: LogReceipt) -> tuple[str, dict[str, Any]]:
    """An event's name and its values. Raises ChainUnavailable for a log that this contract cannot have made."""
    try:
        found = topics(name)[bytes(log["topics"][0])]
        values = interface(name).events[found]().process_log(log)["args"]
    except (
        KeyError, IndexError, TypeError, ValueError, OverflowError, DecodingError, Web3Exception
    ) as error:  # fmt: skip
        raise ChainUnavailable(f"a log of {name} makes no sense") from error
    return found, dict(values)
