"""`demls-bridge contracts`: deploy, show and verify the contracts that count ballots (docs/contracts.md)."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bridge.cli.files import edit
from bridge.cli.output import DEFAULT_CONFIG, ConfigOption, UserError, escape, out
from bridge.process import logs
from bridge.process.report import Report
from bridge.process.status import NotRunning, ask
from bridge.settings import ChainSettings, Settings, load, put

if TYPE_CHECKING:
    from bridge.chain.contracts import GroupState

commands = typer.Typer(
    help="Deploy, show and verify the contracts that count ballots and order commits.", no_args_is_help=True
)
NO_NODE: Final = (
    "[chain] names no node",
    'set node_url in [chain], for example node_url = "http://127.0.0.1:8545"',
)
ETHER: Final = Decimal(10**18)


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
    if not chain.configured:
        raise UserError(*NO_NODE)
    if chain.registry and not again:
        hint = f"demls-bridge contracts verify --config {config}, or deploy --again"
        raise UserError(f"[chain] names contracts already: {chain.registry}", hint)
    if _running(settings) is not None:
        raise UserError("the bridge runs, and its wallet sends transactions", "stop it first")
    values = asyncio.run(_deploy(settings))
    edit(config, lambda text: put(text, "chain", values), load)
    out.print(f"\nWritten into [chain] of {config}:", markup=False)
    for key, value in values.items():
        out.print(f"  {key} = {value}", markup=False)
    out.print(f"Next:  demls-bridge contracts verify --config {config}", markup=False)


@commands.command("show")
def show(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show the chain, the contracts, this bridge's funds, and what the chain has of each group."""
    settings = _settings(config)
    asyncio.run(_show(settings, _running(settings)))


@commands.command("verify")
def verify(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Compare the code at the configured addresses with the contracts of this version, byte for byte.

    Exit codes: 0 they are the same, 1 they are not, or the node does not answer.
    """
    settings = _settings(config)
    asyncio.run(_verify(settings, _running(settings)))
    out.print("[green]ok[/]  the contracts are those of this version, byte for byte")


def _settings(config: Path) -> Settings:
    settings = load(config)
    logs.configure("warning", "text")
    return settings


def _running(settings: Settings) -> Report | None:
    try:
        return asyncio.run(ask(settings.status_socket))
    except NotRunning:
        return None


# The rest imports late: web3 takes a second that `--help` need not wait for.


async def _deploy(settings: Settings) -> dict[str, str | int]:
    from bridge.chain import contracts
    from bridge.chain.errors import ChainError
    from bridge.chain.node import Node
    from bridge.process.run import CannotStart, own_wallet

    try:
        account = await own_wallet(settings)
        async with Node(settings.chain.node_url.get_secret_value()) as node:
            chain_id = settings.chain.chain_id or await node.chain_id()
            address = "0x" + account.address.hex()
            funds = await node.balance(address)
            out.print(f"Deploying on chain {chain_id} with {address} ({_ether(funds)}) ...", markup=False)
            if not funds:
                raise UserError(f"{address} has no funds on chain {chain_id}", "send it some, then try again")
            made = await contracts.deploy(node, account, chain_id)
    except (ChainError, CannotStart) as error:
        raise UserError(str(error)) from error
    at = made.addresses
    return {
        "chain_id": chain_id,
        "registry": "0x" + at.registry.hex(),
        "ballots": "0x" + at.ballots.hex(),
        "key_packages": "0x" + at.key_packages.hex(),
        "first_block": made.first_block,
    }


async def _verify(settings: Settings, running: Report | None) -> None:
    from bridge.chain import contracts
    from bridge.chain.errors import ChainError
    from bridge.chain.node import Node
    from bridge.process.chain_way import place_of

    chain = _as_used(settings, running)
    place = place_of(chain)
    try:
        async with Node(chain.node_url.get_secret_value()) as node:
            await contracts.verify(node, place.addresses, place.chain_id)
    except ChainError as error:
        raise UserError(str(error), "check node_url, chain_id and the addresses in [chain]") from error


async def _show(settings: Settings, running: Report | None) -> None:
    from bridge.chain import contracts
    from bridge.chain.errors import ChainError
    from bridge.chain.node import Node
    from bridge.process import compose
    from bridge.process.chain_way import place_of
    from bridge.process.run import CannotStart, own_address
    from bridge.protocol.on_chain import group_key

    chain = _as_used(settings, running)
    place = place_of(chain)
    try:
        own = bytes.fromhex(running.address[2:]) if running else await own_address(settings)
        async with Node(chain.node_url.get_secret_value()) as node:
            await node.require_chain(place.chain_id)
            head = await node.block("latest")
            funds = await node.balance("0x" + own.hex())
            names = [compose.full_name(group, own) for group in settings.groups]
            states = [await contracts.group_state(node, place.addresses, group_key(name)) for name in names]
    except (ChainError, CannotStart) as error:
        raise UserError(str(error), "check node_url, chain_id and the addresses in [chain]") from error
    lines = [
        ("chain", f"{place.chain_id}, block {head.number if head else 'none'}"),
        ("GroupRegistry", f"0x{place.addresses.registry.hex()}"),
        ("Ballots", f"0x{place.addresses.ballots.hex()}"),
        ("KeyPackageRegistry", f"0x{place.addresses.key_packages.hex()}"),
        ("first block", str(place.first_block)),
        ("this bridge", f"0x{own.hex()}, {_ether(funds)}"),
        *((str(name), _described(state)) for name, state in zip(names, states, strict=True)),
    ]
    width = max(len(name) for name, _ in lines[:6])
    for name, value in lines:
        out.print(f"{escape(name):<{width}}  {escape(value)}")


def _as_used(settings: Settings, running: Report | None) -> ChainSettings:
    """[chain], with what a running bridge says of its development chain. Raises UserError."""
    chain = settings.chain
    if not chain.configured:
        raise UserError(*NO_NODE)
    if chain.development_port is None:
        return chain
    if running is None or running.chain is None:
        raise UserError("the development chain runs within the bridge, which does not run", "demls-bridge run")
    found = running.chain
    known = {
        key: getattr(found, key) for key in ("chain_id", "registry", "ballots", "key_packages", "first_block")
    }
    return ChainSettings.model_validate({**known, "node_url": found.url})


def _described(state: GroupState | None) -> str:
    if state is None:
        return "not on this chain"
    mode = "coordinated by the contracts" if state.coordinated else "moved back to Waku"
    return f"{mode}, record {state.number} of MLS epoch {state.epoch}, {state.voters} voters"


def _ether(wei: int) -> str:
    return f"{Decimal(wei) / ETHER:.6f} ether"
