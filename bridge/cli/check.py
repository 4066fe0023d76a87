"""`demls-bridge check`: are the settings right, and does everything answer?"""

from __future__ import annotations

import asyncio

import typer

from bridge.cli.output import DEFAULT_CONFIG, ConfigOption, escape, out
from bridge.process import logs
from bridge.settings import load


def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Validate the configuration and try every connection; says what to do about each problem.

    Exit codes: 0 all is well, 1 something does not answer, 2 wrong settings.
    """
    from bridge.process import (
        check as checking,  # late: it loads everything, which `status` and `--help` need not wait for
    )

    settings = load(config)
    logs.configure("warning", "text")
    out.print(f"Trying what {escape(str(config))} names ...")
    failed = False
    results = asyncio.run(checking.check(settings))
    out.print("[green]ok[/]      the settings are valid")
    for name, problems in results:
        if not problems:
            out.print(f"[green]ok[/]      {escape(name)}")
            continue
        failed = True
        for problem in problems:
            out.print(f"[red]problem[/] {escape(name)}: {escape(problem)}")
    raise typer.Exit(1 if failed else 0)
