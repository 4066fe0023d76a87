"""Accounts for people whose platform has sign-in of its own: with a hosted wallet, or with their own."""

from __future__ import annotations

from bridge.identity.book import AddressBook
from bridge.model.ids import UserRef
from bridge.model.text import clean_name
from bridge.model.view import ViewError
from bridge.protocol.types import ADDRESS_BYTES
from bridge.storage import accounts
from bridge.storage.accounts import Account
from bridge.storage.errors import StorageError
from bridge.storage.store import Store
from bridge.storage.tx import Tx


async def open_account(
    store: Store, book: AddressBook, user: UserRef, name: str, address: bytes, now: float
) -> bytes:
    """The user's address, of a new account or of the one that they have. Raises ViewError.

    `address`: their own wallet's, which the adapter has verified; empty: the bridge holds their wallet.
    """
    hosted = book.hosted(user.platform, user.user_id).address
    wanted = address or hosted
    if address:
        _check_own(book, address, hosted)
    account = Account(user.platform, user.user_id, wanted, clean_name(name, user.user_id))

    def work(tx: Tx) -> Account:
        """Look and write in one transaction: two sign-ins at once must not both be the first."""
        known = accounts.by_user(tx, user.platform, user.user_id)
        if known is None:
            accounts.put(tx, user.platform, user.user_id, wanted, account.display_name, now)
        return known or account

    try:
        stored = await store.write(work)
    except StorageError as error:
        raise ViewError("The account cannot be stored now. Try again in a moment.") from error
    if stored.address != wanted:
        raise ViewError(f"This account belongs to the address 0x{stored.address.hex()} already.")
    book.note(stored)
    return stored.address


def _check_own(book: AddressBook, address: bytes, hosted: bytes) -> None:
    if len(address) != ADDRESS_BYTES:
        raise ViewError(f"An address has {ADDRESS_BYTES} bytes.")
    if address == book.own.address:
        raise ViewError("That is the address of the bridge itself.")
    if address == hosted or book.is_hosted(address):
        raise ViewError("The bridge itself holds the wallet of that address; sign in by your account.")
