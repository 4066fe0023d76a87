"""Binding a wallet to an account: the rules, for `!link` and for the page's form alike.

One person must neither get a second vote nor come back past a ban by changing wallets. So nothing is changed
while the wallet that they have now is in a group or on the way into one, or while that, the new or the hosted
one is banned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bridge.conversation.ports import GroupStatus
from bridge.identity.book import AddressBook
from bridge.identity.errors import LinkError
from bridge.identity.linking import Linking, LinkText
from bridge.model.ids import UserRef
from bridge.model.text import short_address
from bridge.rooms.ports import Words
from bridge.storage import accounts, bans
from bridge.storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Linker:
    """`groups` gives the present status of all groups of this bridge.

    `own_sign_in`: platforms whose people sign in with their wallets themselves (the page).
    """

    linking: Linking
    book: AddressBook
    groups: Callable[[], Iterable[GroupStatus]]
    words: Words
    own_sign_in: frozenset[str] = frozenset()

    def start(self, user: UserRef, name: str, address: bytes, now: float) -> LinkText:
        """The text for this account's wallet to sign. Raises LinkError."""
        if user.platform in self.own_sign_in:
            raise LinkError("link_sign_in", "the platform has a sign-in by wallet of its own")
        if self.book.is_hosted(address):
            raise LinkError("link_not_own", "the bridge signs for this address")
        return self.linking.start(user.platform, user.user_id, name, address, now)

    def signed(self, made: LinkText, signature: bytes) -> Callable[[Tx, float], str]:
        """What stores the link and gives the answer, or raises LinkError and stores nothing.

        Raises LinkError unless the wallet has signed.
        """
        self.linking.finish(made, signature)
        user = UserRef(made.platform, made.user_id)

        def work(tx: Tx, now: float) -> str:
            return self._change(tx, user, made.name, made.address, "linked", now)

        return work

    def unlink(self, user: UserRef, name: str) -> Callable[[Tx, float], str]:
        """What stores that the bridge's wallet stands behind the account again; otherwise as `signed`."""
        address = self.book.hold(user.platform, user.user_id)

        def work(tx: Tx, now: float) -> str:
            return self._change(tx, user, name, address, "unlinked", now)

        return work

    def is_own(self, user: UserRef, address: bytes) -> bool:
        """Whether the person has this wallet themselves."""
        return bool(address) and address != self.book.hosted(user.platform, user.user_id).address

    def _change(self, tx: Tx, user: UserRef, name: str, address: bytes, code: str, now: float) -> str:
        self._check(tx, user, address)
        accounts.put(tx, user.platform, user.user_id, address, name, now)
        return self.words(code, {"address": "0x" + address.hex()})

    def _check(self, tx: Tx, user: UserRef, address: bytes) -> None:
        account = accounts.by_user(tx, user.platform, user.user_id)
        hosted = self.book.hosted(user.platform, user.user_id).address
        present = account.address if account else hosted
        if account is not None and present == address:
            raise LinkError("link_same", "nothing to change", address=short_address(address))
        for status in self.groups():
            if _takes_part(status, present):
                raise LinkError("link_member", "in a group", address=short_address(present), group=status.group)
            banned = [each for each in (present, address, hosted) if bans.is_banned(tx, status.group, each)]
            if banned:
                raise LinkError("link_banned", "banned", address=short_address(banned[0]), group=status.group)


def _takes_part(status: GroupStatus, address: bytes) -> bool:
    """A member, asked for, voted on, or asked to sign that they become one."""
    asked = (each.address for each in status.signatures)
    voted_on = (change.subject for change in status.ballot.changes) if status.ballot else ()
    return address in {*status.members, *status.joining, *asked, *voted_on}
