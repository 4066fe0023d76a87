"""What commands print, and the errors that are the user's to solve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from bridge.settings import WrongSettings

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration file.", show_default=True, dir_okay=False)
]
DEFAULT_CONFIG = Path("bridge.toml")


class UserError(Exception):
    """Something that the user can put right. `hint` says how, `code` is the exit code."""

    def __init__(self, text: str, hint: str = "", code: int = 1) -> None:
        super().__init__(text)
        self.hint = hint
        self.code = code


def complain(text: str, hint: str = "") -> None:
    """One clear message on standard error."""
    err.print(f"[bold red]Error:[/] {escape(text)}")
    if hint:
        err.print(f"[bold]Try:[/] {escape(hint)}")


def complain_of_settings(error: WrongSettings) -> None:
    """Every problem: the key, what is wrong, an example."""
    count = len(error.problems)
    err.print(f"[bold red]Error:[/] {count} setting{'s are' if count != 1 else ' is'} wrong")
    for problem in error.problems:
        err.print(f"\n  [bold]{escape(problem.key)}[/]: {escape(problem.text)}")
        if problem.example:
            err.print(f"    for example:  {escape(problem.example)}")
