"""Packages of npm that tests use: fixed versions, checked against their published hashes, kept in the cache."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.servers.common import ServerFailure, cache, locked
from tests.support.servers.debian import provided
from tests.support.waiting import limit

REGISTRY: Final = "https://registry.npmjs.org"


@dataclass(frozen=True, slots=True)
class Package:
    """`sha512` is the registry's `dist.integrity` without its prefix."""

    name: str
    version: str
    sha512: str

    @property
    def tarball(self) -> str:
        """Where the registry keeps it."""
        return f"{REGISTRY}/{self.name}/-/{self.name.rpartition('/')[2]}-{self.version}.tgz"


AXE: Final = Package(
    "axe-core",
    "4.14.1",
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
)
"""Finds what keeps people with disabilities out of a page."""
TYPESCRIPT: Final = "7.0.2"
"""Checks the types that the front end's comments state. npm verifies its parts by their hashes."""


def unpacked(package: Package) -> Path:
    """The folder of a package's files; fetched once. Raises ServerFailure."""
    folder = cache() / f"{package.name.replace('/', '+')}-{package.version}"
    with locked(cache() / "npm.lock"):
        if not folder.exists():
            unfinished = folder.with_suffix(".part")
            shutil.rmtree(unfinished, ignore_errors=True)
            with tarfile.open(fileobj=io.BytesIO(_fetched(package))) as archive:
                archive.extractall(unfinished, filter="data")
            (unfinished / "package").rename(folder)
            shutil.rmtree(unfinished)
    return folder


def _fetched(package: Package) -> bytes:
    try:
        with urllib.request.urlopen(package.tarball, timeout=limit()) as answer:
            content: bytes = answer.read()
    except (urllib.error.URLError, TimeoutError) as error:
        raise ServerFailure(f"{package.tarball} cannot be fetched: {error}") from None
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != package.sha512:
        raise ServerFailure(f"{package.tarball} is not what it was: its hash differs")
    return content


def find_npm() -> Path:
    """The `npm` program; as root on Debian it is installed when it is not there. Raises ServerFailure."""
    return provided("npm", _found, "nodejs", "npm")


def _found() -> Path | None:
    found = shutil.which("npm")
    return Path(found) if found else None


def find_tsc() -> Path:
    """The TypeScript compiler; installed into the cache once. Raises ServerFailure."""
    folder = cache() / f"typescript-{TYPESCRIPT}"
    program = folder / "node_modules" / ".bin" / "tsc"
    npm = find_npm()
    with locked(cache() / "npm.lock"):
        if program.exists():
            return program
        folder.mkdir(exist_ok=True)
        quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        command = [str(npm), "install", *quiet, "--prefix", str(folder), f"typescript@{TYPESCRIPT}"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=limit(starts=300))
        if done.returncode or not program.exists():
            raise ServerFailure(
                f"TypeScript cannot be installed:\n{done.stderr.decode(errors='replace')[-2000:]}"
            )
    return program
