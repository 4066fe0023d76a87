"""`demls-bridge demo`: two bridges in their own processes, one group, three people."""

from bridge.cli.demo.command import demo

__all__ = ["demo"]
