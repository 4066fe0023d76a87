"""The address book: in step with the store, signs for hosted wallets only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.identity.book import AddressBook
from bridge.identity.master import Master
from bridge.protocol.wallet import recover
from bridge.storage import accounts
from bridge.storage.accounts import Account
from bridge.storage.store import Store

SECRET = bytes(range(32))
LINKED = b"w" * 20


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/bridge.db", SECRET)
    yield opened
    await opened.close()


@pytest.fixture
def book(store: Store) -> AddressBook:
    return AddressBook(store, Master(SECRET))


async def stored(store: Store, user: str, address: bytes) -> Account:
    """An account of Matrix in the store."""
    await store.write(lambda tx: accounts.put(tx, "matrix", user, address, user, 1))
    return Account("matrix", user, address, user)


async def test_a_hosted_account_signs_and_survives_a_restart(store: Store, book: AddressBook) -> None:
    account = await stored(store, "@alice", book.hosted("matrix", "@alice").address)
    book.note(account)
    again = AddressBook(store, Master(SECRET))
    assert again.sign(account.address, b"text") is None
    await again.load()
    for one in (book, again):
        assert one.is_hosted(account.address)
        signature = one.sign(account.address, b"text")
        assert signature is not None
        assert recover(b"text", signature) == account.address


def test_own_wallet_signs_from_the_start(book: AddressBook) -> None:
    signature = book.sign(book.own.address, b"text")
    assert signature is not None
    assert recover(b"text", signature) == book.own.address
    assert book.sign(b"x" * 20, b"text") is None


def test_a_linked_wallet_is_not_signed_for(book: AddressBook) -> None:
    hosted = book.hosted("matrix", "@alice").address
    book.note(Account("matrix", "@alice", hosted, "Alice"))
    assert book.is_hosted(hosted)
    book.note(Account("matrix", "@alice", LINKED, "Alice"))
    assert book.sign(LINKED, b"text") is None
    assert book.sign(hosted, b"text") is None  # given up with the link


def test_a_wallet_held_for_a_join_stays_when_another_is_linked(book: AddressBook) -> None:
    book.note(Account("matrix", "@alice", LINKED, "Alice"))
    hosted = book.hold("matrix", "@alice")
    book.note(Account("matrix", "@alice", LINKED, "Alice"))
    assert book.sign(hosted, b"text") is not None


def test_the_own_wallet_cannot_be_lost(book: AddressBook) -> None:
    """Whoever links its address to an account and then another one takes nothing away."""
    book.note(Account("matrix", "@mallory", book.own.address, "M"))
    book.note(Account("matrix", "@mallory", LINKED, "M"))
    assert book.sign(book.own.address, b"text") is not None


def test_an_account_with_a_foreign_hosted_address_changes_nothing(book: AddressBook) -> None:
    alice = book.hosted("matrix", "@alice").address
    book.note(Account("matrix", "@mallory", alice, "M"))
    assert book.sign(alice, b"text") is None
    book.note(Account("matrix", "@alice", alice, "Alice"))
    book.note(Account("matrix", "@mallory", LINKED, "M"))
    assert book.sign(alice, b"text") is not None
