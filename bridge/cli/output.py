"""What commands print, and the errors that are the user's to solve.

rich is loaded with the first line that is printed: `--help` and a bridge that runs print none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from bridge.settings import WrongSettings


class Terminal:
    """A stream as rich writes it: colours where it is a terminal, long lines left whole."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._stderr = stderr

    def print(self, *objects: object, sep: str = " ", markup: bool = True) -> None:
        """Print texts or tables. `markup`: `[bold]...[/]` in them is style."""
        from rich.console import Console

        # Made anew each time: the stream is the present one, whoever has put it there.
        console = Console(stderr=self._stderr, highlight=False, soft_wrap=True)
        console.print(*objects, sep=sep, markup=markup)


out = Terminal()
err = Terminal(stderr=True)


def escape(text: str) -> str:
    """`text` as it is, in a line that has markup."""
    from rich.markup import escape as escaped

    return escaped(text)


ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration file.", show_default=True, dir_okay=False)
]
DEFAULT_CONFIG: Final = Path("bridge.toml")


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
