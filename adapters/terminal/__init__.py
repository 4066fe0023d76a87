"""Rooms in a terminal: for `demls-bridge demo`, where one process types for people of several bridges.

A Unix socket with a line of JSON per message, both ways (`protocol`). `client` is the other end.
"""

from adapters.terminal.plugin import plugin

__all__ = ["plugin"]
