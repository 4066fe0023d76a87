"""`demls-bridge address`: who this bridge is, for the configuration of others."""

from __future__ import annotations

import asyncio

from bridge.cli.output import DEFAULT_CONFIG, ConfigOption, UserError, out
from bridge.process import logs
from bridge.process.status import NotRunning, ask
from bridge.settings import load


def address(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show this bridge's wallet address and the full names of its groups.

    The address belongs into service_members of a group that another bridge makes; a full name is what
    another bridge needs to join a group made here. The first call makes the keys.
    """
    from bridge.process import (
        run as process,  # late: it loads everything, which `status` and `--help` need not wait for
    )

    settings = load(config)
    logs.configure("warning", "text")
    try:
        own = bytes.fromhex(asyncio.run(ask(settings.status_socket)).address.removeprefix("0x"))
    except NotRunning:
        try:
            own = asyncio.run(process.own_address(settings))
        except process.CannotStart as error:
            raise UserError(str(error), f"demls-bridge check --config {config}") from error
    out.print(f"address  0x{own.hex()}", markup=False)
    for group in settings.groups:
        out.print(f"group    {process.full_name(group, own)}", markup=False)
