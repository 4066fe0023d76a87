"""Each command, through a running mirror: what it asks of the group, and what the person reads."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.conversation.ports import (
    BallotStatus,
    CastVote,
    JoinMember,
    LeaveMember,
    ProposeAdd,
    ProposePolicy,
    PublishPackage,
    RequestBan,
    SendChat,
)
from bridge.model.adapter import InboundCommand, InboundMessage
from bridge.model.commands import Arguments
from bridge.model.ids import UserRef
from bridge.model.message import Author, Body
from bridge.model.notices import Answer, BallotOpened, ChangeKind, ChangeNote
from bridge.protocol.errors import AlreadyMember, LocalError, NotPermitted, QueueFull
from bridge.protocol.policy import decode_policy
from bridge.protocol.ports import Address
from bridge.protocol.types import Coordination, GroupPolicy
from bridge.rooms.commands.router import MAX_AGE, SPECS, Router
from bridge.rooms.commands.sentences import say
from bridge.rooms.people import People
from bridge.rooms.ports import Ask, Asker, Say, Written
from bridge.storage import accounts, ballots, bans, claims
from bridge.storage.accounts import Account
from bridge.storage.tx import Tx
from tests.support.mirrors import GROUP, PLATFORM, ROOM_A, ROOM_B, Bench, quiet_status, refuse, wallet_address

ALICE, BOB, BOB2, CAROL = (wallet_address(UserRef(PLATFORM, n)) for n in ("alice", "bob", "bob2", "carol"))
BALLOT = BallotStatus(
    7, (ChangeNote(ChangeKind.REMOVE, BOB, ALICE, "spam"),), (ALICE, BOB, CAROL), (ALICE,), (), 1_030, ALICE
)


def typed(text: str) -> InboundMessage:
    """A text as an adapter hands it over."""
    return InboundMessage("event", ROOM_A, Author(PLATFORM, "alice", "Alice"), Body(text), 1_000_000)


async def opened(bench: Bench, number: int = BALLOT.ballot_id, ago: float = 10, closed: float = 0) -> None:
    """The rooms saw a ballot open so many seconds ago, and close (0: not yet)."""

    def work(tx: Tx) -> None:
        ballots.record(tx, GROUP, number, b"", int(time.time() - ago))
        if closed:
            ballots.close(tx, GROUP, number, b"", int(time.time() - closed))

    await bench.store.write(work)


async def everybody(bench: Bench) -> None:
    """Four members, two of them called Bob."""

    def work(tx: Tx) -> None:
        for user, address, name in (
            ("alice", ALICE, "Alice"),
            ("bob", BOB, "Bob"),
            ("bob2", BOB2, "bob"),
            ("carol", CAROL, "Carol von  B"),
        ):
            accounts.put(tx, PLATFORM, user, address, name, 1)

    await bench.store.write(work)
    bench.group.has(ALICE, BOB, BOB2, CAROL)


async def ask(bench: Bench, user: str, text: str) -> str:
    """Write a command, return the answer ('' if it became a request)."""
    shown, asked = len(bench.paper.rooms[ROOM_A]), len(bench.group.requests)
    event = await bench.say(ROOM_A, user, text)
    await bench.until(lambda: len(bench.paper.rooms[ROOM_A]) > shown or len(bench.group.requests) > asked)
    await bench.settled()
    assert bench.paper.texts(ROOM_B) == []  # commands are not chat
    new = bench.paper.rooms[ROOM_A][shown:]
    assert all(answer.reply_to == event for answer in new)
    return new[0].text if new else ""


async def test_join_makes_the_account_and_asks(bench: Bench) -> None:
    assert await ask(bench, "Alice", "!join") == ""
    [request] = bench.group.requests
    assert isinstance(request, JoinMember)
    assert (request.address, request.name) == (ALICE, "Alice")
    account = await bench.store.read(lambda tx: accounts.by_user(tx, PLATFORM, "alice"))
    assert account == Account(PLATFORM, "alice", ALICE, "Alice")


async def test_a_refused_join_makes_no_account_and_is_answered(bench: Bench) -> None:
    bench.group.script = refuse(AlreadyMember("x"))
    assert await ask(bench, "Alice", "!join") == "You are a member already."
    assert await bench.store.read(accounts.all) == []


async def test_a_full_group_is_tried_again_and_then_answered(bench: Bench) -> None:
    bench.group.script = refuse(QueueFull("1,000 requests wait"))
    assert "1,000 requests wait" in await ask(bench, "Alice", "!join")


async def test_after_joining_chat_goes_by_the_own_leaf(bench: Bench) -> None:
    await everybody(bench)
    await bench.say(ROOM_A, "Alice", "hello")
    await bench.until(lambda: bench.paper.texts(ROOM_B) == ["Alice: hello"])
    [request] = bench.group.requests
    assert isinstance(request, SendChat)
    assert request.leaf == ALICE


async def test_leave(bench: Bench) -> None:
    assert "not a member" in await ask(bench, "Alice", "!leave")
    await everybody(bench)
    await ask(bench, "Alice", "!leave")
    [request] = bench.group.requests
    assert isinstance(request, LeaveMember)
    assert request.address == ALICE


@pytest.mark.parametrize(
    ("text", "target", "reason"),
    [
        (f"!ban {BOB.hex()}", BOB, ""),
        (f"!ban 0x{BOB.hex().upper()} spam", BOB, "spam"),
        (f"/ban {BOB.hex()}", BOB, ""),
        ("!ban bob2 a  lot\nof spam", BOB2, "a lot of spam"),
        ("!ban carol von b spam", CAROL, "spam"),
        ('!ban "Carol von B" spam', CAROL, "spam"),
        ("!ban @Carol von B: spam", CAROL, "spam"),
    ],
)
async def test_ban_finds_the_person(bench: Bench, text: str, target: bytes, reason: str) -> None:
    await everybody(bench)
    if "carol" in text.lower():  # by name, not by account
        await bench.store.write(lambda tx: accounts.drop(tx, PLATFORM, "carol"))
        await bench.store.write(lambda tx: accounts.put(tx, "far", "c", CAROL, "Carol von B", 1))
    assert await ask(bench, "Alice", text) == ""
    [request] = bench.group.requests
    assert isinstance(request, RequestBan)
    assert (request.requester, request.target, request.reason) == (ALICE, target, reason)


async def test_ban_refuses_what_is_not_certain(bench: Bench) -> None:
    assert "not a member" in await ask(bench, "Alice", f"!ban {BOB.hex()}")
    await everybody(bench)
    await bench.store.write(lambda tx: accounts.drop(tx, PLATFORM, "bob"))
    await bench.store.write(lambda tx: accounts.put(tx, "far", "b", BOB, "Bob", 1))
    answer = await ask(bench, "Alice", "!ban Bob")
    assert f"0x{BOB.hex()}" in answer
    assert f"0x{BOB2.hex()}" in answer
    assert "Nobody with that name" in await ask(bench, "Alice", "!ban nobody")
    assert "Nobody with that name" in await ask(bench, "Alice", f"!ban {'00' * 20}")
    assert "!ban <member> [reason]" in await ask(bench, "Alice", "!ban")
    assert bench.group.requests == []


async def test_unban_asks_the_group_to_take_him_in_again(bench: Bench) -> None:
    await everybody(bench)
    bench.group.has(ALICE, CAROL)
    await bench.store.write(lambda tx: bans.record(tx, GROUP, BOB, "spam", 1))
    token = ""
    for text in (f"!unban 0x{BOB.hex()}", "!unban Bob", "!unban bob"):
        bench.group.requests.clear()
        assert await ask(bench, "Alice", text) == ""
        [request] = bench.group.requests
        assert isinstance(request, JoinMember)
        assert (request.address, request.name) == (BOB, "Bob")
        assert request.reason.startswith("unban asked by Alice (0x")
        token = request.reply_to
    await bench.group.tell(Answer(token, "join_requested"), Answer(token, "joined"))
    await bench.settled()
    asked, passed = bench.paper.texts(ROOM_A)[-2:]
    assert "lift the ban" in asked
    assert "the person is a member again" in passed


async def test_unban_refuses_what_makes_no_sense(bench: Bench) -> None:
    await everybody(bench)
    assert "!unban <account>" in await ask(bench, "Alice", "!unban")
    assert "is banned by the group" in await ask(bench, "Alice", "!unban Carol von B")
    bench.group.has(ALICE)
    assert "not a member" in await ask(bench, "Carol", f"!unban {BOB.hex()}")
    # Of another bridge, and one with a wallet of their own: nobody here can make their keys.
    own_wallet, remote = b"\x08" * 20, b"\x09" * 20

    def work(tx: Tx) -> None:
        accounts.put(tx, PLATFORM, "dave", own_wallet, "Dave", 1)
        claims.note(tx, GROUP, Account(PLATFORM, "erin", remote, "Erin"))
        for address in (BOB, BOB2, own_wallet, remote):
            bans.record(tx, GROUP, address, "", 1)

    await bench.store.write(work)
    for who in (own_wallet.hex(), "erin"):
        assert "only" in await ask(bench, "Alice", f"!unban {who}")
    assert "Say which by the address" in await ask(bench, "Alice", '!unban "Bob"')
    assert bench.group.requests == []


@pytest.mark.parametrize(
    ("text", "ballot", "yes"),
    [("!vote 7 yes", 7, True), ("!vote #7 N", 7, False), ("!vote y", 7, True), ("!vote 8 no", 8, False)],
)
async def test_vote(bench: Bench, text: str, ballot: int, yes: bool) -> None:
    await everybody(bench)
    bench.group.has(ALICE, BOB, CAROL, ballot=BALLOT)
    await opened(bench)
    assert await ask(bench, "Alice", text) == ""
    [request] = bench.group.requests
    assert isinstance(request, CastVote)
    assert (request.voter, request.ballot_id, request.yes) == (ALICE, ballot, yes)


@pytest.mark.parametrize(
    "text", ["!vote", "!vote ja", "!vote 7", "!vote ² yes", "!vote -1 yes", "!vote 1 2 yes"]
)
async def test_a_wrong_vote_shows_how(bench: Bench, text: str) -> None:
    await everybody(bench)
    assert "!vote [ballot] yes|no" in await ask(bench, "Alice", text)


async def test_votes_that_make_no_sense_are_answered(bench: Bench) -> None:
    assert "not a member" in await ask(bench, "Alice", "!vote 7 yes")
    await everybody(bench)
    assert "No vote is open" in await ask(bench, "Alice", "!vote yes")


async def test_the_lists(bench: Bench) -> None:
    await everybody(bench)
    assert "No vote is open" in await ask(bench, "Alice", "!proposals")
    bench.group.has(ALICE, BOB, CAROL, ballot=BALLOT)
    proposals = await ask(bench, "Carol", "!proposals")
    assert "Shall Bob (0x" in proposals
    assert "1 yes, 0 no, of 3" in proposals
    assert "You have not voted" in proposals
    members = await ask(bench, "Alice", "!members")
    assert members.startswith("3 member(s)")
    assert "Alice (0x" in members
    assert "you" in members
    status = await ask(bench, "Alice", "!status")
    assert "Working" in status
    assert "you are a member" in status


async def test_help_is_made_from_the_table(bench: Bench) -> None:
    text = await ask(bench, "Alice", "!help")
    assert [line.split(" – ")[0] for line in text.splitlines()] == [spec.usage("!") for spec in SPECS]
    assert (await ask(bench, "Alice", "!help !vote")).startswith("!vote [ballot] yes|no – ")
    assert len((await ask(bench, "Alice", "!help propose")).splitlines()) > 4
    assert "Did you mean !join?" in await ask(bench, "Alice", "!help joim")
    assert "!help lists them" in await ask(bench, "Alice", "/help xyzzy")


@pytest.mark.parametrize("text", ["!joim", "!important: at nine", "/me waves", "/shrug", " !join"])
async def test_what_names_no_command_is_chat(bench: Bench, text: str) -> None:
    await everybody(bench)
    await bench.say(ROOM_A, "Alice", text)
    await bench.until(lambda: bench.paper.texts(ROOM_B) == [f"Alice: {text}"])
    assert bench.paper.texts(ROOM_A) == []


async def test_what_its_author_calls_text_is_chat(bench: Bench) -> None:
    await everybody(bench)
    await bench.say(ROOM_A, "Alice", "/join", is_literal=True)
    await bench.until(lambda: bench.paper.texts(ROOM_B) == ["Alice: /join"])


async def test_edited_commands_are_answered(bench: Bench) -> None:
    event = bench.message(ROOM_A, "Alice", "!join", edits_event="event-1")
    await bench.mirror.accept("account", "", [event])
    await bench.until(lambda: any("edited command" in text for text in bench.paper.texts(ROOM_A)))
    assert bench.group.requests == []


NAMES = st.sampled_from([f"!{spec.name} " for spec in SPECS] + ["/ban ", "!propose ", "!"])


@given(NAMES, st.text(max_size=120), st.booleans())
def test_no_text_makes_a_command_fail(name: str, rest: str, member: bool) -> None:
    account = Account(PLATFORM, "alice", ALICE, "Alice") if member else None
    asker = Asker(UserRef(PLATFORM, "alice"), "Alice", ROOM_A, "token", account)
    group = replace(quiet_status(), members=(ALICE, BOB), ballot=BALLOT)
    event = typed(name + rest)
    outcome = Router(wallet_address).carry_out(event, asker, group, People(), Written(1_000.0), 1_000.0)
    assert isinstance(outcome, Say | Ask)
    if isinstance(outcome, Say):
        assert outcome.text


@pytest.mark.parametrize("prefix", ["", "a", "x ", " !"])
def test_a_prefix_that_would_eat_chat_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        Router(wallet_address, prefix)


FORMS = [spec.name for spec in SPECS if spec.family == "propose"]
POLICY = GroupPolicy(Address(b"\1" * 20), (Address(b"\1" * 20),))


async def test_propose_asks_for_other_settings(bench: Bench) -> None:
    await everybody(bench)
    bench.group.current = replace(bench.group.current, policy=POLICY)
    assert await ask(bench, "Alice", "!propose coordination contract") == ""
    assert await ask(bench, "Alice", "!propose voting 120") == ""
    coordination, voting = bench.group.requests
    assert isinstance(coordination, ProposePolicy)
    assert decode_policy(coordination.policy) == replace(POLICY, coordination=Coordination.CONTRACT)
    assert isinstance(voting, ProposePolicy)
    assert decode_policy(voting.policy).timing.voting == 120
    assert voting.requester == ALICE


async def test_propose_remove_is_a_ban(bench: Bench) -> None:
    await everybody(bench)
    assert await ask(bench, "Alice", f"!propose remove 0x{BOB.hex()} spam") == ""
    [request] = bench.group.requests
    assert isinstance(request, RequestBan)
    assert (request.target, request.reason) == (BOB, "spam")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "coordination",
        "coordination ethereum",
        "voting",
        "voting 1",
        "voting -5",
        "voting ten",
        "voting 99999999999",
        "add",
        "add bob",
        "flags on",
    ],
)
async def test_propose_says_how_it_is_written(bench: Bench, text: str) -> None:
    await everybody(bench)
    bench.group.current = replace(bench.group.current, policy=POLICY)
    answer = await ask(bench, "Alice", f"!propose {text}")
    form = "propose " + text.partition(" ")[0]
    all_forms = "!propose add <wallet> or !propose remove"
    assert (f"!{form} <" if form in FORMS else all_forms) in answer.replace("waku|contract", "<mode>")
    assert bench.group.requests == []


async def test_propose_add_without_a_chain_says_so(bench: Bench) -> None:
    await everybody(bench)
    assert "no chain configured" in await ask(bench, "Alice", f"!propose add 0x{'ee' * 20}")


async def test_only_members_propose(bench: Bench) -> None:
    assert "!join" in await ask(bench, "Mallory", "!propose voting 60")


def test_propose_add_takes_a_published_key_package() -> None:
    published = {("lobby", b"\xee" * 20): b"package"}
    router = Router(wallet_address, key_package=lambda group, address: published.get((group, address)))
    asker = Asker(UserRef(PLATFORM, "alice"), "Alice", ROOM_A, "1", Account(PLATFORM, "alice", ALICE, "Alice"))
    group = replace(quiet_status(), group="lobby", members=(ALICE,))
    told = router.carry_out(typed(f"!propose add 0x{'ee' * 20}"), asker, group, People(), Written(1.0), 1.0)
    assert told == Ask(ProposeAdd(Address(ALICE), Address(b"\xee" * 20), b"package", "", "1"))
    nobody = router.carry_out(typed(f"!propose add 0x{'dd' * 20}"), asker, group, People(), Written(1.0), 1.0)
    assert isinstance(nobody, Say)
    assert "published no unused key package" in nobody.text
    den = replace(group, group="den")
    elsewhere = router.carry_out(typed(f"!propose add 0x{'ee' * 20}"), asker, den, People(), Written(1.0), 1.0)
    assert elsewhere != told


async def test_keypackage_makes_the_account_and_asks(bench: Bench) -> None:
    assert await ask(bench, "Alice", "!keypackage") == ""
    [request] = bench.group.requests
    assert isinstance(request, PublishPackage)
    assert request.address == ALICE
    account = await bench.store.read(lambda tx: accounts.by_user(tx, PLATFORM, "alice"))
    assert account == Account(PLATFORM, "alice", ALICE, "Alice")


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (AlreadyMember("x"), "You are a member already."),
        (NotPermitted("this bridge has no chain configured"), "no chain configured"),
    ],
)
async def test_a_refused_key_package_makes_no_account(bench: Bench, refusal: LocalError, told: str) -> None:
    bench.group.script = refuse(refusal)
    assert told in await ask(bench, "Alice", "!keypackage")
    assert await bench.store.read(accounts.all) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("package_relayed", "on its way to the chain"),
        ("package_failed", "too many wait"),
        ("package_waits", "already"),
        ("sign_publish", "Your wallet is asked"),
    ],
)
def test_what_becomes_of_a_key_package_is_told(code: str, words: str) -> None:
    assert words in say(code, {"reason": "too many wait.", "address": "0xee"})


async def test_status_tells_of_the_chain(bench: Bench) -> None:
    assert "counted by the members" in await ask(bench, "Alice", "!status")
    ballot = replace(BALLOT, transaction=b"\xcd" * 32)
    bench.group.current = replace(
        bench.group.current,
        coordination=Coordination.CONTRACT,
        number=3,
        chain="ok: block 9",
        chain_ready=True,
        ballot=ballot,
    )
    told = await ask(bench, "Alice", "!status")
    assert "3 commit(s) on record" in told
    assert "Chain: ok: block 9" in told
    assert "0x" + "cd" * 32 in told
    bench.group.current = replace(bench.group.current, chain_trouble="the chain could not be reached")
    assert "not now: the chain could not be reached" in await ask(bench, "Alice", "!status")


# ---- given by a control, not by a text ----


async def control(bench: Bench, name: str, arguments: Arguments, **more: object) -> InboundCommand:
    """What a button or a slash command hands over; the event."""
    base = bench.message(ROOM_A, "Alice", "", **more)
    event = InboundCommand(
        base.event_id, base.room, base.author, name, arguments, base.time_ms, base.reply_to_event
    )
    await bench.mirror.accept("account", event.event_id, [event])
    return event


async def test_a_control_is_the_same_command(bench: Bench) -> None:
    await everybody(bench)
    bench.group.has(ALICE, BOB, CAROL, ballot=BALLOT)
    await control(bench, "vote", {"ballot": 7, "choice": "no"})
    await control(bench, "ban", {"member": "0x" + BOB.hex(), "reason": "!vote 7 yes"})
    await control(bench, "ban", {"member": "Carol von B"})
    await bench.until(lambda: len(bench.group.requests) == 3)
    vote, ban, by_name = bench.group.requests
    assert isinstance(vote, CastVote)
    assert (vote.voter, vote.ballot_id, vote.yes) == (ALICE, 7, False)
    assert isinstance(ban, RequestBan)
    assert (ban.target, ban.reason) == (BOB, "!vote 7 yes")
    assert isinstance(by_name, RequestBan)
    assert by_name.target == CAROL


async def test_a_control_survives_a_crash_with_its_values(bench: Bench) -> None:
    await bench.crash()
    await bench.open(run=False)
    await everybody(bench)
    await control(bench, "propose add", {"wallet": b"\xee" * 20})
    await bench.restart()
    bench.group.has(ALICE)
    await bench.until(lambda: bool(bench.paper.texts(ROOM_A)))
    assert "no chain configured" in bench.paper.texts(ROOM_A)[0]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("nonsense", {}),
        ("propose", {}),
        ("join", {"hurry": "yes"}),
        ("vote", {}),
        ("vote", {"choice": "perhaps"}),
        ("vote", {"choice": "y"}),
        ("vote", {"choice": "yes", "ballot": "7"}),
        ("vote", {"choice": "yes", "ballot": -1}),
        ("vote", {"choice": "yes", "ballot": 2**64}),
        ("ban", {"member": "x" * 300}),
        ("ban", {"member": "Bob", "reason": "x" * 201}),
        ("ban", {"member": "Bob", "reason": "two\nlines"}),
        ("link", {"wallet": b"short"}),
    ],
)
async def test_what_is_not_declared_is_refused(bench: Bench, name: str, arguments: Arguments) -> None:
    await everybody(bench)
    await control(bench, name, arguments)
    await control(bench, "leave", {})
    await bench.until(lambda: bool(bench.group.requests))
    assert [type(request) for request in bench.group.requests] == [LeaveMember]
    assert bench.paper.texts(ROOM_A) == []


# ---- judged in its own context ----


def ago(seconds: float) -> int:
    """Milliseconds of the clock, so long ago."""
    return int((time.time() - seconds) * 1000)


async def test_a_vote_that_answers_a_ballot_counts_there(bench: Bench) -> None:
    await everybody(bench)
    bench.group.has(ALICE, BOB, CAROL, ballot=BALLOT)
    await bench.group.tell(BallotOpened(6, (), ALICE, (ALICE,), 2_000))
    await bench.group.tell(BallotOpened(7, (), ALICE, (ALICE,), 2_000))
    await bench.until(lambda: len(bench.paper.texts(ROOM_A)) == 2)
    six, seven = (shown.event_id for shown in bench.paper.rooms[ROOM_A])
    for event in (six, seven):
        await bench.say(ROOM_A, "Alice", "!vote yes", reply_to_event=event)
        await bench.say(ROOM_A, "Alice", "!vote yes", thread_event=event)
    await bench.until(lambda: len(bench.group.requests) == 4)
    votes = [request.ballot_id for request in bench.group.requests if isinstance(request, CastVote)]
    assert votes == [6, 6, 7, 7]


async def late(bench: Bench, text: str, seconds: float) -> str:
    """A command that was written so long ago comes only now; the answer, '' for a request."""
    shown, asked = len(bench.paper.rooms[ROOM_A]), len(bench.group.requests)
    await bench.say(ROOM_A, "Alice", text, time_ms=ago(seconds))
    await bench.until(lambda: len(bench.paper.rooms[ROOM_A]) > shown or len(bench.group.requests) > asked)
    new = bench.paper.texts(ROOM_A)[shown:]
    return new[0] if new else ""


async def test_a_late_vote_never_counts_for_a_later_ballot(bench: Bench) -> None:
    await everybody(bench)
    bench.group.has(ALICE, BOB, CAROL, ballot=BALLOT)
    await opened(bench, 6, ago=300, closed=200)
    await opened(bench, 7, ago=100)
    assert await late(bench, "!vote yes", 250) == "That vote is over."
    assert "!vote 7 yes" in await late(bench, "!vote yes", 150)  # none was open then
    assert "!vote 7 yes" in await late(bench, "!vote yes", 400)
    assert bench.group.requests == []
    assert await late(bench, "!vote yes", 50) == ""
    assert await late(bench, "!vote 7 no", 400) == ""  # who says which means it


async def test_what_was_meant_for_another_moment_is_refused_with_a_word(bench: Bench) -> None:
    await everybody(bench)
    too_late = MAX_AGE + 60
    for text in ("!leave", "!ban bob2 spam", "!unban bob2", "!propose remove bob2", "/propose voting 60"):
        assert "it was not carried out" in await late(bench, text, too_late)
    assert bench.group.requests == []
    assert "member(s)" in await late(bench, "!members", too_late)
    assert await late(bench, "!join", too_late) == ""
    assert await late(bench, "!leave", MAX_AGE - 60) == ""
