"""Groups and standings as adapters see them, from real accounts and names."""

from __future__ import annotations

from dataclasses import replace

from bridge.conversation.ports import BallotStatus
from bridge.model.ids import RoomRef, UserRef
from bridge.model.notices import BallotOpened, ChangeKind, ChangeNote
from bridge.model.view import Key, Member, MembershipStatus
from bridge.storage import accounts, bans, claims, members
from bridge.storage.accounts import Account
from bridge.storage.store import Tx
from tests.support.mirrors import GROUP, PLATFORM, ROOM_A
from tests.support.views import Outlook

OWN_WALLET, FOREIGN, STEWARD = b"\2" * 20, b"\3" * 20, b"\1" * 20


async def linked(outlook: Outlook, user: str, address: bytes) -> bytes:
    """An account with this address."""
    account = Account(PLATFORM, user.lower(), address, user)
    await outlook.store(lambda tx: accounts.put(tx, PLATFORM, account.user_id, address, user, 1.0))
    outlook.book.note(account)
    return address


async def hosted(outlook: Outlook, user: str) -> bytes:
    """A new account with a hosted wallet."""
    return await linked(outlook, user, outlook.book.hosted(PLATFORM, user.lower()).address)


async def test_members_with_their_names_keys_and_accounts(outlook: Outlook) -> None:
    alice = await hosted(outlook, "Alice")
    await linked(outlook, "Bob", OWN_WALLET)

    def names(tx: Tx) -> None:
        members.set_name(tx, GROUP, FOREIGN, "Carol\u202e")
        claims.note(tx, GROUP, Account("matrix", "@carol:x", FOREIGN, "Carol"))
        claims.note(tx, GROUP, Account(PLATFORM, "alice", FOREIGN, "Alice"))

    await outlook.store(names)
    outlook.group.current = replace(
        outlook.group.current,
        members=(STEWARD, alice, OWN_WALLET, FOREIGN),
        voters=(alice, OWN_WALLET, FOREIGN),
        hosted=frozenset({STEWARD, alice, OWN_WALLET}),
        service=frozenset({STEWARD}),
        transport="ok: 2 peers",
        queued=3,
        waiting_chat=4,
    )
    group = await outlook.view.group(ROOM_A)
    assert group is not None
    assert (group.name, group.epoch, group.queued, group.waiting_chat) == (GROUP, 1, 3, 4)
    assert (group.transport, group.coordination, group.ballot, group.is_removed) == (
        "ok: 2 peers",
        "waku",
        None,
        False,
    )
    by_address = {member.address: member for member in group.members}
    assert by_address[alice] == Member(alice, "Alice", Key.HOSTED, accounts=(UserRef(PLATFORM, "alice"),))
    assert by_address[OWN_WALLET] == Member(OWN_WALLET, "Bob", Key.OWN, accounts=(UserRef(PLATFORM, "bob"),))
    # Another bridge's word does not take Alice's account from them.
    assert by_address[FOREIGN] == Member(
        FOREIGN, "Carol", Key.ELSEWHERE, accounts=(UserRef("matrix", "@carol:x"),)
    )
    steward = by_address[STEWARD]
    assert (steward.is_bridge, steward.is_steward, steward.has_vote) == (True, True, False)
    assert [member.name for member in group.members][1:] == ["Alice", "Bob", "Carol"]


async def test_the_open_ballot_in_the_words_of_the_rooms(outlook: Outlook) -> None:
    alice = await hosted(outlook, "Alice")
    changes = (ChangeNote(ChangeKind.REMOVE, FOREIGN, alice, "spam"),)
    await outlook.tell(BallotOpened(7, changes, STEWARD, (alice, FOREIGN), 2_000))
    ballot = BallotStatus(7, changes, (alice, FOREIGN), (alice,), (), 2_000, STEWARD)
    outlook.group.current = replace(outlook.group.current, ballot=ballot)
    group = await outlook.view.group(ROOM_A)
    assert group is not None
    shown = group.ballot
    assert shown is not None
    assert (shown.number, shown.voters, shown.yes, shown.no, shown.deadline, shown.steward) == (
        7,
        (alice, FOREIGN),
        (alice,),
        (),
        2_000,
        STEWARD,
    )
    await outlook.bench.settled()
    assert shown.lines
    assert all(line in outlook.bench.paper.texts(ROOM_A)[0] for line in shown.lines)


async def test_a_room_without_a_group(outlook: Outlook) -> None:
    alice, nowhere = await hosted(outlook, "Alice"), RoomRef(PLATFORM, "nowhere")
    assert await outlook.view.group(nowhere) is None
    assert await outlook.view.results(nowhere) == []
    assert await outlook.view.signings(nowhere, alice) == ()
    user = UserRef(PLATFORM, "alice")
    assert await outlook.view.standing(nowhere, user) == MembershipStatus(alice, key=Key.HOSTED)


async def test_where_people_stand(outlook: Outlook) -> None:
    user, stranger = UserRef(PLATFORM, "alice"), UserRef(PLATFORM, "nobody")
    alice = await hosted(outlook, "Alice")
    assert await outlook.view.standing(ROOM_A, stranger) == MembershipStatus(b"")
    assert await outlook.view.standing(ROOM_A, user) == MembershipStatus(alice, key=Key.HOSTED)
    outlook.group.current = replace(outlook.group.current, joining=frozenset({alice}))
    assert await outlook.view.standing(ROOM_A, user) == MembershipStatus(alice, is_joining=True, key=Key.HOSTED)
    outlook.group.has(alice)
    member = MembershipStatus(alice, is_member=True, has_vote=True, key=Key.HOSTED)
    assert await outlook.view.standing(ROOM_A, user) == member
    await outlook.store(lambda tx: bans.record(tx, GROUP, alice, "spam", 1.0))
    assert await outlook.view.standing(ROOM_A, user) == member, "they were taken in again"
    outlook.group.has()
    outlook.group.current = replace(outlook.group.current, joining=frozenset())
    assert await outlook.view.standing(ROOM_A, user) == MembershipStatus(alice, is_banned=True, key=Key.HOSTED)


async def test_an_own_wallets_standing(outlook: Outlook) -> None:
    await linked(outlook, "Bob", OWN_WALLET)
    outlook.group.has(OWN_WALLET)
    standing = await outlook.view.standing(ROOM_A, UserRef(PLATFORM, "bob"))
    assert (standing.key, standing.is_member) == (Key.OWN, True)


def test_commands_for_completion(outlook: Outlook) -> None:
    names = [hint.name for hint in outlook.view.commands]
    assert {"join", "leave", "ban", "vote", "help"} <= set(names)
    assert outlook.view.prefix == "!"
    assert all(hint.summary for hint in outlook.view.commands)


async def test_the_report_is_json(outlook: Outlook) -> None:
    assert await outlook.view.report() == {"words": {"all is well": 1}}
