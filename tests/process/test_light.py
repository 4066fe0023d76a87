"""What a configuration does not use is not loaded: real bridges say at their end what they hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.bridges import BridgeProcess

TELLING: Final = """
import atexit, json, sys
from pathlib import Path
packages = lambda: sorted({name.partition(".")[0] for name in sys.modules})
atexit.register(lambda: Path("modules.json").write_text(json.dumps(packages())))
from bridge.cli import main
main()
"""
"""`demls-bridge` as it is, but for the list of its modules that it leaves behind."""

HEAVY: Final = frozenset(
    [
        "web3",
        "eth_tester",
        "eth",
        "eth_account",
        "eth_keys",
        "eth_abi",
        "siwe",
        "discord",
        "nio",
        "alembic",
        "aiohttp",
        "starlette",
        "uvicorn",
        "argon2",
        "psycopg",
        "httpx",
        "prometheus_client",
        "rich",
        "pygments",
    ]
)
"""By import name; what one configuration or another needs, and the others do not."""

WAKU: Final = "[waku]\nnode_port = 0\n"
PAGE: Final = "[adapters.web]\nport = 0\n"
MATRIX: Final = (
    '[adapters.matrix]\nhomeserver = "http://127.0.0.1:1"\nuser_id = "@b:a.example"\naccess_token = "t"\n'
)
DISCORD: Final = (
    f'[adapters.discord]\ntoken = "{"t" * 30}"\napi_url = "http://127.0.0.1:1/api"\n'
    'gateway_url = "ws://127.0.0.1:1/"\n'
)
CASES: Final = {
    "groups only": (WAKU, ""),
    "page": (WAKU + PAGE, "starlette uvicorn argon2"),
    "matrix": (WAKU + MATRIX, "nio aiohttp"),
    "discord": (WAKU + DISCORD, "discord aiohttp"),
    "matrix and page": (WAKU + MATRIX + PAGE, "nio aiohttp starlette uvicorn argon2"),
    "metrics, external node": (
        '[waku]\nmode = "rest"\nrest_url = "http://127.0.0.1:1"\n[ops]\nmetrics_port = 1\n',
        # httpx takes its own command line along where it can.
        "httpx prometheus_client rich pygments",
    ),
}
"""Configuration, and which of the heavy ones it needs."""


async def run_once(folder: Path, text: str) -> set[str]:
    """The packages that a bridge with this configuration holds at its end. Runs twice: the first migrates."""
    bridge = BridgeProcess(folder, "bridge", [sys.executable, "-c", TELLING])
    group = '[[groups]]\nname = "lobby"\ncreate = true\n'
    bridge.write(text + group)
    bridge.address()
    (bridge.folder / "modules.json").unlink()
    bridge.start()
    try:
        await bridge.until(lambda report: bool(report.groups))
    finally:
        bridge.stop()
    return set(json.loads((bridge.folder / "modules.json").read_text()))


@pytest.mark.parametrize(("text", "needs"), CASES.values(), ids=CASES)
async def test_a_bridge_loads_what_it_uses(text: str, needs: str, tmp_path: Path) -> None:
    held = await run_once(tmp_path, text) & HEAVY
    assert held == set(needs.split())


@pytest.mark.parametrize("statement", ["import bridge.process.run", "import bridge.cli.main"])
def test_the_import_alone_loads_nothing_heavy(statement: str) -> None:
    script = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_the_command_line_waits_for_nothing(tmp_path: Path) -> None:
    """`--help` needs neither database nor cryptography."""
    words = [sys.executable, "-c", TELLING, "--help"]
    subprocess.run(words, cwd=tmp_path, capture_output=True, check=True)
    held = set(json.loads((tmp_path / "modules.json").read_text()))
    assert not held & (HEAVY | {"sqlalchemy", "cryptography", "google"})
