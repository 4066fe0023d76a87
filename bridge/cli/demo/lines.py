"""The demo without a terminal: lines in, lines out. For pipes and screen readers."""

from __future__ import annotations

import asyncio
import sys

from adapters.terminal.client import Entry, RoomError
from bridge.cli.demo.network import Network
from bridge.cli.demo.people import PEOPLE, ROOMS, Become, NotUnderstood, Person, Said, parse
from bridge.cli.output import out

HELP = """\
Type  alice: !join   carol: hello   bob: !members   or  /as bob  and then just talk. Everybody starts with
!join; !ban bob opens a vote, !vote yes casts one, !help says the rest. End with Ctrl-D."""


async def talk(network: Network) -> None:
    """Until the input ends."""
    out.print(HELP, markup=False)
    async with asyncio.TaskGroup() as tasks:
        printing = tasks.create_task(_print_news(network))
        present = PEOPLE["alice"]
        while line := await asyncio.to_thread(sys.stdin.readline):
            present = await take(network, line, present)
        await asyncio.sleep(1.0)  # what was said last may still be on its way into the other room
        printing.cancel()


async def take(network: Network, line: str, present: Person) -> Person:
    """Do what a typed line says; returns who types from now on."""
    try:
        match parse(line, present):
            case Become(person):
                out.print(f"(you are {person.shown} now)")
                return person
            case Said(person, text):
                await network.say(person, text)
    except (NotUnderstood, RoomError) as error:
        out.print(f"({error})", markup=False)
    return present


async def _print_news(network: Network) -> None:
    shown: dict[tuple[int, str], Entry] = {}
    states: list[str] = ["", ""]
    while True:
        for side in network.sides:
            for entry in side.rooms.entries:
                key = (side.number, entry.event)
                if shown.get(key) != entry:
                    shown[key] = entry
                    out.print(f"[{ROOMS[side.number]}] {described(entry)}", markup=False)
            if side.group is not None:
                group = side.group
                state = f"{group.state}, epoch {group.epoch}, {len(group.members)} members"
                if state != states[side.number]:
                    states[side.number] = state
                    out.print(f"[{side.name}] {state}", markup=False)
        await network.news()


def described(entry: Entry) -> str:
    """An entry as one piece of text."""
    to = f" (to {entry.to})" if entry.to else ""
    waiting = "  [waits for the group]" if entry.waiting else ""
    return f"{entry.author or '*'}{to}: {entry.text}{waiting}"
