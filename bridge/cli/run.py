"""`demls-bridge run`: the bridge itself."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bridge.cli.output import DEFAULT_CONFIG, ConfigOption, UserError
from bridge.settings import load


def run(
    config: ConfigOption = DEFAULT_CONFIG,
    end_with_stdin: Annotated[
        bool, typer.Option("--end-with-stdin", help="Also stop in order when standard input is closed.")
    ] = False,
) -> None:
    """Run the bridge until SIGTERM or SIGINT.

    Exit codes: 0 stopped on request, 1 a part failed (it is logged which), 2 wrong settings, 70 hung.
    """
    from bridge.process import (
        run as process,  # late: it loads everything, which `status` and `--help` need not wait for
    )

    settings = load(config)
    try:
        code = asyncio.run(process.run(settings, end_with_stdin=end_with_stdin))
    except process.CannotStart as error:
        raise UserError(str(error), f"demls-bridge check --config {config}") from error
    raise typer.Exit(code)
