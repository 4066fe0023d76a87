"""Tries the wheel as people install it: bare, and with each extra, in a virtual environment of its own.

`make try-wheel`. The wheel is made with the profile of `make bootstrap`, so nothing is compiled twice; packages
come from uv's cache, in the versions of uv.lock, resolved from the wheel's own metadata. Each environment must
have what its configuration needs, and must say what it lacks for another one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent
AT_ONCE: Final = 2
GROUP: Final = '[waku]\nnode_port = 0\n[[groups]]\nname = "lobby"\ncreate = true\n'
CONTRACTS: Final = "".join(
    f'{key} = "0x{digit * 40}"\n' for key, digit in (("registry", "1"), ("ballots", "2"), ("key_packages", "3"))
)


class Failed(Exception):
    """The wheel does not do what it should; the text says where."""


@dataclass(frozen=True, slots=True)
class Trial:
    """An extra ('' is the bare wheel): a configuration for it, `check`'s exit code (1: nobody answers, which is
    right for a server that is not there), and code that must run."""

    extra: str
    config: str
    code: int
    program: str


TRIALS: Final = (
    Trial("", GROUP, 0, "import bridge.process.run"),
    Trial("web", f"{GROUP}[adapters.web]\nport = 0\n", 0, "import adapters.web.adapter, adapters.web.seed_key"),
    Trial(
        "matrix",
        f'{GROUP}[adapters.matrix]\nhomeserver = "http://127.0.0.1:1"\nuser_id = "@b:x"\naccess_token = "t"\n',
        1,
        "import adapters.matrix.adapter",
    ),
    Trial(
        "discord",
        f'{GROUP}[adapters.discord]\ntoken = "{"t" * 30}"\napi_url = "http://127.0.0.1:1/api"\n'
        'gateway_url = "ws://127.0.0.1:1/"\n',
        1,
        "import adapters.discord.adapter",
    ),
    Trial(
        "chain",
        f'{GROUP}[chain]\nnode_url = "http://127.0.0.1:1"\nchain_id = 5\n{CONTRACTS}',
        0,
        "import bridge.process.group_chain",
    ),
    Trial(
        "devchain",
        f"{GROUP}[chain]\ndevelopment_port = 0\n",
        0,
        "from bridge.chain.devchain import DevChain; DevChain().mine()",
    ),
    Trial(
        "postgres",
        f'{GROUP}[storage]\nurl = "postgresql+psycopg://a@127.0.0.1:1/b"\n',
        1,
        "import psycopg",
    ),
)
EVERYTHING: Final = Trial(
    "all",
    f"{GROUP}[adapters.web]\nport = 0\n[chain]\ndevelopment_port = 0\n",
    0,
    "; ".join(trial.program for trial in TRIALS),
)


def main() -> None:
    """Build, install, try; ends with code 1 and a text when something is not as it should be."""
    with tempfile.TemporaryDirectory(prefix="try-wheel-", dir="/tmp") as text:
        folder = Path(text)
        wheel = _built(folder)
        locked = folder / "locked.txt"
        words = [
            "export",
            "--frozen",
            "--quiet",
            "--no-dev",
            "--all-extras",
            "--no-emit-project",
            "--no-hashes",
        ]
        locked.write_text(_run([_uv(), *words], ROOT))
        try:
            with ThreadPoolExecutor(AT_ONCE) as threads:
                made = threads.map(lambda trial: _tried(trial, wheel, locked, folder), (*TRIALS, EVERYTHING))
                for line in made:
                    print(line, flush=True)
        except Failed as error:
            sys.exit(f"the wheel fails: {error}")


def _uv() -> str:
    own = BIN / "uv"
    found = str(own) if own.exists() else shutil.which("uv")
    if found is None:
        sys.exit("uv is missing: make bootstrap")
    return found


def _built(folder: Path) -> Path:
    _run(
        [str(BIN / "maturin"), "build", "--quiet", "--profile", "fast", "--locked", "--out", str(folder)], ROOT
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def _tried(trial: Trial, wheel: Path, locked: Path, folder: Path) -> str:
    """Raises Failed. Returns a line for the operator."""
    name = trial.extra or "bare"
    home = folder / name
    home.mkdir()
    python = home / "venv" / "bin" / "python"
    _run([_uv(), "venv", "--quiet", "--python", sys.executable, str(home / "venv")], home)
    wanted = f"demls-bridge[{trial.extra}] @ {wheel.as_uri()}" if trial.extra else str(wheel)
    install = ["pip", "install", "--quiet", "--python", str(python), "--constraint", str(locked), wanted]
    _run([_uv(), *install], home)
    bridge = str(python.with_name("demls-bridge"))
    _run([bridge, "--version"], home)
    _run([bridge, "--help"], home)
    _run([str(python), "-c", trial.program], home)
    _checked(bridge, trial, home, trial.code)
    others = [each for each in TRIALS if each.extra and each.extra not in (trial.extra, "chain")]
    if not trial.extra:
        for other in others:
            said = _checked(bridge, other, home, 2)
            if f"demls-bridge[{other.extra}]" not in said:
                raise Failed(f"bare: `check` does not name the extra {other.extra}:\n{said}")
    count = len(list((home / "venv").glob("lib/python*/site-packages/*.dist-info")))
    return f"ok  {name:<9} {count:>3} packages"


def _checked(bridge: str, trial: Trial, home: Path, code: int) -> str:
    """What `check` says of this trial's configuration."""
    (home / "bridge.toml").write_text(trial.config)
    shutil.rmtree(home / "data", ignore_errors=True)
    return _run([bridge, "check"], home, code)


def _run(words: Sequence[str], folder: Path, code: int = 0) -> str:
    """Standard output, and error after it for a code that is not 0. Raises Failed."""
    done = subprocess.run(  # noqa: S603 - all of it is written here
        words, cwd=folder, env=_environment(os.environ), capture_output=True, text=True, check=False
    )
    if done.returncode != code:
        text = (done.stdout + done.stderr)[-2_000:]
        raise Failed(f"{' '.join(words)} ended with {done.returncode}, not {code}:\n{text}")
    return done.stdout + (done.stderr if code else "")


def _environment(outer: Mapping[str, str]) -> dict[str, str]:
    """Without what would lead back into the checkout, or be settings."""
    left_out = ("DEMLS_", "PYTHONPATH", "VIRTUAL_ENV", "NAME", "NODE_PORT", "PEER_ADDRESSES")
    return {name: value for name, value in outer.items() if not name.startswith(left_out)}


if __name__ == "__main__":
    main()
