"""The development chain: py-evm in this process, a block each second, JSON-RPC on loopback.

For `make run COORDINATION=contract` and for trying things out: client1 runs it and client2 talks to it. It is
gone when the process ends, its accounts are funded for the asking, and nothing on it is worth anything.

Besides the standard methods it knows `demls_fund(address)`: one ether from nowhere.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import structlog
from aiohttp import web
from eth_utils.exceptions import ValidationError
from web3 import EthereumTesterProvider, Web3
from web3.types import RPCEndpoint

from bridge.chain.place import DEVELOPMENT_BLOCK_SECONDS

MAX_REQUEST: Final = 1_000_000
"""Bytes; a transaction of 50 votes has some 12,000."""
MAX_BATCH: Final = 100
FUND_WEI: Final = 10**18
BLOOM_BYTES: Final = 256
LOG_BITS: Final = 16
"""Of a log's index within its transaction: a block's gas pays for fewer."""
PARSE_ERROR, INVALID_REQUEST, NOT_FOUND, SERVER_ERROR = -32700, -32600, -32601, -32000

ALLOWED: Final = frozenset({
    "eth_blockNumber", "eth_call", "eth_chainId", "eth_estimateGas", "eth_feeHistory", "eth_gasPrice",
    "eth_getBalance", "eth_getBlockByHash", "eth_getBlockByNumber", "eth_getCode", "eth_getLogs",
    "eth_getTransactionByHash", "eth_getTransactionCount", "eth_getTransactionReceipt",
    "eth_maxPriorityFeePerGas", "eth_sendRawTransaction", "eth_syncing", "net_version", "web3_clientVersion",
    "demls_fund",
})  # fmt: skip
"""What a bridge, or a wallet that looks on, needs. No accounts of the node's own, no control of its clock."""

log: Final = structlog.get_logger("bridge.chain.devchain")


class DevChain:
    """The chain itself; not thread-safe. `clock` gives Unix seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        with _own_recursion_limit():
            from eth_tester import EthereumTester, PyEVMBackend

            self._tester = EthereumTester(PyEVMBackend(), auto_mine_transactions=False)
        provider = EthereumTesterProvider(self._tester)
        web3 = Web3(provider, middleware=[])
        self._request = provider.request_func(web3, web3.middleware_onion)
        self._rich = self._tester.get_accounts()[0]

    def mine(self) -> None:
        """One block, not older than the clock."""
        following = int(self._tester.get_block_by_number("latest")["timestamp"]) + 1
        if (now := int(self._clock())) > following:
            self._tester.time_travel(now)
        self._tester.mine_blocks(1)

    def answer(self, method: str, params: list[Any]) -> dict[str, Any]:
        """The `result` or `error` member of a JSON-RPC answer. Raises nothing for whatever is asked."""
        if method not in ALLOWED:
            return _error(NOT_FOUND, f"the development chain does not know {method}")
        try:
            if method == "demls_fund":
                return {"result": self._fund(*params)}
            response = self._ask(method, params)
        except Exception as error:  # eth-tester raises what py-evm and the validators happen to raise
            return _error(SERVER_ERROR, str(error)[:500])
        if "error" in response:
            return _error(SERVER_ERROR, _text(response["error"]))
        return {"result": _with_places(method, _plain(response.get("result")))}

    def _ask(self, method: str, params: list[Any]) -> Any:
        try:
            return self._request(RPCEndpoint(method), params)
        except ValidationError:
            if method != "eth_sendRawTransaction":
                raise
            # eth-tester takes one transaction of an account in a block: the next begins a new one.
            self.mine()
            return self._request(RPCEndpoint(method), params)

    def _fund(self, address: str) -> str:
        made = self._tester.send_transaction(
            {"from": self._rich, "to": address, "value": FUND_WEI, "gas": 21_000}
        )
        return str(made)


def _error(code: int, text: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": text}}


def _text(error: object) -> str:
    return str(error.get("message", error) if isinstance(error, dict) else error)[:500]


def _plain(value: Any, name: str = "") -> Any:
    """As JSON-RPC has it: numbers and bytes in hexadecimal."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"0x{value:0{2 * BLOOM_BYTES}x}" if name == "logsBloom" else hex(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, dict):
        return {str(key): _plain(inner, str(key)) for key, inner in value.items()}
    return [_plain(inner) for inner in value]


def _with_places(method: str, result: Any) -> Any:
    """Logs get an index of their own within their block: eth-tester counts anew in each transaction."""
    logs = result if method == "eth_getLogs" else []
    if method == "eth_getTransactionReceipt" and result:
        logs = result["logs"]
    for log in logs:
        log["logIndex"] = hex((int(log["transactionIndex"], 16) << LOG_BITS) + int(log["logIndex"], 16))
    return result


@contextmanager
def _own_recursion_limit() -> Iterator[None]:
    """py-evm and py_ecc raise the process's limit to 100,000 when they are loaded.

    Deeply nested JSON from outside would then overrun the C stack instead of being refused. The contracts here
    nest a few calls at most.
    """
    before = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@asynccontextmanager
async def serving(host: str, port: int, block_seconds: float = DEVELOPMENT_BLOCK_SECONDS) -> AsyncIterator[str]:
    """Run a development chain while the block runs; yields its URL. `port` 0: any free one. Raises OSError.

    py-evm computes, so it has a thread of its own; requests and blocks are done one after another there.
    """
    with ThreadPoolExecutor(1, "devchain") as thread:
        loop = asyncio.get_running_loop()
        chain = await loop.run_in_executor(thread, DevChain)

        async def answer(request: web.Request) -> web.Response:
            return web.json_response(await loop.run_in_executor(thread, _answers, chain, await request.read()))

        app = web.Application(client_max_size=MAX_REQUEST)
        app.router.add_post("/", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        mining = asyncio.create_task(_mine(chain, thread, block_seconds))
        try:
            await site.start()
            url = f"http://{host}:{runner.addresses[0][1]}"
            log.info("development chain", url=url)
            yield url
        finally:
            mining.cancel()
            await asyncio.gather(mining, return_exceptions=True)
            await runner.cleanup()


async def _mine(chain: DevChain, thread: ThreadPoolExecutor, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await asyncio.get_running_loop().run_in_executor(thread, chain.mine)


def _answers(chain: DevChain, body: bytes) -> Any:
    """The answer, or the answers, to a request's body. Total."""
    try:
        asked = json.loads(body)
    except ValueError:
        return {"jsonrpc": "2.0", "id": None, **_error(PARSE_ERROR, "this is not JSON")}
    if isinstance(asked, list):
        return [_one(chain, request) for request in asked[:MAX_BATCH]]
    return _one(chain, asked)


def _one(chain: DevChain, request: Any) -> dict[str, Any]:
    match request:
        case {"method": str(method), **rest}:
            params = rest.get("params", [])
            known = chain.answer(method, params if isinstance(params, list) else [])
            return {"jsonrpc": "2.0", "id": rest.get("id"), **known}
        case _:
            return {"jsonrpc": "2.0", "id": None, **_error(INVALID_REQUEST, "no method")}
