"""The commands, and the one place where a user's error becomes a message instead of a traceback."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from bridge.cli import address, check, contracts, demo, group, init, invite, run, status
from bridge.cli.output import UserError, complain, complain_of_settings, out
from bridge.process import versions
from bridge.settings import WrongSettings

EXIT_USAGE: Final = 2

app = typer.Typer(
    name="demls-bridge",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(versions.bridge(), markup=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Mirror chat rooms into an end-to-end-encrypted group on Waku, where members decide by signed votes."""


app.command("init")(init.init)
app.command("check")(check.check)
app.command("run")(run.run)
app.command("status")(status.status)
app.command("address")(address.address)
app.command("invite")(invite.invite)
app.add_typer(contracts.commands, name="contracts")
app.add_typer(group.commands, name="group")
app.command("demo")(demo.demo)


def main() -> None:
    """Run the command that the process was started with; never returns."""
    try:
        app()
    except WrongSettings as error:
        complain_of_settings(error)
        sys.exit(EXIT_USAGE)
    except UserError as error:
        complain(str(error), error.hint)
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.exit(130)
