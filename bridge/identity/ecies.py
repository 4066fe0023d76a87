"""ECIES on secp256k1, as the first de-mls has it: eciespy's defaults.

A message is: ephemeral public key (65 bytes, uncompressed), nonce (16), tag (16), AES-256-GCM ciphertext.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from bridge.identity.errors import EciesError

__all__ = ["MAX_PLAINTEXT_BYTES", "OVERHEAD_BYTES", "EciesError", "decrypt", "encrypt"]

SECRET_BYTES: Final = 32
PUBLIC_BYTES: Final = 33
OVERHEAD_BYTES: Final = 65 + 16 + 16
MAX_PLAINTEXT_BYTES: Final = 1024 * 1024
"""A join request (key package and signature) has some kB."""

_UNCOMPRESSED: Final = 0x04


@cache
def _library() -> tuple[Any, Any]:
    """eciespy and how to use it. Late: 50 modules and 2 MB, for somebody who joins."""
    import ecies
    from ecies.config import Config

    # Named in full: the library's defaults live in a global that anyone can change.
    config = Config(
        elliptic_curve="secp256k1",
        is_ephemeral_key_compressed=False,
        is_hkdf_key_compressed=False,
        symmetric_algorithm="aes-256-gcm",
        symmetric_nonce_length=16,
    )
    return ecies, config


def encrypt(public_key: bytes, data: bytes) -> bytes:
    """Encrypt at most 1 MiB to a compressed public key (33 bytes). Raises EciesError."""
    if len(public_key) != PUBLIC_BYTES:
        raise EciesError(f"a compressed public key has {PUBLIC_BYTES} bytes, not {len(public_key)}")
    if len(data) > MAX_PLAINTEXT_BYTES:
        raise EciesError(f"{len(data)} bytes are too much, at most {MAX_PLAINTEXT_BYTES}")
    library, config = _library()
    try:
        return bytes(library.encrypt(bytes(public_key), bytes(data), config))
    except Exception as error:  # coincurve raises ValueError or a bare Exception
        raise EciesError("the public key is no point of secp256k1") from error


def decrypt(secret: bytes, data: bytes) -> bytes:
    """Decrypt what was encrypted to the key of `secret` (32 bytes). Raises EciesError, whatever comes in."""
    if len(secret) != SECRET_BYTES:
        raise EciesError(f"a secret key has {SECRET_BYTES} bytes, not {len(secret)}")
    if not OVERHEAD_BYTES <= len(data) <= OVERHEAD_BYTES + MAX_PLAINTEXT_BYTES:
        raise EciesError(f"an ECIES message of {len(data)} bytes is too short or too long")
    if data[0] != _UNCOMPRESSED:
        raise EciesError("the ephemeral key is not in the uncompressed form")
    library, config = _library()
    try:
        return bytes(library.decrypt(bytes(secret), bytes(data), config))
    except Exception:  # no cause: the frames of the library hold the secret
        raise EciesError("not encrypted to this key, or damaged") from None
