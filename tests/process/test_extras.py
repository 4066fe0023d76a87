"""A configuration whose extra is not installed: `check` and `run` name the line of pip that installs it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.waiting import limit

ROOT = Path(__file__).parents[2]
HIDING = """
import sys
from importlib.abc import MetaPathFinder

hidden = sys.argv[1].split()

class Hidden(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
from bridge.cli import main
sys.argv = ["demls-bridge", *sys.argv[2:]]
main()
"""
"""The command line in a Python that does not have these modules."""

MATRIX = '[adapters.matrix]\nhomeserver = "https://a.example"\nuser_id = "@b:a.example"\naccess_token = "t"\n'
CHAIN = '[chain]\nnode_url = "http://127.0.0.1:1"\nchain_id = 1\n'
WANTING = [
    ("nio", MATRIX, "adapters.matrix", "matrix"),
    ("discord", f'[adapters.discord]\ntoken = "{"t" * 30}"\n', "adapters.discord", "discord"),
    ("starlette", "[adapters.web]\nport = 0\n", "adapters.web", "web"),
    ("web3", CHAIN, "chain", "chain"),
    ("eth_tester", "[chain]\ndevelopment_port = 0\n", "chain.development_port", "devchain"),
    ("psycopg", '[storage]\nurl = "postgresql+psycopg://a@127.0.0.1:1/b"\n', "storage.url", "postgres"),
]


def bridge(hidden: str, command: str, folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    config = folder / "bridge.toml"
    config.write_text(f"[waku]\nnode_port = 0\n{text}")
    words = [sys.executable, "-c", HIDING, hidden, *command.split(), "--config", str(config)]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=limit())


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(("module", "text", "key", "extra"), WANTING, ids=[want[3] for want in WANTING])
def test_a_missing_extra_is_named(
    command: str, module: str, text: str, key: str, extra: str, tmp_path: Path
) -> None:
    done = bridge(module, command, tmp_path, text)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"{key}: needs the extra '{extra}'" in done.stderr
    assert f"pip install 'demls-bridge[{extra}]'" in done.stderr


def test_the_commands_on_contracts_name_it_too(tmp_path: Path) -> None:
    done = bridge("web3", "contracts verify", tmp_path, CHAIN)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "pip install 'demls-bridge[chain]'" in done.stderr


@pytest.mark.parametrize(
    ("module", "words", "extra"),
    [("websockets", "demo", "web"), ("eth_tester", "demo --coordination contract", "devchain")],
)
def test_the_demonstration_names_it_too(module: str, words: str, extra: str, tmp_path: Path) -> None:
    run = [sys.executable, "-c", HIDING, module, *words.split()]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"pip install 'demls-bridge[{extra}]'" in done.stderr


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    done = bridge("nio web3", "check", tmp_path, MATRIX + CHAIN)
    assert "2 settings are wrong" in done.stderr
    assert "[matrix]" in done.stderr
    assert "[chain]" in done.stderr


@pytest.mark.parametrize("words", [["--help"], ["status"]])
def test_without_any_extra_the_rest_works(words: list[str], tmp_path: Path) -> None:
    every = " ".join(want[0] for want in WANTING)
    config = tmp_path / "bridge.toml"
    config.write_text("")
    options = ["--config", str(config)] if words == ["status"] else []
    done = subprocess.run(
        [sys.executable, "-c", HIDING, every, *words, *options], cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == (1 if options else 0), done.stderr
    assert "pip install" not in done.stderr


def test_pre_releases_are_in_one_extra_and_all_has_every_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    (everything,) = extras.pop("all")
    assert set(everything.removeprefix("demls-bridge[").removesuffix("]").split(",")) == set(extras)
    pre = {
        name
        for name, lines in {**extras, "": project["dependencies"]}.items()
        if any(re.search(r"[0-9](a|b|rc)[0-9]", line) for line in lines)
    }
    assert pre == {"devchain"}
    assert {want[3] for want in WANTING} == set(extras)
