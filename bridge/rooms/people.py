"""Names for addresses: hosted accounts first, then what members of other bridges called themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bridge.model.text import clean_name, short_address
from bridge.storage import accounts, bans, claims, members
from bridge.storage.accounts import Account
from bridge.storage.tx import Tx


@dataclass(frozen=True, slots=True)
class People:
    """A snapshot. Names are cleaned, but anybody may have taken any: the address tells people apart."""

    accounts: tuple[Account, ...] = ()
    seen: Mapping[bytes, str] = field(default_factory=dict)
    _hosted: Mapping[bytes, str] = field(default_factory=dict)
    ours: tuple[Account, ...] = ()
    """Those of `accounts` that people of this bridge have."""
    banned: frozenset[bytes] = frozenset()
    """Whom the group has banned and not taken in again."""

    @classmethod
    def of(cls, known: Iterable[Account], seen: Mapping[bytes, str]) -> People:
        """From rows; the first account of an address names it."""
        rows = tuple(known)
        hosted: dict[bytes, str] = {}
        for row in rows:
            hosted.setdefault(row.address, row.display_name or row.user_id)
        return cls(rows, seen, hosted)

    @classmethod
    def everybody(cls, tx: Tx, group: str) -> People:
        """All accounts of this bridge, those that other members of the group name, and all names seen there."""
        ours = accounts.all(tx)
        banned = frozenset(ban.address for ban in bans.all_of(tx, group))
        known = cls.of([*ours, *claims.all_of(tx, group)], members.names(tx, group))
        return replace(known, ours=tuple(ours), banned=banned)

    @classmethod
    def these(cls, tx: Tx, group: str, addresses: Iterable[bytes]) -> People:
        """The names of a few."""
        found = [row for address in dict.fromkeys(addresses) for row in accounts.by_address(tx, address)]
        return cls.of(found, members.names(tx, group))

    @staticmethod
    def accounts_of(tx: Tx, group: str, address: bytes) -> list[Account]:
        """A member's platform accounts: those that we know, and those that they are said to have elsewhere.

        An account that is somebody else's here is not theirs, whatever they say.
        """
        own = accounts.by_address(tx, address)
        said = claims.by_address(tx, group, address)
        return [*own, *(c for c in said if accounts.by_user(tx, c.platform, c.user_id) is None)]

    def known(self) -> frozenset[bytes]:
        """Everybody who has a name here, in the group or not."""
        return frozenset({*self._hosted, *self.seen, *self.banned})

    def name(self, address: bytes) -> str:
        """The name alone; the short address when there is none."""
        name = self._hosted.get(address) or self.seen.get(address, "")
        return clean_name(name, short_address(address)) if name else short_address(address)

    def full(self, address: bytes) -> str:
        """`Bob (0x1234…abcd)`, or the short address alone."""
        name, short = self.name(address), short_address(address)
        return short if name == short else f"{name} ({short})"
