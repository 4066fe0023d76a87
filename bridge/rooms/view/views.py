"""Groups as adapters see them: from a group's status and the names of its people. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.conversation.ports import BallotStatus, GroupStatus
from bridge.identity.book import AddressBook
from bridge.model.ids import UserRef
from bridge.model.view import Ballot, Group, Key, Member, MembershipStatus
from bridge.protocol.types import Coordination
from bridge.rooms.outbound.ballots import MAX_SHOWN, question
from bridge.rooms.people import People


def group(status: GroupStatus, people: People, book: AddressBook) -> Group:
    """The group; its members in the order of their names."""
    return Group(
        name=status.group,
        full_name=status.full_name,
        state=status.state,
        deadline=status.deadline,
        epoch=status.epoch,
        members=tuple(sorted(_members(status, people, book), key=_order)),
        queued=status.queued,
        waiting_chat=status.waiting_chat,
        ballot=None if status.ballot is None else _ballot(status.ballot, people),
        coordination=status.coordination.value,
        transport=status.transport,
        chain=status.chain if status.coordination is Coordination.CONTRACT else "",
        is_removed=status.is_removed,
    )


def standing(
    status: GroupStatus | None, address: bytes, book: AddressBook, *, banned: bool
) -> MembershipStatus:
    """Where the person with this address stands. `banned`: the group once removed them by vote."""
    key = Key.HOSTED if book.is_hosted(address) else Key.OWN
    if status is None:
        return MembershipStatus(address, key=key)
    is_member = address in status.members
    return MembershipStatus(
        address,
        is_member=is_member,
        has_vote=address in status.voters,
        is_banned=banned and not is_member,
        is_joining=address in status.joining and not is_member,
        key=key,
    )


def _order(member: Member) -> tuple[str, bytes]:
    return member.name.casefold(), member.address


def _members(status: GroupStatus, people: People, book: AddressBook) -> Iterator[Member]:
    accounts, voters = _accounts(people), frozenset(status.voters)
    for address in status.members:
        yield Member(
            address=address,
            name=people.name(address),
            key=_key(address, status, book),
            is_bridge=address in status.service or address == status.own,
            is_steward=address == status.steward,
            has_vote=address in voters,
            accounts=tuple(accounts.get(address, ())),
        )


def _key(address: bytes, status: GroupStatus, book: AddressBook) -> Key:
    if book.is_hosted(address):
        return Key.HOSTED
    return Key.OWN if address in status.hosted else Key.ELSEWHERE


def _accounts(people: People) -> dict[bytes, list[UserRef]]:
    """Everybody's accounts. Those of this bridge come first: nobody else can claim one of them."""
    owners: dict[UserRef, bytes] = {}
    for row in people.accounts:
        owners.setdefault(UserRef(row.platform, row.user_id), row.address)
    found: dict[bytes, list[UserRef]] = {}
    for user, address in owners.items():
        found.setdefault(address, []).append(user)
    return found


def _ballot(ballot: BallotStatus, people: People) -> Ballot:
    return Ballot(
        number=ballot.ballot_id,
        changes=ballot.changes,
        lines=tuple(question(change, people) for change in ballot.changes[:MAX_SHOWN]),
        voters=ballot.voters,
        yes=ballot.yes,
        no=ballot.no,
        deadline=ballot.deadline,
        steward=ballot.steward,
        transaction=f"0x{ballot.transaction.hex()}" if ballot.transaction else "",
    )
