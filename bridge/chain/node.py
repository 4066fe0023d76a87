"""One Ethereum node over JSON-RPC: every foreign exception translated, every answer checked for sense.

The only module that calls web3's client. A node is not trusted for more than availability: what it says of a
block is held against the hashes that it said before (`follower.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from aiohttp import ClientError, ClientTimeout
from eth_typing import ChecksumAddress
from hexbytes import HexBytes
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import (
    BadFunctionCallOutput,
    BlockNotFound,
    ContractCustomError,
    ContractLogicError,
    TransactionNotFound,
    Web3Exception,
    Web3RPCError,
)
from web3.types import FilterParams, LogReceipt, RPCEndpoint, TxParams, TxReceipt

from bridge.chain.errors import ChainUnavailable, Reverted, WrongChain

REQUEST_SECONDS: Final = 10.0
"""Longer than any healthy node takes for the calls made here."""
MAX_TIME: Final = 2**53
MAX_WHOLE: Final = 2**256
HASH_BYTES: Final = 32
NONSENSE: Final = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What comes of taking an answer for what it is not."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header, as far as it matters. `timestamp` in Unix seconds, hashes of 32 bytes."""

    number: int
    hash: bytes
    parent: bytes
    timestamp: int
    base_fee: int


class Node:
    """Open it with `async with`. `url` may hold an access key: it is never logged or shown."""

    def __init__(self, url: str) -> None:
        self._web3 = AsyncWeb3(
            AsyncHTTPProvider(
                url,
                request_kwargs={"timeout": ClientTimeout(total=REQUEST_SECONDS)},
                # Retries and pauses are ours, where the health is known.
                exception_retry_configuration=None,
            )
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._web3.provider.disconnect()

    def __repr__(self) -> str:
        return "Node(<url hidden>)"

    async def chain_id(self) -> int:
        """Raises ChainUnavailable."""
        return await _whole(self._web3.eth.chain_id)

    async def require_chain(self, chain_id: int) -> None:
        """Raises WrongChain when the node is of another chain."""
        if (found := await self.chain_id()) != chain_id:
            raise WrongChain(f"the node is of chain {found}, the configuration says {chain_id}")

    async def block(self, which: int | str) -> Block | None:
        """A block by number, or `latest`; None when the node does not have it."""
        try:
            found = await _asked(self._web3.eth.get_block(which))  # type: ignore[arg-type]
        except _NotThere:
            return None
        try:
            block = Block(
                number=int(found["number"]),
                hash=bytes(found["hash"]),
                parent=bytes(found["parentHash"]),
                timestamp=int(found["timestamp"]),
                base_fee=int(found.get("baseFeePerGas", 0)),
            )
        except NONSENSE as error:
            raise ChainUnavailable("the node's block makes no sense") from error
        sized = len(block.hash) == len(block.parent) == HASH_BYTES
        if (
            not sized
            or not 0 <= block.timestamp <= MAX_TIME
            or (isinstance(which, int) and block.number != which)
        ):
            raise ChainUnavailable("the node's block makes no sense")
        return block

    async def logs(
        self, addresses: Sequence[str], topics: Sequence[Any], first: int, last: int
    ) -> list[LogReceipt]:
        """The logs of these contracts in the blocks `first` to `last`, in the chain's order.

        Raises ChainUnavailable also for logs of other blocks or contracts, of a dropped branch, or unordered.
        """
        wanted: FilterParams = {
            "address": [_checksummed(address) for address in addresses],
            "topics": list(topics),
            "fromBlock": first,
            "toBlock": last,
        }
        found = await _asked(self._web3.eth.get_logs(wanted))
        allowed = {address.lower() for address in addresses}
        places = []
        try:
            for log in found:
                if log.get("removed") or str(log["address"]).lower() not in allowed:
                    raise ChainUnavailable("the node answers with logs that were not asked for")
                if len(bytes(log["blockHash"])) != HASH_BYTES:
                    raise ChainUnavailable("the node's logs make no sense")
                places.append((int(log["blockNumber"]), int(log["logIndex"])))
        except NONSENSE as error:
            raise ChainUnavailable("the node's logs make no sense") from error
        if places != sorted(set(places)) or any(not first <= number <= last for number, _ in places):
            raise ChainUnavailable("the node's logs are out of order or of other blocks")
        return list(found)

    async def call(self, transaction: TxParams, block: int | str = "latest") -> bytes:
        """Try a call without sending it. Raises Reverted with the raw revert data's selector as its name."""
        return await _bytes(self._web3.eth.call(_addressed(transaction), block))  # type: ignore[arg-type]

    async def estimate(self, transaction: TxParams) -> int:
        """Gas that it would need. Raises Reverted."""
        return await _whole(self._web3.eth.estimate_gas(_addressed(transaction)))

    async def code(self, address: str) -> bytes:
        """A contract's code; empty when there is none."""
        return await _bytes(self._web3.eth.get_code(_checksummed(address)))

    async def balance(self, address: str) -> int:
        """In wei."""
        return await _whole(self._web3.eth.get_balance(_checksummed(address)))

    async def nonce(self, address: str, block: int | str = "latest") -> int:
        """Transactions of this account up to a block."""
        return await _whole(self._web3.eth.get_transaction_count(_checksummed(address), block))  # type: ignore[arg-type]

    async def tip(self) -> int:
        """What the node proposes as priority fee, in wei per gas."""
        return await _whole(self._web3.eth.max_priority_fee)

    async def send(self, raw: bytes) -> None:
        """Broadcast; one that the node knows already is no error. Raises ChainUnavailable with its words."""
        try:
            await _asked(self._web3.eth.send_raw_transaction(HexBytes(raw)))
        except ChainUnavailable as error:
            known = ("already known", "already imported", "known transaction", "alreadyknown")
            if not any(words in str(error).lower() for words in known):
                raise

    async def receipt(self, transaction_hash: bytes) -> TxReceipt | None:
        """None while it is not in a block."""
        try:
            found = await _asked(self._web3.eth.get_transaction_receipt(HexBytes(transaction_hash)))
        except _NotThere:
            return None
        try:
            numbers = (found["status"], found["gasUsed"], found.get("effectiveGasPrice", 0))
            sensible = bytes(found["transactionHash"]) == transaction_hash and isinstance(found["logs"], list)
        except NONSENSE as error:
            raise ChainUnavailable("the node's receipt makes no sense") from error
        if not sensible or not all(isinstance(number, int) for number in numbers):
            raise ChainUnavailable("the node's receipt makes no sense")
        return found

    async def request(self, method: str, params: list[Any]) -> Any:
        """A method that web3 does not know (the development chain's)."""
        answer = await _asked(self._web3.provider.make_request(RPCEndpoint(method), params))
        if "error" in answer:
            raise ChainUnavailable(f"{method}: {str(answer['error'])[:200]}")
        return answer.get("result")


def _checksummed(address: Any) -> ChecksumAddress:
    """web3 takes no other form."""
    return AsyncWeb3.to_checksum_address(address)


def _addressed(transaction: TxParams) -> TxParams:
    made = transaction.copy()
    if "from" in made:
        made["from"] = _checksummed(made["from"])
    if "to" in made:
        made["to"] = _checksummed(made["to"])
    return made


async def _whole(answer: Awaitable[Any]) -> int:
    """A number, as one is asked for."""
    found = await _asked(answer)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < MAX_WHOLE:
        raise ChainUnavailable("the node's answer is no number")
    return found


async def _bytes(answer: Awaitable[Any]) -> bytes:
    """Bytes, as they are asked for."""
    found = await _asked(answer)
    if not isinstance(found, bytes):
        raise ChainUnavailable("the node's answer is not bytes")
    return bytes(found)


class _NotThere(ChainUnavailable):
    """A block or transaction that the node does not have."""


async def _asked(answer: Awaitable[T]) -> T:
    """The one place where foreign exceptions become ours. Texts of the transport may hold the URL: dropped."""
    try:
        return await answer
    except (BlockNotFound, TransactionNotFound) as error:
        raise _NotThere("the node does not have it") from error
    except ContractCustomError as error:
        raise Reverted(str(error.data or "")[:10], "the contract refused") from error
    except ContractLogicError as error:
        raise Reverted("reverted", str(error.message or "the contract refused")[:200]) from error
    except BadFunctionCallOutput as error:
        raise WrongChain("there is no such contract at this address") from error
    except Web3RPCError as error:
        raise ChainUnavailable(f"the node answers with an error: {str(error.message)[:200]}") from error
    except (TimeoutError, ClientError, OSError) as error:
        raise ChainUnavailable(f"the node cannot be reached ({type(error).__name__})") from None
    except (Web3Exception, *NONSENSE) as error:
        raise ChainUnavailable(f"the node's answer makes no sense ({type(error).__name__})") from None
