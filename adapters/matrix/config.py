"""Settings of one Matrix account."""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field, ValidationInfo, field_validator

from bridge.model.settings import Line, Table, origin

_USER_ID: Final = re.compile(r"@[^:\s\x00]{1,230}:[A-Za-z0-9.\-:\[\]]{1,230}")
_DEVICE_ID: Final = re.compile(r"[A-Za-z0-9._\-]{1,64}")


class MatrixConfig(Table):
    """A bot account on a Matrix homeserver. Exactly one of `access_token` and `password` is set."""

    homeserver: Line = Field(
        description="The bot's homeserver, without a path.", examples=["https://matrix.example.org"]
    )
    user_id: Line = Field(description="The bot's full Matrix ID.", examples=["@bridge:example.org"])
    password: Line = Field(
        "",
        repr=False,
        description=(
            "The bot's password, instead of access_token: the bridge then logs in once and keeps device and "
            "token."
        ),
        examples=["..."],
    )
    access_token: Line = Field(
        "",
        repr=False,
        validate_default=True,
        description="The bot's access token; best kept in the environment, or as access_token_file in a file.",
        examples=["syt_..."],
    )
    device_id: Line = Field(
        "",
        description="Device to log in as, with a password. Empty (default): one that the server chooses.",
        examples=["DEMLSBRIDGE"],
    )
    # From a measurement: of 100 parallel sends 50 were cut off at a limit of 50.
    timeline_limit: int = Field(
        500,
        ge=1,
        le=1_000,
        description="Most events of one room in one sync answer; what exceeds it is fetched page by page.",
        examples=[500],
    )
    notices: bool = Field(
        True,
        description="Whether notices (m.notice, the messages of other bots) are mirrored.",
        examples=[True],
    )

    @field_validator("homeserver")
    @classmethod
    def _origin(cls, value: str) -> str:
        return origin(value)

    @field_validator("user_id")
    @classmethod
    def _user(cls, value: str) -> str:
        if not _USER_ID.fullmatch(value):
            raise ValueError(f"{value[:80]!r} has a wrong form")
        return value

    @field_validator("device_id")
    @classmethod
    def _device(cls, value: str) -> str:
        if value and not _DEVICE_ID.fullmatch(value):
            raise ValueError(f"{value[:80]!r} has a wrong form")
        return value

    @field_validator("access_token")
    @classmethod
    def _one_of_two(cls, value: str, info: ValidationInfo) -> str:
        # The password stands above it, so it is checked already; a wrong one is missing here.
        if "password" in info.data and bool(value) == bool(info.data["password"]):
            raise ValueError("either this or password must be set" + (", not both" if value else ""))
        return value
