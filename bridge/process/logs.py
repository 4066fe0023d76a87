"""Log lines by structlog, with secrets taken out.

Two nets: values under telling names (token, password, secret, private keys ...) are replaced whatever they
are, and the secrets that the settings hold are replaced wherever they turn up, tracebacks included.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN: Final = "[hidden]"

_TELLING: Final = re.compile(
    r"token|passw|secret|authorization|private|(^|_)key$|cookie|mnemonic", re.IGNORECASE
)
_SHORTEST: Final = 6
"""Shorter secrets are not searched for: they would black out ordinary words."""


class Redactor:
    """A structlog processor. Knows the secrets of this process; `repr` does not show them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """The event with secrets replaced. Never raises."""
        return {key: self._clean(key, value) for key, value in event.items()}

    def _clean(self, key: str, value: Any) -> Any:
        # Names that begin with an underscore are structlog's own (records, callbacks), dropped later.
        if key.startswith("_"):
            return value
        if _TELLING.search(key) and value not in (None, "", True, False):
            return HIDDEN
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {inner: self._clean(str(inner), item) for inner, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean("", item) for item in value]
        return self.text(repr(value)) if isinstance(value, bytes | BaseException) else value

    def text(self, text: str) -> str:
        """`text` without the known secrets."""
        return self._known.sub(HIDDEN, text) if self._known is not None else text


def configure(level: str, style: str, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging alike. `style`: text or json."""
    out = stream if stream is not None else sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        Redactor(secrets),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(
            colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Every request of an HTTP library at info level would drown the bridge's own lines.
    for noisy in ("httpx", "httpcore", "nio", "alembic", "web3"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
