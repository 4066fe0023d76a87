"""Addresses and signatures, by the EIPs' own values."""

from __future__ import annotations

import pytest

from bridge.model import ethereum
from tests.support.wallets import Wallet


@pytest.mark.parametrize(
    "text",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
    ],
)
def test_checksums_are_those_of_eip_55(text: str) -> None:
    assert ethereum.checksummed(bytes.fromhex(text[2:])) == text


def test_who_signed() -> None:
    alice = Wallet("alice")
    signature = alice.sign(b"hello")
    digest = ethereum.personal_digest(b"hello")
    assert ethereum.recovered(digest, signature) == alice.address
    without = signature[:64] + bytes([signature[64] - 27])
    assert ethereum.with_offset(without) == signature == ethereum.with_offset(signature)
    for wrong in (without, b"", signature[:64], bytes(65), b"\xff" * 65):
        with pytest.raises(ethereum.WrongSignature):
            ethereum.recovered(digest, wrong)
