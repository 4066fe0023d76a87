"""The at-rest key: from a command (a secret manager), an environment variable, or a file.

It is written as 64 hexadecimal digits. Only a file is ever made by the bridge, and never over another.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from bridge.identity.errors import KeyUnavailable

KEY_BYTES: Final = 32
ENVIRONMENT: Final = "DEMLS_BRIDGE_KEY"
COMMAND_SECONDS: Final = 60
"""A secret manager may ask a person to touch a token."""
_MAX_FILE_BYTES: Final = 4096

log: Final = structlog.get_logger(__name__)


def load_key(
    file: Path,
    command: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    variable: str = ENVIRONMENT,
) -> bytes:
    """The at-rest key, 32 bytes: of `command` if there is one, else of `variable` if set, else of `file`.

    A missing file is made (mode 0600) with a random key, and the log says so. `command` is run without a shell
    and prints the key. Raises KeyUnavailable; its text never holds what was read.
    """
    if command:
        return _parsed(_output(command), f"the key command {command[0]}")
    value = (os.environ if environ is None else environ).get(variable)
    if value:
        return _parsed(value, f"the variable {variable}")
    try:
        return _created(file)
    except FileExistsError:
        return _parsed(_contents(file), f"the key file {file}")


def _parsed(text: str, source: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        raise KeyUnavailable(f"{source} does not hold hexadecimal digits") from None  # the cause quotes the key
    if len(key) != KEY_BYTES:
        raise KeyUnavailable(f"{source} holds {len(key)} bytes, a key has {KEY_BYTES}")
    return key


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, no shell
            list(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise KeyUnavailable(f"the key command {command[0]} took over {COMMAND_SECONDS} s") from None
    except (OSError, ValueError) as error:
        raise KeyUnavailable(f"the key command {command[0]} cannot be run: {error}") from None
    if done.returncode != 0:
        raise KeyUnavailable(f"the key command {command[0]} ended with code {done.returncode}")
    return done.stdout[:_MAX_FILE_BYTES].decode("ascii", "replace")


def _created(file: Path) -> bytes:
    """Make the file with a new key. Raises FileExistsError when it is there."""
    key = os.urandom(KEY_BYTES)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise
    except OSError as error:
        raise KeyUnavailable(f"cannot make the key file {file}: {error.strerror}") from None
    with open(handle, "w", encoding="ascii") as stream:
        stream.write(key.hex() + "\n")
        stream.flush()
        os.fsync(stream.fileno())  # before anything is encrypted with it
    folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    log.warning("key file created; back it up: without it the database cannot be read", file=str(file))
    return key


def _contents(file: Path) -> str:
    """The text of an existing file that only its owner can read."""
    try:
        with file.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
                raise KeyUnavailable(f"the key file {file} must be a file that only you can read: chmod 600")
            return stream.read(_MAX_FILE_BYTES).decode("ascii", "replace")
    except OSError as error:
        raise KeyUnavailable(f"cannot read the key file {file}: {error.strerror}") from None
