"""The command line: `demls-bridge`, one file per command."""

from bridge.cli.main import main

__all__ = ["main"]
