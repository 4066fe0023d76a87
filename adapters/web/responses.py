"""An HTTP answer made of a struct."""

from __future__ import annotations

import msgspec
from starlette.responses import Response


class Json(Response):
    """Takes a struct of `frames.http`."""

    media_type = "application/json"

    def render(self, content: msgspec.Struct) -> bytes:
        """As JSON."""
        return msgspec.json.encode(content)
