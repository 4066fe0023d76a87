"""`demls-bridge contracts`: deploy, show and verify the contracts that count ballots (docs/contracts.md)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from bridge.cli.files import edit
from bridge.cli.output import DEFAULT_CONFIG, ConfigOption, UserError, out
from bridge.process import extras, logs
from bridge.process.report import Report
from bridge.process.status import NotRunning, ask
from bridge.settings import Settings, WrongSettings, load, put

commands = typer.Typer(
    help="Deploy, show and verify the contracts that count ballots and order commits.", no_args_is_help=True
)
NO_NODE: Final = (
    "[chain] names no node",
    'set node_url in [chain], for example node_url = "http://127.0.0.1:8545"',
)


@commands.command("deploy")
def deploy(
    config: ConfigOption = DEFAULT_CONFIG,
    again: Annotated[
        bool, typer.Option("--again", help="Deploy new ones although [chain] names some already.")
    ] = False,
) -> None:
    """Deploy all three contracts with this bridge's wallet, and write their addresses into the configuration.

    Anybody can deploy them, once for many groups: they have no owner. Not while the bridge runs.
    """
    settings = _settings(config)
    chain = settings.chain
    if chain.development_port is not None:
        raise UserError("a development chain makes contracts of its own", f"demls-bridge run --config {config}")
    if chain.registry and not again:
        hint = f"demls-bridge contracts verify --config {config}, or deploy --again"
        raise UserError(f"[chain] names contracts already: {chain.registry}", hint)
    if _running(settings) is not None:
        raise UserError("the bridge runs, and its wallet sends transactions", "stop it first")
    from bridge.cli import on_chain  # late, here and below: web3, in its own extra

    values = asyncio.run(on_chain.deploy(settings))
    edit(config, lambda text: put(text, "chain", values), load)
    out.print(f"\nWritten into [chain] of {config}:", markup=False)
    for key, value in values.items():
        out.print(f"  {key} = {value}", markup=False)
    out.print(f"Next:  demls-bridge contracts verify --config {config}", markup=False)


@commands.command("show")
def show(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show the chain, the contracts, this bridge's funds, and what the chain has of each group."""
    settings = _settings(config)
    from bridge.cli import on_chain

    asyncio.run(on_chain.show(settings, _running(settings)))


@commands.command("verify")
def verify(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Compare the code at the configured addresses with the contracts of this version, byte for byte.

    Exit codes: 0 they are the same, 1 they are not, or the node does not answer.
    """
    settings = _settings(config)
    from bridge.cli import on_chain

    asyncio.run(on_chain.verify(settings, _running(settings)))
    out.print("[green]ok[/]  the contracts are those of this version, byte for byte")


def _settings(config: Path) -> Settings:
    """Raises UserError when there is no way to a chain, WrongSettings when its extra is not installed."""
    settings = load(config)
    logs.configure("warning", "text")
    if not settings.chain.configured:
        raise UserError(*NO_NODE)
    if missing := extras.missing(settings):
        raise WrongSettings(missing)
    return settings


def _running(settings: Settings) -> Report | None:
    try:
        return asyncio.run(ask(settings.status_socket))
    except NotRunning:
        return None
