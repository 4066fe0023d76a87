"""Ethereum wallet signatures: EIP-191 personal messages and EIP-712 digests, refused as the engine refuses."""

from __future__ import annotations

from coincurve import PublicKey

from bridge.model import ethereum
from bridge.protocol.errors import BadSignature
from bridge.protocol.ports import Address


def address_of(public_key: PublicKey) -> Address:
    """The address of a public key."""
    return Address(ethereum.address_bytes(public_key))


def recover(message: bytes, signature: bytes) -> Address:
    """Who signed `message` (EIP-191). Raises BadSignature, see `recover_digest`."""
    return recover_digest(ethereum.personal_digest(message), signature)


def recover_digest(digest: bytes, signature: bytes) -> Address:
    """Who signed these 32 bytes. `signature`: r || s || v, 65 bytes, v 27 or 28, low s. Raises BadSignature."""
    try:
        return Address(ethereum.recovered(digest, signature))
    except ethereum.WrongSignature as error:
        raise BadSignature(str(error)) from error


def check(address: Address, message: bytes, signature: bytes) -> None:
    """Raise BadSignature unless the wallet of `address` signed `message`."""
    check_digest(address, ethereum.personal_digest(message), signature)


def check_digest(address: Address, digest: bytes, signature: bytes) -> None:
    """Raise BadSignature unless the wallet of `address` signed these 32 bytes (EIP-712 typed data)."""
    if recover_digest(digest, signature) != address:
        raise BadSignature(f"not signed by 0x{address.hex()}")


def statement(title: str, fields: dict[str, bytes | int]) -> bytes:
    """A text to sign that a wallet can show: the title (domain and version), then one line per field.

    Bytes stand in hexadecimal and numbers in decimal, so no value can imitate a line.
    """
    lines = [title]
    for name, value in fields.items():
        lines.append(f"{name}: {value if isinstance(value, int) else '0x' + value.hex()}")
    return "\n".join(lines).encode()
