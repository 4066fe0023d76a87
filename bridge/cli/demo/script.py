"""`demo --play`: a scenario with the demo's parts, every expectation checked.

Both bridges meet, three people join, chat goes both ways, a vote fails and leaves Bob in, chat waits while
the next vote runs, that vote passes and Bob is out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from bridge.cli.demo.failures import PageError, PageRefused, Unmet
from bridge.cli.demo.network import Network
from bridge.cli.demo.people import PEOPLE, Person
from bridge.cli.output import out
from bridge.process.report import Ballot

STEP_LIMIT: Final = 45.0
"""Seconds for one expectation: several steward epochs, a whole ballot and the takeover of a slow steward."""
TRIES: Final = 10
TOTAL_LIMIT: Final = 300.0
"""Seconds for the whole scenario."""

ALICE, CAROL, BOB = PEOPLE["Alice"], PEOPLE["Carol"], PEOPLE["Bob"]


class Script:
    """Plays the scenario on a running network and prints what happens."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._began = time.monotonic()
        self._answered: set[tuple[int, str]] = set()

    async def play(self) -> None:
        """The whole scenario. Raises Unmet."""
        await self._meet()
        for person in (ALICE, CAROL, BOB):
            await self._join(person)
        await self._chat()
        await self._failed_vote()
        await self._passed_ban()

    # -- scenes --------------------------------------------------------------------------------------------

    async def _meet(self) -> None:
        self._scene("Two bridges, one group")
        first, second = self._network.sides
        await self._expect("both bridges are connected over Waku", lambda: all(
            side.report is not None and side.report.connected for side in self._network.sides))  # fmt: skip
        await self._expect("both are members of the same epoch of the group", lambda: (
            first.group is not None and second.group is not None
            and len(first.group.members) == len(second.group.members) == 2
            and first.group.epoch == second.group.epoch))  # fmt: skip

    async def _join(self, person: Person) -> None:
        self._scene(f"{person.name} joins")
        await self._say(person, "!join")
        joined = await self._voting(
            lambda: all(self._is_member(person, side) for side in (0, 1)), lambda ballot: ballot.kind == "add"
        )
        self._check(joined, f"{person.name} is a member, as both bridges see it")

    async def _chat(self) -> None:
        self._scene("Chat in both directions")
        await self._say(ALICE, "Hello from client1!")
        await self._expect("Bob reads it on page 2", lambda: self._reads(BOB, ALICE, "Hello from client1!"))
        await self._say(BOB, "Hello back from client2.")
        await self._expect(
            "Alice reads it on page 1", lambda: self._reads(ALICE, BOB, "Hello back from client2.")
        )

    async def _failed_vote(self) -> None:
        self._scene("A vote that fails: Alice alone wants Bob out")
        ballot = await self._open_ban()
        await self._vote(ALICE, ballot, yes=True)
        await self._vote(CAROL, ballot, yes=False)
        await self._vote(BOB, ballot, yes=False)
        await self._expect("both bridges are back in Working", self._settled)
        self._check(all(self._is_member(BOB, side) for side in (0, 1)), "Bob is still a member on both bridges")
        await self._say(BOB, "Still here.")
        await self._expect("and Alice still reads them", lambda: self._reads(ALICE, BOB, "Still here."))

    async def _passed_ban(self) -> None:
        self._scene("A vote that passes; chat waits while it runs")
        address = self._network.visitor(BOB).address
        ballot = await self._open_ban()
        await self._say(CAROL, "Said while the vote runs.")
        first = self._network.sides[0]
        await self._expect("Carol's message waits on client1", lambda: (
            first.group is not None and first.group.waiting_chat > 0))  # fmt: skip
        self._check(not self._reads(BOB, CAROL, "Said while the vote runs."), "and is not on page 2 yet")
        await self._vote(ALICE, ballot, yes=True)
        await self._vote(CAROL, ballot, yes=True)
        await self._expect("Bob is out of the group, as both bridges see it", lambda: all(
            side.group is not None and address not in side.group.members
            for side in self._network.sides))  # fmt: skip
        await self._expect("Bob's page says that they are out", lambda: bool(
            self._network.visitor(BOB).standing.get("is_banned")
            and not self._network.visitor(BOB).may_write))  # fmt: skip
        await self._expect("both bridges are back in Working, in the same epoch", self._settled)
        carol = self._network.visitor(CAROL)
        await self._expect("what Carol said has gone to the group", lambda: any(
            said["status"] == "sent" for said in carol.reads("Said while the vote runs.")))  # fmt: skip
        self._check(not self._reads(BOB, CAROL, "Said while the vote runs."), "and Bob does not read it")
        self._check(await self._refused(BOB, "Let me in!"), "Bob cannot write any more")

    # -- ballots -------------------------------------------------------------------------------------------

    async def _open_ban(self) -> Ballot:
        address = self._network.visitor(BOB).address
        self._check(bool(address), "Bob's address is known")
        await self._say(ALICE, f"/ban {address.removeprefix('0x')}")
        await self._expect("a vote on Bob opens on both bridges", lambda: all(
            self._ballot(side, "remove") is not None for side in (0, 1)))  # fmt: skip
        ballot = self._ballot(0, "remove")
        assert ballot is not None, "just seen"
        return ballot

    async def _voting(self, done: Callable[[], bool], about: Callable[[Ballot], bool]) -> bool:
        """Wait until `done`, while everybody who may votes YES on ballots that are `about` the matter."""
        deadline = time.monotonic() + STEP_LIMIT
        while not done() and (left := deadline - time.monotonic()) > 0:
            for person in PEOPLE.values():
                ballot = self._due(person, about)
                if ballot is not None:
                    await self._vote(person, ballot, yes=True)
            await self._network.until(
                lambda: done() or any(self._due(person, about) for person in PEOPLE.values()), left
            )
        return done()

    def _due(self, person: Person, about: Callable[[Ballot], bool]) -> Ballot | None:
        """The open ballot on which this person has a vote that is not cast."""
        group = self._network.sides[person.side].group
        ballot = group.ballot if group is not None else None
        address = self._network.visitor(person).address
        if ballot is None or not about(ballot) or address not in ballot.voters:
            return None
        return None if (ballot.ballot_id, person.name) in self._answered else ballot

    async def _vote(self, person: Person, ballot: Ballot, *, yes: bool) -> None:
        self._answered.add((ballot.ballot_id, person.name))
        out.print(f"  {self._clock()}  {person.name} presses {'YES' if yes else 'NO'}")
        try:
            await self._network.visitor(person).vote(ballot.ballot_id, yes=yes)
        except PageError as error:
            raise Unmet(f"{person.name} can vote ({error})") from error

    # -- what is so ----------------------------------------------------------------------------------------

    def _ballot(self, side: int, kind: str) -> Ballot | None:
        group = self._network.sides[side].group
        ballot = group.ballot if group is not None else None
        return ballot if ballot is not None and ballot.kind == kind else None

    def _is_member(self, person: Person, side: int) -> bool:
        group, address = self._network.sides[side].group, self._network.visitor(person).address
        return bool(address) and group is not None and address in group.members

    def _reads(self, reader: Person, writer: Person, words: str) -> bool:
        """Whether the words stand exactly once on the reader's page, under the writer's name."""
        return len(self._network.visitor(reader).reads(words, writer.name)) == 1

    def _settled(self) -> bool:
        groups = [side.group for side in self._network.sides]
        return (
            all(group is not None and group.state == "working" and group.ballot is None for group in groups)
            and len({group.epoch for group in groups if group is not None}) == 1
        )

    async def _refused(self, person: Person, words: str) -> bool:
        """Whether their page says no to these words. A connection that is lost meanwhile says nothing."""
        for _ in range(TRIES):
            try:
                await self._network.visitor(person).say(words)
            except PageRefused:
                return True
            except PageError:
                await asyncio.sleep(1)
            else:
                return False
        return False

    # -- telling -------------------------------------------------------------------------------------------

    def _scene(self, title: str) -> None:
        out.print(f"\n[bold]{title}[/]")

    async def _say(self, person: Person, words: str) -> None:
        out.print(f"  {self._clock()}  {person.name}: {words}", markup=False)
        try:
            await self._network.visitor(person).say(words)
        except PageError as error:
            raise Unmet(f"{person.name} can say {words!r} ({error})") from error

    async def _expect(self, what: str, true: Callable[[], bool]) -> None:
        self._check(await self._network.until(true, STEP_LIMIT), what)

    def _check(self, met: bool, what: str) -> None:
        mark = "[green]ok[/]" if met else "[red]NO[/]"
        out.print(f"  {self._clock()}  {mark}  {what}")
        if not met:
            raise Unmet(what)

    def _clock(self) -> str:
        return f"{time.monotonic() - self._began:5.1f} s"
