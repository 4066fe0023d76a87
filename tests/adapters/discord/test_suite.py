"""The shared adapter behaviour, with real discord.py on the local server."""

from tests.adapters.suite import AdapterSuite


class TestDiscord(AdapterSuite):
    """All of the suite, with the arena of this folder."""
