"""Settings of the page."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator

from bridge.model.settings import Line, Table, origin

MAX_ENTRIES: Final = 50


class WebConfig(Table):
    """The bridge's own page. `public_url` is empty or an origin without a path."""

    listen: Line = Field(
        "127.0.0.1",
        description="IP address to listen on. The page is for this computer only unless another one is named.",
        examples=["127.0.0.1"],
    )
    port: int = Field(
        8080,
        ge=0,
        le=65_535,
        description="TCP port; 0: a free one (then the file `url` in the page's state folder names it).",
        examples=[8080],
    )
    public_url: Line = Field(
        "",
        description="Address that people type, when it is another one: behind a proxy that speaks TLS.",
        examples=["https://chat.example.org"],
    )
    trusted_proxies: tuple[str, ...] = Field(
        (),
        max_length=MAX_ENTRIES,
        description="Reverse proxies whose X-Forwarded-For is believed, for rate limits per address.",
        examples=[["127.0.0.1"]],
    )
    rooms: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")], ...] = Field(
        ("lobby",),
        max_length=MAX_ENTRIES,
        description="Rooms of the page; each is linked to a group in [[groups]].",
        examples=[["lobby"]],
    )
    session_days: int = Field(
        30, ge=1, le=365, description="Days after which a person must sign in again.", examples=[30]
    )
    max_message_bytes: int = Field(
        16_000, ge=1_000, le=60_000, description="Largest message in bytes.", examples=[16_000]
    )
    demo_accounts: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")], ...] = Field(
        (),
        max_length=MAX_ENTRIES,
        description="Accounts for trying things out, signed in with a click. This computer only.",
        examples=[["alice", "bob", "carol"]],
    )
    seed_compatibility: bool = Field(
        False,
        description=(
            "GET /rooms and the WebSocket /ws of the first de-mls page, whose frames carry a key. This "
            "computer only."
        ),
        examples=[False],
    )

    @property
    def loopback(self) -> bool:
        """Whether only this computer can connect."""
        return ipaddress.ip_address(self.listen).is_loopback

    @property
    def secure(self) -> bool:
        """Whether cookies may only travel over TLS."""
        return self.public_url.startswith("https://")

    def url(self, port: int) -> str:
        """Where people find the page that listens on `port`, without a slash at the end."""
        address = ipaddress.ip_address(self.listen)
        host = "127.0.0.1" if address.is_unspecified else self.listen
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        return _ip("127.0.0.1" if value == "localhost" else value)

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_ip, value))

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        return origin(value.lower()) if value else ""

    @field_validator("rooms")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # Not by min_length: pydantic would complain of it too where an entry is wrong.
        if not value:
            raise ValueError("must name a room")
        return value

    @field_validator("demo_accounts")
    @classmethod
    def _different(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len({name.casefold() for name in value}) < len(value):
            raise ValueError("must be different names")
        return value

    @field_validator("demo_accounts", "seed_compatibility")
    @classmethod
    def _this_computer_only(cls, value: object, info: ValidationInfo) -> object:
        # Address and public_url stand above, so they are checked already; wrong ones are missing here.
        if not value or not {"listen", "public_url"} <= info.data.keys():
            return value
        # A public address means that a proxy passes the world on to the loopback address.
        if info.data["public_url"] or not ipaddress.ip_address(info.data["listen"]).is_loopback:
            raise ValueError('is for this computer only: set listen = "127.0.0.1" and leave out public_url')
        return value


def _ip(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError(f"{value[:60]!r} is no IP address") from None
