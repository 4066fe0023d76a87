"""reactions, enforcements, parts of messages; and the migration that brought them."""

from __future__ import annotations

from bridge.storage import enforcements, messages, reactions
from bridge.storage.enforcements import Target
from bridge.storage.reactions import Reaction
from bridge.storage.store import Store, Tx
from tests.support.transactions import on

KEY = bytes(range(32))
MESSAGE, OTHER = b"\1" * 16, b"\2" * 16
LIKE, ALSO, REMOTE = (bytes([n]) * 16 for n in (7, 8, 9))
BOB = Target("matrix", "!a", "@bob:x", "Bob", b"\5" * 20)


async def test_reactions_are_counted_but_for_the_own_room(store: Store) -> None:
    def work(tx: Tx) -> list[int]:
        assert reactions.note(tx, "g", LIKE, Reaction(MESSAGE, "👍", "matrix", "!a"), 1)
        assert not reactions.note(tx, "g", LIKE, Reaction(OTHER, "👎"), 2)
        assert reactions.note(tx, "g", ALSO, Reaction(MESSAGE, "👍", "matrix", "!b"), 1)
        assert reactions.note(tx, "g", REMOTE, Reaction(MESSAGE, "👍"), 1)
        assert reactions.note(tx, "h", LIKE, Reaction(OTHER, "🎉"), 1)  # another group's ids are its own
        counts = [reactions.standing(tx, MESSAGE, "👍", "matrix", room) for room in ("!a", "!b", "!c")]
        reactions.take_back(tx, "g", REMOTE)
        return [*counts, reactions.standing(tx, MESSAGE, "👍", "matrix", "!c")]

    assert await store.write(work) == [2, 2, 3, 2]
    assert await store.read(lambda tx: reactions.get(tx, "g", LIKE)) == Reaction(MESSAGE, "👍", "matrix", "!a")
    assert await store.read(lambda tx: reactions.get(tx, "g", REMOTE)) is None


async def test_the_own_reaction_of_a_room(store: Store) -> None:
    where = ("matrix", "!a", MESSAGE, "👍")
    assert await store.read(lambda tx: reactions.shown(tx, *where)) == ""
    for event in ("$1", "$2"):
        await store.write(on(reactions.show, *where, event, 1.0))
        assert await store.read(lambda tx: reactions.shown(tx, *where)) == event
    await store.write(lambda tx: reactions.hide(tx, *where))
    assert await store.read(lambda tx: reactions.shown(tx, *where)) == ""


async def test_enforcements_keep_state_address_and_tries(store: Store) -> None:
    async def state() -> bool | None:
        return await store.read(lambda tx: enforcements.is_banned(tx, BOB))

    assert await state() is None
    await store.write(lambda tx: enforcements.put(tx, "g", BOB, banned=True))
    await store.write(lambda tx: enforcements.trying(tx, BOB, 5.5, ban=True))
    nameless = Target("matrix", "!a", "@bob:x")
    await store.write(lambda tx: enforcements.put(tx, "g", nameless, banned=True))
    assert await state() is True
    assert await store.read(lambda tx: enforcements.banned_of(tx, "g", BOB.address)) == [BOB]
    assert await store.read(lambda tx: enforcements.banned_of(tx, "h", BOB.address)) == []
    tries = await store.read(
        lambda tx: [enforcements.last_try(tx, "matrix", "@bob:x", ban=ban) for ban in (True, False)]
    )
    assert tries == [5.5, 0.0]
    await store.write(lambda tx: enforcements.put(tx, "g", BOB, banned=False))
    assert await state() is False
    assert await store.read(lambda tx: enforcements.banned_of(tx, "g", BOB.address)) == []


async def test_parts_of_a_message_in_one_room(store: Store) -> None:
    def work(tx: Tx) -> list[messages.Event]:
        messages.remember(tx, MESSAGE, "matrix", "!a", "$text", 1, own=True)
        messages.remember(tx, MESSAGE, "matrix", "!a", "$file", 1, own=True, file=True)
        messages.remember(tx, MESSAGE, "matrix", "!b", "$theirs", 1)
        return messages.in_room(tx, MESSAGE, "matrix", "!a")

    assert await store.write(work) == [
        messages.Event("$text", own=True, file=False),
        messages.Event("$file", own=True, file=True),
    ]
