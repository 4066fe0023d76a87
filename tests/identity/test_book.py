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


async def test_a_hosted_account_signs_and_survives_a_restart(store: Store, book: AddressBook) -> None:
    account = await book.host("matrix", "@alice", "Alice", 1)
    assert account.address == book.hosted("matrix", "@alice").address
    again = AddressBook(store, Master(SECRET))
    assert again.sign(account.address, b"text") is None
    await again.load()
    for one in (book, again):
        signature = one.sign(account.address, b"text")
        assert signature is not None
        assert recover(b"text", signature) == account.address
        assert one.account("matrix", "@alice") == account
        assert one.of_address(account.address) == (account,)
        assert list(one) == [account]


def test_own_wallet_signs_from_the_start(book: AddressBook) -> None:
    signature = book.sign(book.own.address, b"text")
    assert signature is not None
    assert recover(b"text", signature) == book.own.address
    assert book.sign(b"x" * 20, b"text") is None


async def test_a_linked_wallet_is_known_and_not_signed_for(book: AddressBook) -> None:
    hosted = await book.host("matrix", "@alice", "Alice", 1)
    await book.link("matrix", "@alice", LINKED, "Alice", 2)
    await book.link("discord", "7", LINKED, "alice", 2)
    assert {account.user_id for account in book.of_address(LINKED)} == {"@alice", "7"}
    assert book.sign(LINKED, b"text") is None
    assert book.sign(hosted.address, b"text") is None  # given up with the link
    assert book.of_address(hosted.address) == ()


async def test_drop(store: Store, book: AddressBook) -> None:
    account = await book.host("matrix", "@alice", "Alice", 1)
    await book.drop("matrix", "@alice")
    await book.drop("matrix", "@alice")
    assert book.account("matrix", "@alice") is None
    assert not book.is_hosted(account.address)
    assert await store.read(accounts.all) == []


async def test_the_own_wallet_cannot_be_lost(book: AddressBook) -> None:
    """Whoever links its address to an account and leaves takes nothing away."""
    await book.link("matrix", "@mallory", book.own.address, "M", 1)
    await book.drop("matrix", "@mallory")
    assert book.sign(book.own.address, b"text") is not None


async def test_an_account_with_a_foreign_hosted_address_changes_nothing(book: AddressBook) -> None:
    alice = await book.host("matrix", "@alice", "Alice", 1)
    await book.link("matrix", "@mallory", alice.address, "M", 1)
    await book.drop("matrix", "@alice")
    assert book.sign(alice.address, b"text") is None
    await book.host("matrix", "@alice", "Alice", 2)
    await book.drop("matrix", "@mallory")
    assert book.sign(alice.address, b"text") is not None


def test_notes_after_a_transaction_of_the_caller(book: AddressBook) -> None:
    wallet = book.hosted("matrix", "@bob")
    book.note(Account("matrix", "@bob", wallet.address, "Bob"))
    assert book.is_hosted(wallet.address)
    book.forget("matrix", "@bob")
    assert not book.is_hosted(wallet.address)
    assert repr(book) == "AddressBook(0 accounts)"
