"""The way to the chain as the rest of the process sees it; `group_chain` is that way, and brings web3 along."""

from __future__ import annotations

from typing import Protocol

from bridge.chain.place import Addresses, Place
from bridge.protocol.chain import ChainDomain
from bridge.protocol.ports import Address
from bridge.settings import ChainSettings, Problem, WrongSettings


class ChainWay(Protocol):
    """`domain` for each group's engine first, then `attach` the groups, then `run` in a task."""

    @property
    def place(self) -> Place:
        """Where the contracts are."""

    def domain(self, group: str) -> ChainDomain:
        """What votes of this group are bound to."""

    def wake(self) -> None:
        """Something was asked of the chain, and is committed."""

    def health(self, group: str) -> str:
        """Of a group's way to the chain, in words."""

    def key_package(self, group: str, owner: bytes) -> bytes | None:
        """A key package that this address has published for the group; None when none waits."""

    async def run(self) -> None:
        """Work until cancelled."""


def place_of(settings: ChainSettings) -> Place:
    """Where the configuration says that the contracts are. Raises WrongSettings with all that is missing."""
    missing = [key for key in ("chain_id", "registry", "ballots", "key_packages") if not getattr(settings, key)]
    if missing:
        text = "is missing; `demls-bridge contracts deploy` makes the contracts and prints these keys"
        fields = ChainSettings.model_fields
        raise WrongSettings(
            [Problem(f"chain.{key}", text, f"{key} = {(fields[key].examples or [''])[0]!r}") for key in missing]
        )
    addresses = Addresses(
        *(_address(text) for text in (settings.registry, settings.ballots, settings.key_packages))
    )
    return Place(settings.chain_id, addresses, settings.first_block)


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text.removeprefix("0x")))
