"""Ethereum addresses and signatures as browsers write them."""

from __future__ import annotations


def hexed(address: bytes) -> str:
    """`0x` and 40 digits; '' for no address."""
    return f"0x{address.hex()}" if address else ""


def unhexed(digits: str) -> bytes:
    """Bytes of hexadecimal digits with or without `0x` (see `frames.bounds`); b'' for ''."""
    return bytes.fromhex(digits.removeprefix("0x"))
