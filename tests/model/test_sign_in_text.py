"""EIP-4361: texts as other implementations write them, and a strict reader of its own for ours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.sign_in_text import SignInText
from tests.support.sign_in_reader import read

AT = 1_700_000_000.0
MADE = SignInText(
    domain="chat.example.org",
    address=bytes.fromhex("e5a12547fe4e872d192e3ececb76f2ce1aea4946"),
    statement="Sign in.",
    uri="https://chat.example.org",
    chain_id=1,
    nonce="a" * 32,
    issued_at=AT,
    expires_at=AT + 600,
)
WRITTEN_BY_SIWE_4_4 = """\
chat.example.org wants you to sign in with your Ethereum account:
0xe5A12547fe4E872D192E3eCecb76F2Ce1aeA4946

Sign in.

URI: https://chat.example.org
Version: 1
Chain ID: 1
Nonce: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
Issued At: 2023-11-14T22:13:20.000Z
Expiration Time: 2023-11-14T22:23:20.000Z"""
EXAMPLE_OF_THE_EIP = """\
example.com wants you to sign in with your Ethereum account:
0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2

I accept the ExampleOrg Terms of Service: https://example.com/tos

URI: https://example.com/login
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2021-09-30T16:25:24Z
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json"""


def test_it_writes_what_another_implementation_writes() -> None:
    assert str(MADE) == WRITTEN_BY_SIWE_4_4
    assert "20.123Z" in str(replace(MADE, issued_at=AT + 0.1239)), "milliseconds, cut off"


def test_the_reader_takes_the_example_of_the_eip() -> None:
    found = read(EXAMPLE_OF_THE_EIP)
    assert (found.domain, found.chain_id, found.nonce) == ("example.com", 1, "32891756")
    with pytest.raises(ValueError, match="EIP-4361"):
        read(EXAMPLE_OF_THE_EIP.replace("Version: 1", "Version: 2"))


@given(
    st.text(max_size=40),
    st.from_regex(r"[a-z0-9.-]{1,30}(:[0-9]{1,5})?", fullmatch=True),
    st.integers(0, 2**64),
    st.floats(0, 4e9),
)
def test_what_is_written_reads_back(statement: str, domain: str, chain_id: int, at: float) -> None:
    try:
        made = replace(
            MADE, statement=statement, domain=domain, chain_id=chain_id, issued_at=at, expires_at=at + 1
        )
    except ValueError:
        # Refused: then the grammar does not have it either.
        with pytest.raises(ValueError, match="EIP-4361"):
            read(str(MADE).replace("Sign in.", statement or "\n"))
        return
    found = read(str(made))
    assert (found.statement, found.domain, found.chain_id) == (statement, domain, chain_id)
    assert bytes.fromhex(found.address[2:]) == MADE.address
    assert found.issued_at == pytest.approx(at, abs=0.001)


@pytest.mark.parametrize(
    "wrong",
    [
        {"statement": "a\nURI: https://evil.example"},
        {"statement": ""},
        {"statement": "é"},
        {"domain": "a b"},
        {"domain": ""},
        {"uri": "no uri"},
        {"nonce": "short"},
        {"nonce": "with space "},
        {"address": bytes(19)},
        {"chain_id": -1},
    ],
)
def test_what_would_forge_a_field_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text differs by field
        replace(MADE, **wrong)  # type: ignore[arg-type]
