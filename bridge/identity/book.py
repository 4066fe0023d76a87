"""Who is who: platform accounts and their addresses, in memory, and signing for those hosted here.

The store is the truth. `host`, `link` and `drop` write it and then the book; whoever writes accounts in a
transaction of his own calls `note` or `forget` after its commit.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.identity.master import Master
from bridge.identity.wallet import Wallet
from bridge.storage import accounts
from bridge.storage.accounts import Account
from bridge.storage.store import Store


class AddressBook:
    """All accounts of this bridge, by user and by address. Call `load` once before use."""

    def __init__(self, store: Store, master: Master) -> None:
        self._store = store
        self._master = master
        self.own = master.own_wallet()
        """The wallet of the bridge's own leaf."""
        self._by_user: dict[tuple[str, str], Account] = {}
        self._by_address: dict[bytes, dict[tuple[str, str], Account]] = {}
        self._wallets: dict[bytes, Wallet] = {self.own.address: self.own}

    def __repr__(self) -> str:
        return f"AddressBook({len(self._by_user)} accounts)"

    async def load(self) -> None:
        """Read all accounts from the store."""
        for account in await self._store.read(accounts.all):
            self.note(account)

    def hosted(self, platform: str, user_id: str) -> Wallet:
        """The wallet that the bridge holds for a user, whether he has an account yet or not."""
        return self._master.wallet(platform, user_id)

    def hold(self, platform: str, user_id: str) -> bytes:
        """Sign for this user's hosted wallet from now on, account or not yet; returns its address.

        A join is signed before the account is stored, in the same transaction.
        """
        wallet = self.hosted(platform, user_id)
        self._wallets.setdefault(wallet.address, wallet)
        return wallet.address

    def account(self, platform: str, user_id: str) -> Account | None:
        """The account of a platform user."""
        return self._by_user.get((platform, user_id))

    def of_address(self, address: bytes) -> tuple[Account, ...]:
        """All accounts with this address."""
        return tuple(self._by_address.get(address, {}).values())

    def is_hosted(self, address: bytes) -> bool:
        """Whether this process signs for the address (own wallet of the bridge included)."""
        return address in self._wallets

    def sign(self, address: bytes, message: bytes) -> bytes | None:
        """EIP-191 signature (65 bytes) by a hosted or the own wallet; None when the wallet is not here."""
        wallet = self._wallets.get(address)
        return None if wallet is None else wallet.sign_personal(message)

    def sign_typed(self, address: bytes, data: str) -> bytes | None:
        """The same for EIP-712 data (JSON as `eth_signTypedData_v4` takes it). Raises BadTypedData."""
        wallet = self._wallets.get(address)
        return None if wallet is None else wallet.sign_typed(data)

    async def host(self, platform: str, user_id: str, display_name: str, now: float) -> Account:
        """Give a user an account with his hosted wallet."""
        address = self.hosted(platform, user_id).address
        return await self.link(platform, user_id, address, display_name, now)

    async def link(self, platform: str, user_id: str, address: bytes, display_name: str, now: float) -> Account:
        """Give a user an account with an address whose ownership the caller has verified."""
        account = Account(platform, user_id, address, display_name)
        await self._store.write(lambda tx: accounts.put(tx, platform, user_id, address, display_name, now))
        self.note(account)
        return account

    async def drop(self, platform: str, user_id: str) -> None:
        """Forget an account; an unknown one is ignored."""
        await self._store.write(lambda tx: accounts.drop(tx, platform, user_id))
        self.forget(platform, user_id)

    def note(self, account: Account) -> None:
        """Enter an account that is in the store, in place of an older one of the same user."""
        user = (account.platform, account.user_id)
        self.forget(*user)
        self._by_user[user] = account
        self._by_address.setdefault(account.address, {})[user] = account
        wallet = self.hosted(*user)
        if wallet.address == account.address:
            self._wallets[wallet.address] = wallet

    def forget(self, platform: str, user_id: str) -> None:
        """Take an account out; an unknown one is ignored."""
        account = self._by_user.pop((platform, user_id), None)
        if account is None:
            return
        same = self._by_address[account.address]
        del same[platform, user_id]
        if not same:
            del self._by_address[account.address]
        # Only the user whose wallet it is takes it along, not everybody who shares the address.
        if account.address == self.hosted(platform, user_id).address != self.own.address:
            self._wallets.pop(account.address, None)

    def __iter__(self) -> Iterator[Account]:
        return iter(tuple(self._by_user.values()))
