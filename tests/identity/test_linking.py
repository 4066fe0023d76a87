"""The text that binds a wallet to an account, and the check of its signature."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.identity.errors import LinkError
from bridge.identity.linking import MAX_WAITING, VALID_SECONDS, Linking, LinkText
from tests.support.sign_in_reader import read
from tests.support.wallets import Wallet

NOW = 1_700_000_000.0
ALICE, BOB = Wallet("alice"), Wallet("bob")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def linking(page: str = "") -> Linking:
    return Linking("Our bridge", lambda: page)


def test_a_signed_text_is_of_use_once() -> None:
    made = (waiting := linking()).start("discord", "42", "Alice", ALICE.address, NOW)
    signature = ALICE.sign(made.text.encode())
    waiting.finish(waiting.of_account("discord", "42", NOW), signature)
    looks: tuple[Callable[[], LinkText], ...] = (
        lambda: waiting.of_account("discord", "42", NOW),
        lambda: waiting.of_code(made.code, NOW),
    )
    for look in looks:
        with pytest.raises(LinkError) as refused:
            look()
        assert refused.value.code == "link_too_old"


def test_without_the_recovery_offset() -> None:
    """Some wallets give v as 0 or 1."""
    made = (waiting := linking()).start("discord", "42", "Alice", ALICE.address, NOW)
    signature = ALICE.sign(made.text.encode())
    waiting.finish(made, signature[:64] + bytes([signature[64] - 27]))


@pytest.mark.parametrize("page", ["", "https://chat.example.org", "http://127.0.0.1:8080"])
def test_the_text_is_one_of_eip_4361(page: str) -> None:
    made = linking(page).start("matrix", "@alice:example.org", "Ali\nce", ALICE.address, NOW)
    text = read(made.text)
    assert bytes.fromhex(text.address[2:]) == ALICE.address
    assert text.domain == (page.partition("://")[2] or "our-bridge.invalid")
    statement = "Bind this wallet to the matrix account @alice:example.org at the bridge Our-bridge."
    assert text.statement == statement
    assert (text.issued_at, text.expires_at) == (NOW, NOW + VALID_SECONDS)
    assert linking(page).link(made) == (f"{page}/#link={made.code}" if page else "")


@given(st.text(max_size=60), st.text(max_size=30))
def test_no_id_breaks_the_text(user_id: str, name: str) -> None:
    made = linking().start("matrix", user_id, name, ALICE.address, NOW)
    assert read(made.text).statement
    assert len(made.text.splitlines()) == 11


def test_another_wallet_or_another_text() -> None:
    waiting = linking()
    made = waiting.start("discord", "42", "Alice", ALICE.address, NOW)
    good = ALICE.sign(made.text.encode())
    twin = good[:32] + (ORDER - int.from_bytes(good[32:64])).to_bytes(32) + bytes([55 - good[64]])
    for wrong in (
        BOB.sign(made.text.encode()),
        ALICE.sign(made.text.encode() + b" "),
        twin,
        good[:64] + b"\x1d",
        bytes(65),
        b"\xff" * 65,
        good[:64],
        b"",
    ):
        with pytest.raises(LinkError) as refused:
            waiting.finish(made, wrong)
        assert refused.value.code == "link_wrong_signature"
    waiting.finish(waiting.of_code(made.code, NOW), good)  # a wrong one did not use it up


def test_a_text_for_another_account_does_not_do() -> None:
    waiting = linking()
    hers = waiting.start("discord", "42", "Alice", ALICE.address, NOW)
    theirs = waiting.start("discord", "43", "Bob", ALICE.address, NOW)
    with pytest.raises(LinkError):
        waiting.finish(theirs, ALICE.sign(hers.text.encode()))


def test_it_ends() -> None:
    waiting = linking()
    made = waiting.start("discord", "42", "Alice", ALICE.address, NOW)
    assert waiting.of_code(made.code, NOW + VALID_SECONDS - 1) == made
    looks: tuple[tuple[Callable[[], LinkText], str], ...] = (
        (lambda: waiting.of_code(made.code, NOW + VALID_SECONDS), "link_expired"),
        (lambda: waiting.of_code("", NOW), "link_too_old"),
        (lambda: waiting.of_account("matrix", "42", NOW), "link_too_old"),
    )
    for look, code in looks:
        with pytest.raises(LinkError) as refused:
            look()
        assert refused.value.code == code


def test_a_new_one_takes_the_place_of_the_old_and_all_are_bounded() -> None:
    waiting = linking()
    first = waiting.start("discord", "42", "Alice", ALICE.address, NOW)
    second = waiting.start("discord", "42", "Alice", ALICE.address, NOW)
    assert first.text != second.text
    with pytest.raises(LinkError):
        waiting.of_code(first.code, NOW)
    for number in range(MAX_WAITING):
        waiting.start("discord", f"x{number}", "X", BOB.address, NOW)
    with pytest.raises(LinkError):
        waiting.of_code(second.code, NOW)
