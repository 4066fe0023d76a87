"""The demo on a terminal: both bridges and both rooms side by side, a line to type on below."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Group as Stack
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from adapters.terminal.client import RoomError
from bridge.cli.demo.lines import described
from bridge.cli.demo.network import Network
from bridge.cli.demo.people import PEOPLE, ROOMS, Become, NotUnderstood, Person, parse
from bridge.cli.demo.side import Side
from bridge.cli.output import out
from bridge.ops.report import Group

COLOURS = {"working": "green", "waiting": "yellow", "voting": "magenta"}
END = b"\x04"
"""Ctrl-D, and what stands for a terminal that went away."""
EMOJI_STYLE = "\ufe0f"
"""Terminals disagree about the width of a character before it: the frames would be bent."""
HELP = "alice: !join · carol: hello · /as bob · !ban bob · !vote yes · !help · Tab: next person · Ctrl-C: end"


class LineEditor:
    """Keys in, lines out. Knows backspace and Ctrl-U; Tab asks for the next person."""

    def __init__(self) -> None:
        self.text = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")

    def feed(self, data: bytes) -> Iterator[str]:
        """The lines that these keys complete; "\\t" for Tab."""
        for key in self._decoder.decode(data):
            match key:
                case "\r" | "\n":
                    line, self.text = self.text, ""
                    yield line
                case "\t":
                    yield key
                case "\x7f" | "\b":
                    self.text = self.text[:-1]
                case "\x15":
                    self.text = ""
                case _ if key.isprintable():
                    self.text += key


async def talk(network: Network) -> None:
    """Until Ctrl-C or Ctrl-D."""
    screen = Screen(network)
    loop = asyncio.get_running_loop()
    keys: asyncio.Queue[bytes] = asyncio.Queue()
    with _cbreak(), Live(screen.draw(), console=out, screen=True, auto_refresh=False) as live:
        descriptor = sys.stdin.fileno()
        loop.add_reader(descriptor, lambda: keys.put_nowait(os.read(descriptor, 1024) or END))
        try:
            async with asyncio.TaskGroup() as tasks:
                drawing = tasks.create_task(_redraw(screen, live))
                while END not in (data := await keys.get()):
                    for line in screen.editor.feed(data):
                        await screen.take(line)
                    live.update(screen.draw(), refresh=True)
                drawing.cancel()
        finally:
            loop.remove_reader(descriptor)


async def _redraw(screen: Screen, live: Live) -> None:
    while True:
        live.update(screen.draw(), refresh=True)
        await screen.network.news()


@contextmanager
def _cbreak() -> Iterator[None]:
    """Keys one by one and unseen; the terminal's settings come back at the end."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


class Screen:
    """What is shown, made anew from the network each time."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.editor = LineEditor()
        self._present: Person = PEOPLE["alice"]
        self._hint = ""

    async def take(self, line: str) -> None:
        """Do what a typed line (or Tab) says."""
        self._hint = ""
        if line == "\t":
            names = list(PEOPLE)
            self._present = PEOPLE[names[(names.index(self._present.name) + 1) % len(names)]]
            return
        try:
            done = parse(line, self._present)
            if isinstance(done, Become):
                self._present = done.person
            else:
                await self.network.say(done.person, done.text)
        except (NotUnderstood, RoomError) as error:
            self._hint = str(error)

    def draw(self) -> Layout:
        """The whole screen."""
        layout = Layout()
        layout.split_column(Layout(name="states", size=8), Layout(name="rooms"), Layout(self._input(), size=4))
        layout["states"].split_row(*(Layout(self._state(side)) for side in self.network.sides))
        layout["rooms"].split_row(*(Layout(self._room(side)) for side in self.network.sides))
        return layout

    def _state(self, side: Side) -> Panel:
        group, report = side.group, side.report
        if group is None or report is None:
            return Panel(Text("starting ..."), title=side.name)
        state = Text(group.state, style=f"bold {COLOURS.get(group.state, 'white')}")
        if group.deadline:
            state.append(f"  {max(0, round(group.deadline - time.time()))} s left", style="default")
        if group.is_steward:
            state.append("  steward", style="cyan")
        members = ", ".join(shown_name(group, member) for member in group.members) or "not in the group yet"
        vote = group.ballot
        ballot = (
            "none" if vote is None else f"{vote.ballot_id}  {vote.kind}, {len(vote.yes)} yes, {len(vote.no)} no"
        )
        waiting = f"{group.queued} changes, {group.waiting_chat} messages"
        lines = [f"epoch    {group.epoch}", f"members  {members}", f"vote     {ballot}", f"waiting  {waiting}",
                 f"waku     {report.transport}"]  # fmt: skip
        return Panel(
            Stack(state, *(Text(line, no_wrap=True, overflow="ellipsis") for line in lines)), title=side.name
        )

    def _room(self, side: Side) -> Panel:
        height = max(3, out.size.height - 14)
        text = Text()
        for entry in side.rooms.entries[-height:]:
            style = "dim" if entry.waiting else ("" if entry.author else "italic")
            text.append(described(entry).replace(EMOJI_STYLE, "") + "\n", style=style)
        lines = text.wrap(out, max(10, out.size.width // 2 - 4))
        return Panel(Text("\n").join(lines[-height:]), title=f"{ROOMS[side.number]} ({_people(side)})")

    def _input(self) -> Panel:
        line = Text(f"{self._present.shown}: ", style="bold")
        line.append(self.editor.text + "█", style="default")
        return Panel(Stack(line, Text(self._hint or HELP, style="dim", no_wrap=True, overflow="ellipsis")))


def shown_name(group: Group, member: str) -> str:
    """The member's name; a voter of another bridge who has not written yet has none here."""
    if member in group.names:
        return group.names[member]
    return f"{member[:6]}..." if member in group.voters else "a bridge"


def _people(side: Side) -> str:
    return ", ".join(person.shown for person in PEOPLE.values() if person.side == side.number)
