"""Why a demo may end other than it should."""

from __future__ import annotations


class DemoFailed(Exception):
    """Root. The text says what went wrong."""


class SideFailed(DemoFailed):
    """A bridge did not start, or ended by itself."""


class Unmet(DemoFailed):
    """An expectation of the scenario was not met; the text says which."""


class TooSlow(DemoFailed):
    """The scenario did not end in time."""


class PageError(DemoFailed):
    """A page did not take what was said: it is gone, or see PageRefused."""


class PageRefused(PageError):
    """A page said no; the text says why."""
