"""The shared adapter behaviour on a real Synapse."""

from tests.adapters.suite import AdapterSuite


class TestMatrix(AdapterSuite):
    """All of the suite, with the arena of this folder."""
