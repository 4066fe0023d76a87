"""The wallets that this bridge signs with: its own, and those of the people hosted here.

The store is the truth: whoever writes an account in a transaction calls `note` after its commit.
"""

from __future__ import annotations

from bridge.identity.master import Master
from bridge.identity.wallet import Wallet
from bridge.storage import accounts
from bridge.storage.accounts import Account
from bridge.storage.store import Store


class AddressBook:
    """Who is signed for. Call `load` once before use."""

    def __init__(self, store: Store, master: Master) -> None:
        self._store = store
        self._master = master
        self.own = master.own_wallet()
        """The wallet of the bridge's own leaf."""
        self._wallets: dict[bytes, Wallet] = {self.own.address: self.own}
        self._hosting: set[tuple[str, str]] = set()
        """(platform, user id) of the accounts whose address is their hosted wallet's."""

    def __repr__(self) -> str:
        return f"AddressBook({len(self._hosting)} hosted)"

    async def load(self) -> None:
        """Read all accounts from the store."""
        for account in await self._store.read(accounts.all):
            self.note(account)

    def hosted(self, platform: str, user_id: str) -> Wallet:
        """The wallet that the bridge holds for a user, whether they have an account yet or not."""
        return self._master.wallet(platform, user_id)

    def hold(self, platform: str, user_id: str) -> bytes:
        """Sign for this user's hosted wallet from now on, account or not yet; returns its address.

        A join is signed before the account is stored, in the same transaction.
        """
        wallet = self.hosted(platform, user_id)
        self._wallets.setdefault(wallet.address, wallet)
        return wallet.address

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

    def note(self, account: Account) -> None:
        """Enter an account that is in the store, in place of an older one of the same user."""
        user = (account.platform, account.user_id)
        wallet = self.hosted(*user)
        if wallet.address == account.address:
            self._wallets[wallet.address] = wallet
            self._hosting.add(user)
        elif user in self._hosting:
            # Only the user whose wallet it is gives it up, not everybody who names its address; and what is
            # held for a join under way stays.
            self._hosting.discard(user)
            if wallet.address != self.own.address:
                self._wallets.pop(wallet.address, None)
