"""Settings of one Discord bot."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field, field_validator

from bridge.model.settings import Line, Table, web_address

MAX_DELETE_SECONDS: Final = 604_800
"""Seven days: Discord's bound."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9._\-]{20,200}")


class DiscordConfig(Table):
    """A bot account on Discord. `api_url` and `gateway_url` are for tests and proxies."""

    token: Line = Field(
        repr=False,
        description=(
            "The bot's token (Developer Portal, Bot, Reset Token); best kept in the environment, or as "
            "token_file in a file."
        ),
        examples=["paste-the-bots-token-here"],
    )
    guilds: tuple[Annotated[str, Field(pattern=r"^[0-9]{1,20}$")], ...] = Field(
        (),
        description="Only these servers, by id; empty (default): all that the bot is in.",
        examples=[["112233445566778899"]],
    )
    webhooks: bool = Field(
        True,
        description="Show people of other platforms under their own names by webhook (needs Manage Webhooks).",
        examples=[True],
    )
    # The library's own default is a whole day; a group votes on a person, not on what they wrote.
    delete_message_seconds: int = Field(
        0,
        ge=0,
        le=MAX_DELETE_SECONDS,
        description="How many seconds of a banned person's messages Discord deletes too.",
        examples=[0],
    )
    mirror_bots: bool = Field(
        False,
        description="Whether messages of other bots and of foreign webhooks are mirrored.",
        examples=[False],
    )
    api_url: Line = Field(
        "",
        description="Another base address of the API, for tests and proxies.",
        examples=["https://discord.com/api/v10"],
    )
    gateway_url: Line = Field(
        "",
        description="Another address of the gateway, likewise.",
        examples=["wss://gateway.discord.gg/"],
    )

    @field_validator("token")
    @classmethod
    def _bot_token(cls, value: str) -> str:
        value = value.removeprefix("Bot ").strip()
        if not _TOKEN.fullmatch(value):
            # The value is not repeated: it may be a secret.
            raise ValueError("holds no bot token (letters, digits, dots; from the page Bot)")
        return value

    @field_validator("api_url")
    @classmethod
    def _api(cls, value: str) -> str:
        if value:
            web_address(value, ("https", "http"))
        return value.rstrip("/")

    @field_validator("gateway_url")
    @classmethod
    def _gateway(cls, value: str) -> str:
        if value:
            web_address(value, ("wss", "ws"))
        return value

    def allows(self, guild_id: int) -> bool:
        """Whether the bot works in this server."""
        return not self.guilds or str(guild_id) in self.guilds
