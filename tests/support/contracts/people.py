"""Those who act on the contracts: accounts with a key, and contract wallets of an owner with a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils.crypto import keccak

ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of the group of secp256k1."""


@dataclass(frozen=True)
class Person:
    """An account; the same name is the same key. `wallet`: the contract wallet through which it is known."""

    name: str
    wallet: str = ""
    account: LocalAccount = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "account", Account.from_key(keccak(text=f"demls test {self.name}")))

    @property
    def address(self) -> str:
        """Its member address."""
        return self.wallet or str(self.account.address)

    def sign(self, digest: bytes) -> bytes:
        """65 bytes r ‖ s ‖ v over 32 bytes."""
        return bytes(self.account.unsafe_sign_hash(Hash32(digest)).signature)

    def __lt__(self, other: Person) -> bool:
        """By address, as the contracts want lists."""
        return int(self.address, 16) < int(other.address, 16)


def people(count: int, prefix: str = "p") -> list[Person]:
    """So many, in the order of their addresses."""
    return sorted(Person(f"{prefix}{number}") for number in range(count))


def malleated(signature: bytes) -> bytes:
    """The other signature of the same key and digest: s replaced by n - s, v by its counterpart."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def typed_digest(name: str, chain_id: int, contract: str, kind: str, values: bytes) -> bytes:
    """EIP-712, written down a second time: `kind` as in `encodeType`, `values` encoded a word each."""
    domain = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    separator = keccak(
        domain
        + keccak(text=name)
        + keccak(text="1")
        + chain_id.to_bytes(32, "big")
        + bytes.fromhex(contract.removeprefix("0x")).rjust(32, b"\0")
    )
    return keccak(b"\x19\x01" + separator + keccak(keccak(text=kind) + values))
