"""A real Synapse for tests: installed from PyPI once, started on loopback, killed and restarted at will."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.servers.common import ServerFailure, cache
from tests.support.waiting import Stuck, limit, until_now

VERSION = "1.163.2"
HOME = cache() / f"synapse-{VERSION}"
"""Generous: 2-6 s on an idle machine."""
LOG_TAIL_BYTES = 4_000


@dataclass(frozen=True)
class User:
    """A registered account and a token of its first device."""

    user_id: str
    token: str
    device_id: str
    password: str


def install() -> Path:
    """The interpreter of a venv that has Synapse; installs it when missing (80 s), once per user."""
    python = HOME / "bin" / "python"
    done = HOME / ".complete"
    HOME.parent.mkdir(parents=True, exist_ok=True)
    with _locked(HOME.parent / f"synapse-{VERSION}.lock"):
        if not done.exists():
            shutil.rmtree(HOME, ignore_errors=True)
            requirement = f"matrix-synapse=={VERSION}"
            uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
            if uv:
                _run([uv, "venv", "--quiet", "--python", sys.executable, str(HOME)])
                _run([uv, "pip", "install", "--quiet", "--python", str(python), requirement])
            else:
                _run([sys.executable, "-m", "venv", str(HOME)])
                _run([str(python), "-m", "pip", "install", "--quiet", requirement])
            done.touch()
    return python


class Synapse:
    """One homeserver with SQLite in a folder of its own; `url` and data stay over restarts."""

    def __init__(self) -> None:
        self._python = install()
        memory = Path("/dev/shm")
        base = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="demls-synapse-", dir=base))
        self._port = _free_port()
        self._secret = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"
        self._write_settings()

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start and wait until it answers. Raises AssertionError with the log's tail when it does not."""
        assert self._process is None, "already running"
        with (self.folder / "out.log").open("ab") as out:
            self._process = subprocess.Popen(
                [str(self._python), "-m", "synapse.app.homeserver", "-c", str(self.folder / "homeserver.yaml")],
                cwd=self.folder,
                stdout=out,
                stderr=out,
                env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )
        process = self._process
        try:
            until_now(lambda: process.poll() is not None or self._answers(), "Synapse", seen=self.log_tail)
        except Stuck:
            self.kill()
            raise
        if (state := process.poll()) is not None:
            self.kill()
            raise AssertionError(f"Synapse did not come up (exit code {state}):\n{self.log_tail()}")

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """kill -9 and start on the same port and data."""
        self.kill()
        self.start()

    def close(self) -> None:
        """End it and delete its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self) -> str:
        """The ends of its logs."""
        tails = []
        for name in ("out.log", "homeserver.log"):
            path = self.folder / name
            if path.exists():
                tails.append(f"--- {name}\n" + path.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace"))
        return "\n".join(tails)

    def register(self, name: str) -> User:
        """Make an account by the shared secret. `name` gets a random ending, so tests do not collide."""
        name = f"{name}-{secrets.token_hex(4)}"
        password = secrets.token_hex(16)
        path = "/_synapse/admin/v1/register"
        nonce = self._call("GET", path)["nonce"]
        text = "\0".join([nonce, name, password, "notadmin"]).encode()
        mac = hmac.new(self._secret.encode(), text, hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": password, "admin": False, "mac": mac}
        made = self._call("POST", path, body)
        return User(made["user_id"], made["access_token"], made["device_id"], password)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(limit())
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _answers(self) -> bool:
        try:
            self._call("GET", "/_matrix/client/versions")
        except (OSError, ValueError):
            return False
        return True

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=limit()) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                raise OSError(f"{error.code}: {error.read()[:500]!r}") from error

    def _write_settings(self) -> None:
        """JSON is YAML. Loopback only; no federation, no rate limits."""
        folder = self.folder
        settings = {
            "server_name": "localhost",
            "public_baseurl": self.url + "/",
            "pid_file": str(folder / "homeserver.pid"),
            "listeners": [
                {
                    "port": self._port,
                    "bind_addresses": ["127.0.0.1"],
                    "type": "http",
                    "tls": False,
                    "resources": [{"names": ["client"], "compress": False}],
                }
            ],
            "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
            "log_config": str(folder / "log.yaml"),
            "media_store_path": str(folder / "media"),
            "signing_key_path": str(folder / "signing.key"),
            "macaroon_secret_key": secrets.token_hex(16),
            "form_secret": secrets.token_hex(16),
            "registration_shared_secret": self._secret,
            "enable_registration": False,
            "report_stats": False,
            "trusted_key_servers": [],
            "suppress_key_server_warning": True,
            "federation_domain_whitelist": [],
            "url_preview_enabled": False,
            "presence": {"enabled": False},
            "bcrypt_rounds": 4,
            "caches": {"sync_response_cache_duration": "0s"},
            **_no_rate_limits(),
        }
        logs = {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
            "handlers": {
                "file": {
                    "class": "logging.FileHandler",
                    "filename": str(folder / "homeserver.log"),
                    "formatter": "line",
                }
            },
            "root": {"level": "WARNING", "handlers": ["file"]},
        }
        (folder / "homeserver.yaml").write_text(json.dumps(settings))
        (folder / "log.yaml").write_text(json.dumps(logs))
        key = str(folder / "signing.key")
        _run([str(self._python), "-m", "synapse._scripts.generate_signing_key", "-o", key])


def _no_rate_limits() -> dict[str, Any]:
    free = {"per_second": 1_000_000, "burst_count": 1_000_000}
    single = [
        "rc_message",
        "rc_registration",
        "rc_admin_redaction",
        "rc_joins_per_room",
        "rc_3pid_validation",
        "rc_room_creation",
        "rc_media_create",
        "rc_reports",
        "rc_profile",
        "rc_key_requests",
        "rc_third_party_invite",
        "rc_user_directory",
    ]
    return {
        **dict.fromkeys(single, free),
        "rc_login": {"address": free, "account": free, "failed_attempts": free},
        "rc_joins": {"local": free, "remote": free},
        "rc_invites": {"per_room": free, "per_user": free, "per_issuer": free},
        "rc_presence": {"per_user": free},
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerFailure(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file lock, so that parallel test runs install once."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
