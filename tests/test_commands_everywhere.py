"""One declaration: a command that is added here appears in text, help, docs, on Discord and the page."""

from __future__ import annotations

from typing import Any

import discord
import msgspec
from discord import app_commands

from adapters.discord.commands import install
from adapters.web import views
from bridge.model import command_text
from bridge.model.adapter import InboundCommand, InboundMessage
from bridge.model.commands import CommandSpec, Kind, Parameter
from bridge.model.ids import UserRef
from bridge.model.message import Author, Body
from bridge.rooms.commands import help as help_command
from bridge.rooms.commands import reference
from bridge.rooms.commands.command import Command, Context
from bridge.rooms.commands.router import MAX_AGE, SPECS, Router
from bridge.rooms.people import People
from bridge.rooms.ports import Asker, Outcome, Say, Written
from tests.support.fake_view import FakeView
from tests.support.mirrors import PLATFORM, ROOM_A, quiet_status, wallet_address


def dance(context: Context) -> Outcome:
    return Say(f"{context.text('step')} for {context.number('duration')} s")


FAKE = Command(
    CommandSpec(
        "dance",
        "dance in front of everybody",
        (
            Parameter("step", Kind.CHOICE, "which dance", words=("waltz", "tango"), aliases={"t": "tango"}),
            Parameter("duration", Kind.DURATION, "how long", optional=True, low=1, high=600),
        ),
    ),
    dance,
)
ALL = (*SPECS, FAKE.spec)
AUTHOR = Author(PLATFORM, "alice", "Alice")
ASKER = Asker(UserRef(PLATFORM, "alice"), "Alice", ROOM_A, "token")


def told(router: Router, event: InboundMessage | InboundCommand) -> str:
    outcome = router.carry_out(event, ASKER, quiet_status(), People(), Written(1.0), 1.0)
    assert isinstance(outcome, Say)
    return outcome.text


def text(words: str) -> InboundMessage:
    return InboundMessage("1", ROOM_A, AUTHOR, Body(words), 1_000)


def test_in_text_and_help_and_by_a_control() -> None:
    router = Router(wallet_address, "%", commands=(help_command.COMMAND, FAKE))
    assert router.is_command(text("%dance t 2m"))
    assert not router.is_command(text("!dance t 2m"))
    assert told(router, text("%dance t 2m")) == "tango for 120 s"
    control = InboundCommand("1", ROOM_A, AUTHOR, "dance", {"step": "tango", "duration": 120}, 1_000)
    assert told(router, control) == "tango for 120 s"
    assert told(router, text("%dance polka")).startswith("Write it like this: %dance waltz|tango [duration]")
    assert "%dance waltz|tango [duration] – dance in front of everybody" in told(router, text("/help"))
    assert "[duration]: how long" in told(router, text("/help dance"))


def test_a_misspelt_one_is_hinted_at() -> None:
    assert command_text.unknown_slash("/dnace", "!", ALL) == ("dnace", "dance")


def test_in_the_reference() -> None:
    page = reference.page(ALL, "!", MAX_AGE)
    assert "## !dance\n\n`!dance waltz|tango [duration]`: dance in front of everybody." in page
    assert "| `step` | `waltz` or `tango`, or `t` for `tango` | which dance |" in page
    assert "| `duration` (optional) | 1 to 600 seconds; also `90s`, `2m`, `1h`, `1d` | how long |" in page


def test_on_discord() -> None:
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    view = FakeView()
    view.commands = ALL

    async def asked(*_: object) -> None:
        """Not called."""

    install(tree, view, asked, lambda room: True, [])
    registered: dict[str, Any] = {each.name: each.to_dict(tree) for each in tree.get_commands()}
    step, seconds = registered["dance"]["options"]
    assert registered["dance"]["description"] == "dance in front of everybody"
    assert [choice["value"] for choice in step["choices"]] == ["waltz", "tango"]
    assert (seconds["name"], seconds["min_value"], seconds["max_value"]) == ("duration", 1, 600)


def test_on_the_page() -> None:
    told = msgspec.to_builtins(views.command(FAKE.spec))
    assert (told["name"], told["arguments"]) == ("dance", "waltz|tango [duration]")
    assert told["summary"] == "dance in front of everybody"
    step, seconds = told["parameters"]
    assert (step["name"], step["kind"], step["words"]) == ("step", "choice", ["waltz", "tango"])
    assert (seconds["name"], seconds["kind"], seconds["optional"]) == ("duration", "duration", True)
