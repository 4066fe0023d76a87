"""Discord's error answers: HTTP status, JSON code, text. Source: documentation, "Opcodes and Status Codes"."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A request that Discord refuses; `body` is the JSON that it answers with."""

    def __init__(self, status: int, code: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message, "code": code}
        if errors:
            self.body["errors"] = errors


def invalid_form(field: str, code: str, message: str) -> ApiError:
    """50035 with the error at the field; `field` is a path with dots: "embeds.0.title"."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(field.split(".")):
        errors = {part: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors)


def too_long(field: str, limit: int) -> ApiError:
    """50035 for a text above its limit."""
    return invalid_form(field, "BASE_TYPE_BAD_LENGTH", f"Must be {limit} or fewer in length.")


def unknown(what: str) -> ApiError:
    """404 with the code of the kind of thing."""
    codes = {
        "Channel": 10003,
        "Guild": 10004,
        "Member": 10007,
        "Message": 10008,
        "User": 10013,
        "Emoji": 10014,
        "Webhook": 10015,
        "Ban": 10026,
        "interaction": 10062,
        "application command": 10063,
    }
    return ApiError(404, codes[what], f"Unknown {what}")


def unauthorized() -> ApiError:
    """401: the bot's token is wrong or revoked."""
    return ApiError(401, 0, "401: Unauthorized")


def missing_access() -> ApiError:
    """50001: the bot can't see the channel."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """50013: the bot sees the thing but may not do this."""
    return ApiError(403, 50013, "Missing Permissions")
