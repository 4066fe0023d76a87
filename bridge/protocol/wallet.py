"""Ethereum wallet signatures: EIP-191 personal messages, verified with libsecp256k1.

Keccak comes from pycryptodome; coincurve has none and `hashlib.sha3_256` is the later, different standard.
"""

from __future__ import annotations

from coincurve import PublicKey
from Crypto.Hash import keccak

from bridge.protocol.errors import BadSignature
from bridge.protocol.ports import Address

SIGNATURE_BYTES = 65
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half the order of secp256k1: an `s` above it is the malleated twin of a signature (EIP-2)."""


def keccak256(data: bytes) -> bytes:
    """Ethereum's hash, 32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()


def personal_digest(message: bytes) -> bytes:
    """The 32 bytes that a wallet signs for `message` (EIP-191 version 0x45)."""
    return keccak256(b"\x19Ethereum Signed Message:\n%d" % len(message) + message)


def address_of(public_key: PublicKey) -> Address:
    """The address of a public key: the last 20 bytes of the hash of its two coordinates."""
    return Address(keccak256(public_key.format(compressed=False)[1:])[12:])


def recover(message: bytes, signature: bytes) -> Address:
    """Who signed `message` (EIP-191). Raises BadSignature, see `recover_digest`."""
    return recover_digest(personal_digest(message), signature)


def recover_digest(digest: bytes, signature: bytes) -> Address:
    """Who signed these 32 bytes. `signature`: r || s || v, 65 bytes, v 27 or 28, low s. Raises BadSignature."""
    if len(signature) != SIGNATURE_BYTES:
        raise BadSignature(f"a wallet signature has {SIGNATURE_BYTES} bytes, not {len(signature)}")
    if signature[64] not in (27, 28):
        raise BadSignature("the recovery byte must be 27 or 28")
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        raise BadSignature("s is in the upper half: a malleated signature")
    compact = signature[:64] + bytes([signature[64] - 27])
    try:
        key = PublicKey.from_signature_and_message(compact, digest, hasher=None)
    except Exception as error:  # coincurve raises bare Exception as well as ValueError here
        raise BadSignature("the signature recovers to no key") from error
    return address_of(key)


def check(address: Address, message: bytes, signature: bytes) -> None:
    """Raise BadSignature unless the wallet of `address` signed `message`."""
    check_digest(address, personal_digest(message), signature)


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
