"""PEER_ADDRESSES, as in the seed: multiaddrs separated by commas, brackets around them accepted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bridge import _native
from bridge.waku.errors import BadAddresses

EXAMPLE: Final = "/ip4/192.0.2.7/tcp/60000/p2p/16Uiu2HAmPLe7Mzm8TsYUubgCAW1aJoeFScxrLj8ppHFivPo97bUZ"

MAX_ADDRESSES: Final = 64
"""Our choice: a node keeps a connection to each."""


def parse_peer_addresses(value: str | Iterable[str], key: str = "PEER_ADDRESSES") -> tuple[str, ...]:
    """Checked multiaddrs `/ip4|ip6|dns|dns4|dns6/<host>/tcp/<port>/p2p/<id>`, in order, each once.

    `value`: text as in the seed's .env file, or the addresses one by one. Raises BadAddresses, which names
    `key`, the faulty address, what is wrong with it, and an example.
    """
    parts = _split(value, key) if isinstance(value, str) else [part.strip() for part in value]
    addresses = tuple(dict.fromkeys(_checked(part, key) for part in parts))
    if len(addresses) > MAX_ADDRESSES:
        raise BadAddresses(key, f"{len(addresses)} addresses, at most {MAX_ADDRESSES} are allowed", EXAMPLE)
    return addresses


def _split(text: str, key: str) -> list[str]:
    text = text.strip()
    if text.startswith("[") != text.endswith("]"):
        raise BadAddresses(key, f"brackets do not match in {text[:200]!r}", f"[{EXAMPLE}]")
    text = text.removeprefix("[").removesuffix("]")
    # Empty parts come from a trailing comma or from an empty list: harmless. Quotes: a JSON list in .env.
    parts = (part.strip().strip("\"'").strip() for part in text.split(","))
    return [part for part in parts if part]


def _checked(address: str, key: str) -> str:
    try:
        _native.waku_check_address(address)
    except _native.WakuFailure as failure:
        raise BadAddresses(key, str(failure.args[1]), EXAMPLE) from None
    return address
