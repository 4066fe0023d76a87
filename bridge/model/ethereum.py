"""What a wallet's address and signature are: Keccak, EIP-55, EIP-191, and who has signed.

Keccak comes from pycryptodome; coincurve has none and `hashlib.sha3_256` is the later, different standard.
"""

from __future__ import annotations

from typing import Final

from coincurve import PublicKey

from bridge.model.absent import absent

with absent("cffi"):
    # With cffi, which Python 3.11 only lets it use, it parses C declarations at each start: 45 ms and 1 MB.
    from Crypto.Hash import keccak

SIGNATURE_BYTES: Final = 65
_V: Final = 27
"""What EIP-191 adds to the recovery bit."""
_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half the order of secp256k1: an `s` above it is the malleated twin of a signature (EIP-2)."""


class WrongSignature(ValueError):
    """The signature recovers to nobody, or has a form that is not taken."""


def keccak256(data: bytes) -> bytes:
    """Ethereum's hash, 32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()


def personal_digest(message: bytes) -> bytes:
    """The 32 bytes that a wallet signs for `message` (EIP-191 version 0x45)."""
    return keccak256(b"\x19Ethereum Signed Message:\n%d" % len(message) + message)


def address_bytes(public_key: PublicKey) -> bytes:
    """The 20 bytes of a public key's address: the last of the hash of its two coordinates."""
    return keccak256(public_key.format(compressed=False)[1:])[12:]


def checksummed(address: bytes) -> str:
    """`0x` and 40 hexadecimal digits (EIP-55): a letter is a capital where the hash of the address says so."""
    plain = address.hex()
    marks = keccak256(plain.encode()).hex()
    return "0x" + "".join(
        sign.upper() if int(mark, 16) > 7 else sign for sign, mark in zip(plain, marks, strict=False)
    )


def with_offset(signature: bytes) -> bytes:
    """As EIP-191 writes it: some wallets leave the 27 out of the last byte."""
    if len(signature) == SIGNATURE_BYTES and signature[-1] < _V:
        return signature[:-1] + bytes([signature[-1] + _V])
    return signature


def recovered(digest: bytes, signature: bytes) -> bytes:
    """The address (20 bytes) that signed these 32 bytes. `signature`: r || s || v, 65 bytes, v 27 or 28, low s.

    Raises WrongSignature.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise WrongSignature(f"a wallet signature has {SIGNATURE_BYTES} bytes, not {len(signature)}")
    if signature[64] not in (_V, _V + 1):
        raise WrongSignature("the recovery byte must be 27 or 28")
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        raise WrongSignature("s is in the upper half: a malleated signature")
    compact = signature[:64] + bytes([signature[64] - _V])
    try:
        key = PublicKey.from_signature_and_message(compact, digest, hasher=None)
    except Exception as error:  # coincurve raises bare Exception as well as ValueError here
        raise WrongSignature("the signature recovers to no key") from error
    return address_bytes(key)
