"""What `demls-bridge contracts` does on the chain; imported late, because it brings web3 along."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bridge.chain import contracts
from bridge.chain.contracts import GroupState
from bridge.chain.errors import ChainError
from bridge.chain.node import Node
from bridge.cli.output import UserError, escape, out
from bridge.process import compose
from bridge.process.chain_way import place_of
from bridge.process.report import Report
from bridge.process.run import CannotStart, own_address, own_wallet
from bridge.protocol.on_chain import group_key
from bridge.settings import ChainSettings, Settings

ETHER: Final = Decimal(10**18)


async def deploy(settings: Settings) -> dict[str, str | int]:
    """All three contracts, with this bridge's wallet; returns the keys of [chain]. Raises UserError."""
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


async def verify(settings: Settings, running: Report | None) -> None:
    """Raises UserError unless the code at the configured addresses is that of this version."""
    chain = _as_used(settings, running)
    place = place_of(chain)
    try:
        async with Node(chain.node_url.get_secret_value()) as node:
            await contracts.verify(node, place.addresses, place.chain_id)
    except ChainError as error:
        raise UserError(str(error), "check node_url, chain_id and the addresses in [chain]") from error


async def show(settings: Settings, running: Report | None) -> None:
    """Print what the chain has of contracts and groups. Raises UserError."""
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
