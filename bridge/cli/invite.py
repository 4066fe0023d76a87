"""`demls-bridge invite`: a link by which somebody opens an account on a platform with accounts of its own."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bridge.cli.output import DEFAULT_CONFIG, ConfigOption, UserError, out
from bridge.process import logs
from bridge.process.status import NotDone, NotRunning, ask_invitation
from bridge.settings import load


def invite(
    name: Annotated[str, typer.Argument(help="What the invited person is called; they may change it.")] = "",
    operator: Annotated[bool, typer.Option("--operator", help="Give them the operator's view too.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Print a link by which somebody opens an account on the page.

    Works while the bridge runs and while it does not. Whoever has the link has the account: send it privately.
    """
    # Late: it loads everything, which `--help` need not wait for.
    from bridge.process import inviting
    from bridge.process import run as process

    settings = load(config)
    logs.configure("warning", "text")

    async def made() -> str:
        inviting.hosting(settings)
        try:
            return await ask_invitation(settings.status_socket, name.strip(), operator=operator)
        except NotRunning:
            async with process.opened_store(settings) as store:
                return await inviting.invite(settings, store, name.strip(), operator=operator)

    try:
        out.print(asyncio.run(made()), markup=False)
    except inviting.NobodyInvites as error:
        raise UserError(
            f"{error}: people join by their accounts there, with !join",
            "add a table [adapters.web] for the page, and a room of it to a group "
            "(`demls-bridge init` shows how)",
        ) from error
    except NotDone as error:
        raise UserError(f"the running bridge makes no invitation: {error}") from error
    except process.CannotStart as error:
        raise UserError(str(error), f"demls-bridge check --config {config}") from error
