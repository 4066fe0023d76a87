"""The Discord adapter: a bot account on discord.py, with webhooks for the people of other platforms.

The way in: `client` (gateway) -> `receiver` (one `stream` per channel or thread, gaps filled from history)
-> `translate` -> `Inbox.accept`. The way out: `adapter.send` -> `compose` (Markdown, parts) -> `sender`
(webhook or bot, remembered in `store`).
"""

from adapters.discord.plugin import plugin

__all__ = ["plugin"]
