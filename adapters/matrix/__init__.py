"""The Matrix adapter: a normal bot account on the client-server API, with matrix-nio as HTTP and API layer.

The way in: `sync` (long poll, gaps filled) -> `inbound` (event to `bridge.model`) -> `Inbox.accept`.
The way out: `adapter.send` -> `outbound` (message to event content) -> `http`.
"""

from adapters.matrix.plugin import plugin

__all__ = ["plugin"]
