"""The bot's login: a token from the configuration, or a password that is turned into a kept device."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Final

import structlog
from nio import Api

from adapters.matrix.config import MatrixConfig
from adapters.matrix.errors import MatrixRejected, TokenRevoked
from adapters.matrix.fields import mapping, text
from adapters.matrix.http import MatrixHttp
from bridge.model.adapter import DeliveryError, Rejected

DEVICE_NAME: Final = "demls-bridge"
log: Final = structlog.get_logger(__name__)


class Account:
    """Keeps `http.token` valid.

    The device is the same after every login: transaction ids make sends idempotent per device only.
    """

    def __init__(self, config: MatrixConfig, http: MatrixHttp, state_dir: Path) -> None:
        self._config = config
        self._http = http
        self._file = state_dir / "matrix-login.json"

    async def open(self) -> None:
        """Make sure that the token works and belongs to the configured account."""
        kept = self._read()
        self._http.token = self._config.access_token or kept.get("access_token", "")
        if not self._http.token:
            await self._login(kept)
        try:
            await self._whoami()
        except TokenRevoked:
            if not await self.renew():
                raise
            await self._whoami()

    async def renew(self) -> bool:
        """Log in again after the token was revoked; False when there is no password to do it with."""
        if not self._config.password:
            return False
        log.warning("the access token was revoked; logging in again")
        await self._login(self._read())
        return True

    async def _whoami(self) -> None:
        user_id = text((await self._http.call(Api.whoami(""))).get("user_id"), 255)
        if user_id != self._config.user_id:
            raise Rejected(
                f"the access token belongs to {user_id!r}, not to {self._config.user_id}: "
                "correct 'user_id' or 'access_token'"
            )

    async def _login(self, kept: dict[str, str]) -> None:
        device = self._config.device_id or kept.get("device_id") or secrets.token_hex(5).upper()
        self._http.token = ""
        path = Api.login(self._config.user_id, self._config.password, DEVICE_NAME, device)
        try:
            answer = await self._http.call(path)
        except MatrixRejected as refusal:
            raise Rejected(
                f"login as {self._config.user_id} failed ({refusal}): check 'user_id' and 'password'"
            ) from refusal
        self._http.token = text(answer.get("access_token"), 4096)
        if not self._http.token:
            raise Rejected("the homeserver's login answer has no access token")
        self._write({"device_id": device, "access_token": self._http.token})

    def _read(self) -> dict[str, str]:
        """What an earlier login left for this account; {} when there is nothing of use."""
        if not self._config.password:
            return {}
        try:
            kept = mapping(json.loads(self._file.read_text("utf-8")))
        except (OSError, ValueError):
            return {}
        if kept.get("user_id") != self._config.user_id:
            return {}
        return {key: value for key, value in kept.items() if isinstance(value, str)}

    def _write(self, login: dict[str, str]) -> None:
        """Readable by us alone from the first byte on, and replaced in one step."""
        new = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump({"user_id": self._config.user_id, **login}, out)
                out.flush()
                os.fsync(out.fileno())
            new.replace(self._file)
        except OSError as error:
            raise DeliveryError(f"the login cannot be kept in {self._file}: {error.strerror}") from error
