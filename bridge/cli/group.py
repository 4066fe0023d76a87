"""`demls-bridge group`: groups in the configuration."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bridge.cli.files import edit
from bridge.cli.output import DEFAULT_CONFIG, ConfigOption, UserError, out
from bridge.settings import Problem, WrongSettings, load, sample

commands = typer.Typer(help="Groups in the configuration.", no_args_is_help=True)


@commands.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Short name of the group: a-z 0-9 . _ -")],
    on_chain: Annotated[
        bool, typer.Option("--on-chain", help="Contracts count its ballots and order its commits ([chain]).")
    ] = False,
    room: Annotated[
        list[str] | None, typer.Option(help="Room to mirror, as platform:room; may be given several times.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Add a group that this bridge makes to the configuration; the bridge makes it at its next start.

    With --on-chain its wallet brings the group to the chain then, so it needs funds there.
    """
    values: dict[str, Any] = {"name": name, "create": True}
    if on_chain:
        values["coordination"] = "contract"
        _ready_for(config)
    if room:
        values["rooms"] = [_room(text) for text in room]
    edit(config, lambda text: f"{text.rstrip()}\n\n{sample.group(values)}", load)
    out.print(f"Added to {config}: the group {name}.", markup=False)
    if on_chain:
        out.print("Funds and contracts:  demls-bridge contracts show", markup=False)
    out.print(f"Next:  demls-bridge run --config {config}   (restart it if it runs)", markup=False)


def _ready_for(config: Any) -> None:
    """Raises WrongSettings or UserError unless [chain] says where the contracts are."""
    from bridge.process.chain_way import place_of

    chain = load(config).chain
    if not chain.configured:
        text = "is needed for a group on chain; `demls-bridge contracts deploy` makes the contracts"
        raise WrongSettings([Problem("chain.node_url", text, 'node_url = "http://127.0.0.1:8545"')])
    if chain.development_port is None:
        place_of(chain)


def _room(text: str) -> dict[str, str]:
    platform, colon, room = text.partition(":")
    if not colon or not room:
        raise UserError(f"{text!r} names no room", "--room matrix:!abc:example.org")
    return {"platform": platform, "room": room}
