"""Passwords: Argon2id in threads of their own, a few at a time, the same time for an unknown name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import argon2

from adapters.web.errors import BadRequest, Busy

MIN_LENGTH: Final = 10
"""Characters; NIST SP 800-63B asks for 8 at least, and the rate limit for little more."""
MAX_BYTES: Final = 256
WORKERS: Final = 2
"""Hashes at once: each takes 64 MiB (RFC 9106, second recommended option)."""
MAX_WAITING: Final = 20


class Passwords:
    """Hashes and checks. `hasher` is argon2-cffi's own choice of cost unless a test gives a cheap one."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher()
        self._threads = ThreadPoolExecutor(WORKERS, "page-argon2")
        self._waiting = 0
        self._nobody = ""

    async def prepare(self) -> None:
        """Make the hash that a name without an account is checked against."""
        self._nobody = await self.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """For the database. Raises BadRequest (too short or long), Busy."""
        if len(password) < MIN_LENGTH:
            raise BadRequest(f"A password needs at least {MIN_LENGTH} characters.", "bad-password")
        if len(password.encode(errors="replace")) > MAX_BYTES:
            raise BadRequest(f"A password has at most {MAX_BYTES} bytes.", "bad-password")
        return str(await self._run(self._hasher.hash, password))

    async def check(self, stored: str | None, password: str) -> bool:
        """Whether it is the right one; None (no such account) takes as long. Raises Busy."""
        password = password[:MAX_BYTES]
        right = bool(await self._run(self._verify, stored or self._nobody, password))
        return right and stored is not None

    async def close(self) -> None:
        """End the threads. Idempotent."""
        await asyncio.to_thread(self._threads.shutdown)

    async def _run(self, work: Callable[..., Any], *arguments: str) -> Any:
        if self._waiting >= MAX_WAITING:
            raise Busy("Many people are signing in right now. Please try again in a moment.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
