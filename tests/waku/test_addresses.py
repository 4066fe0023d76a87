"""PEER_ADDRESSES as people write it."""

from __future__ import annotations

import pytest

from bridge.waku.addresses import EXAMPLE, MAX_ADDRESSES, parse_peer_addresses
from bridge.waku.errors import BadAddresses

PEER = EXAMPLE.rpartition("/")[2]
OTHER = f"/dns4/node.example.org/tcp/30303/p2p/{PEER}"


@pytest.mark.parametrize("text", ["", "  ", "[]", "[ ]", ","])
def test_none(text: str) -> None:
    assert parse_peer_addresses(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        f"{EXAMPLE},{OTHER}",
        f"[{EXAMPLE},{OTHER}]",
        f" [ {EXAMPLE} ,\n {OTHER}, ] ",
        f'["{EXAMPLE}", "{OTHER}"]',
        f"{EXAMPLE},{OTHER},{EXAMPLE}",
    ],
)
def test_separators_brackets_and_spaces(text: str) -> None:
    assert parse_peer_addresses(text) == (EXAMPLE, OTHER)
    assert parse_peer_addresses([EXAMPLE, OTHER]) == (EXAMPLE, OTHER)


@pytest.mark.parametrize("host", ["ip4/127.0.0.1", "ip6/::1", "dns/a.example", "dns6/a.example"])
def test_kinds_of_host(host: str) -> None:
    address = f"/{host}/tcp/60000/p2p/{PEER}"
    assert parse_peer_addresses(address) == (address,)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("/ip4/x.x.x.x/tcp/60000/p2p/xxxx", "x.x.x.x"),
        ("127.0.0.1:60000", "127.0.0.1:60000"),
        ("/ip4/127.0.0.1/tcp/60000", "/p2p/<peer id>"),
        (f"/ip4/127.0.0.1/udp/60000/quic-v1/p2p/{PEER}", "/tcp/<port>"),
        (f"/dnsaddr/a.example/p2p/{PEER}", "must begin with"),
        (f"[{EXAMPLE}", "brackets"),
    ],
)
def test_errors_name_key_fault_and_example(bad: str, reason: str) -> None:
    with pytest.raises(BadAddresses) as caught:
        parse_peer_addresses(bad, key="waku.peer_addresses")
    text = str(caught.value)
    assert text.startswith("waku.peer_addresses: ")
    assert reason in text
    assert EXAMPLE in text


def test_too_many() -> None:
    many = ",".join(f"/ip4/127.0.0.1/tcp/{port}/p2p/{PEER}" for port in range(1, MAX_ADDRESSES + 2))
    with pytest.raises(BadAddresses, match="at most 64"):
        parse_peer_addresses(many)
