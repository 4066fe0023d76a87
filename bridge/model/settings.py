"""A table of the configuration: what the bridge's own tables and those of the adapters have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, get_args, get_origin
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

MAX_LINE: Final = 4096
"""Characters; longer than any token or address."""


class Table(BaseModel):
    """Frozen; a key that it does not know is refused. Every field has a `description`, and an example.

    Values come from TOML, or as text from the environment: there a list or a table is JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, values: Any) -> Any:
        values = _json(values)
        if not isinstance(values, Mapping):
            return values
        return {key: _read(cls.model_fields.get(str(key)), value) for key, value in values.items()}


def _read(field: FieldInfo | None, value: Any) -> Any:
    if field is None:
        return value
    if isinstance(value, bool) and bool not in (field.annotation, *get_args(field.annotation)):
        # Python takes True for 1; nobody who writes `port = true` means port 1.
        return str(value)
    lists = get_origin(field.annotation) in (tuple, list, dict)
    return _json(value) if lists else value


def _json(value: Any) -> Any:
    """What the text says, if it is JSON; else as it is, for the field itself to judge."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            pass
    return value


def _one_line(value: str) -> str:
    if any(ord(sign) < 0x20 for sign in value):
        raise ValueError("must be one line of text")
    return value


Line = Annotated[str, Field(max_length=MAX_LINE), AfterValidator(_one_line)]
"""Text without line breaks and other control characters."""


def web_address(value: str, schemes: tuple[str, str]) -> SplitResult:
    """The parts of an address with a host name and without user, query and fragment. Raises ValueError."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError("is no address") from None
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"must begin with {schemes[0]}:// (or {schemes[1]}://) and a host name")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must have no user name, password, query or fragment")
    return parts


def origin(value: str) -> str:
    """`https://host:port`, without a path. Raises ValueError."""
    parts = web_address(value, ("https", "http"))
    if parts.path not in {"", "/"}:
        raise ValueError("must have no path")
    return f"{parts.scheme}://{parts.netloc}"
