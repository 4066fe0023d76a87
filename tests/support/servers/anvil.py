"""A real Ethereum node for tests: Foundry's anvil from npm, on loopback, with its controls."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.support.servers.common import Process, ServerFailure, cache, free_port, locked
from tests.support.servers.npm import find_npm
from tests.support.waiting import limit

MODULE: Final = Path(__file__).parents[2] / "servers" / "anvil"
PACKAGE: Final = "@foundry-rs/anvil-linux-amd64"
CHAIN_ID: Final = 31337
START: Final = 1_800_000_000
"""Time of the first block in Unix seconds: the same in every run, so that gas figures are, too."""
HARDFORK: Final = "prague"
"""Generous: 0.2 s on an idle machine."""


def find_anvil() -> Path:
    """The `anvil` program: the locked one from npm on Linux x86-64, elsewhere the one on the PATH.

    Raises ServerFailure with what helps.
    """
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        found = shutil.which("anvil")
        if found is None:
            raise ServerFailure("Foundry's `anvil` is not on the PATH: https://getfoundry.sh")
        return Path(found)
    lock = (MODULE / "package-lock.json").read_bytes()
    folder = cache() / f"anvil-{hashlib.sha256(lock).hexdigest()[:16]}"
    with locked(cache() / "anvil.lock"):
        if not folder.exists():
            _install(folder)
    return folder / "node_modules" / PACKAGE / "bin" / "anvil"


def _install(folder: Path) -> None:
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(MODULE, unfinished)
    command = [str(find_npm()), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=unfinished, capture_output=True, check=False, timeout=limit(starts=300))
    if done.returncode:
        raise ServerFailure(f"anvil cannot be installed:\n{done.stderr.decode(errors='replace')[-2_000:]}")
    unfinished.rename(folder)


class Anvil:
    """One chain. A transaction is a block of its own, unless there is a `block_time` (seconds)."""

    def __init__(self, folder: Path, chain_id: int = CHAIN_ID, block_time: float | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.chain_id = chain_id
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [str(find_anvil()), "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(chain_id)]
        command += ["--hardfork", HARDFORK, "--accounts", "10", "--no-request-size-limit"]
        command += ["--timestamp", str(START)] if block_time is None else ["--block-time", str(block_time)]
        self._process = Process(command, folder / "anvil.log", {"HOME": str(folder), "NO_COLOR": "1"})

    def start(self) -> None:
        """Start (or restart, with an empty chain); returns when it answers. Raises ServerFailure."""
        self._process.start(self._ready)

    def kill(self) -> None:
        """SIGKILL: the chain is gone."""
        self._process.kill()

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process.running

    # ---- its controls ----

    def snapshot(self) -> str:
        """Remember the chain; gives the id for `revert`."""
        return str(self.request("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Back to a snapshot, which is used up."""
        if self.request("evm_revert", [snapshot]) is not True:
            raise ServerFailure(f"anvil does not know snapshot {snapshot}")

    def mine(self, blocks: int = 1) -> None:
        """Mine blocks at once."""
        self.request("anvil_mine", [hex(blocks)])

    def pass_time(self, seconds: int) -> None:
        """Let block time pass, and mine a block."""
        self.request("evm_increaseTime", [seconds])
        self.mine()

    def next_time(self, timestamp: int) -> None:
        """The next block has this time in Unix seconds."""
        self.request("evm_setNextBlockTimestamp", [timestamp])

    def automine(self, on: bool) -> None:
        """Whether each transaction is mined at once; else they wait for `mine`."""
        self.request("evm_setAutomine", [on])

    def reorganise(self, depth: int) -> None:
        """Replace the last `depth` blocks by empty ones; their transactions do not return to the pool."""
        self.request("anvil_reorg", [depth, []])

    def request(self, method: str, params: Sequence[object] = ()) -> Any:
        """One JSON-RPC request. Raises ServerFailure for an error, OSError when it does not answer."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode()
        asked = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(asked, timeout=limit()) as response:
            answer = json.load(response)
        if "error" in answer:
            raise ServerFailure(f"{method}: {answer['error']}")
        return answer["result"]

    def _ready(self) -> bool:
        try:
            return int(self.request("eth_chainId"), 16) == self.chain_id
        except (OSError, urllib.error.URLError, ValueError):
            return False
