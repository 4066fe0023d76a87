"""Slash commands, made of the commands' declarations."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from discord import app_commands

from adapters.discord.commands import arguments, ballots, install, members
from bridge.model.commands import BadValue, CommandSpec, Kind, Parameter
from bridge.model.notices import State
from bridge.model.view import Ballot, Group, Key, Member
from bridge.rooms.commands.router import SPECS
from tests.support.fake_view import FakeView


def group(ballot: Ballot | None = None) -> Group:
    people = (
        Member(b"\x11" * 20, "Alice", Key.OWN),
        Member(b"\x22" * 20, "Bob Smith", Key.HOSTED),
        Member(b"\x33" * 20, "the bridge", Key.ELSEWHERE, is_bridge=True),
    )
    return Group("club", "0x1/club", State.WORKING, 0.0, 3, people, 0, 0, ballot, "waku", "ok")


SPEC = CommandSpec(
    "do",
    "does it",
    (
        Parameter("ballot", Kind.BALLOT, "which one", optional=True),
        Parameter("choice", Kind.CHOICE, "what", words=("yes", "no")),
        Parameter("member", Kind.MEMBER, "whom"),
        Parameter("duration", Kind.DURATION, "how long", optional=True, low=5, high=60),
        Parameter("command", Kind.COMMAND, "which command", optional=True),
        Parameter("reason", Kind.TEXT, "why", optional=True, rest=True, high=200),
    ),
)
FORMS = (CommandSpec("say it", "says it"), CommandSpec("say so", "says so", SPEC.parameters[2:3]))


def installed(*specs: CommandSpec) -> dict[str, dict[str, Any]]:
    """What Discord is told, by name."""
    client = discord.Client(intents=discord.Intents.none())
    tree = app_commands.CommandTree(client)
    view = FakeView()
    view.commands = specs

    async def asked(*_: object) -> None:
        """Not called."""

    install(tree, view, asked, lambda room: True, [])
    return {command.name: command.to_dict(tree) for command in tree.get_commands()}


def test_options_are_the_declared_parameters_required_ones_first() -> None:
    told = installed(SPEC)["do"]
    assert told["description"] == "does it"
    options = {option["name"]: option for option in told["options"]}
    assert list(options) == ["choice", "member", "ballot", "duration", "command", "reason"]
    assert [option["required"] for option in told["options"]] == [True] * 2 + [False] * 4
    assert {name: option["description"] for name, option in options.items()} == {
        parameter.name: parameter.description for parameter in SPEC.parameters
    }
    assert [choice["value"] for choice in options["choice"]["choices"]] == ["yes", "no"]
    assert [choice["value"] for choice in options["command"]["choices"]] == ["do"]
    assert {name for name, option in options.items() if option.get("autocomplete")} == {"member", "ballot"}
    assert (options["duration"]["min_value"], options["duration"]["max_value"]) == (5, 60)
    assert options["reason"]["max_length"] == 200


def test_forms_of_a_command_are_commands_below_it() -> None:
    told = installed(*FORMS)["say"]
    assert [(each["name"], each["description"]) for each in told["options"]] == [
        ("it", "says it"),
        ("so", "says so"),
    ]
    assert [option["name"] for option in told["options"][1]["options"]] == ["member"]


def test_every_command_of_the_bridge_can_be_registered() -> None:
    told = installed(*SPECS)
    assert set(told) == {spec.family for spec in SPECS}
    assert len(told) <= 100
    for command in told.values():
        assert 1 <= len(command["description"]) <= 100
        assert len(command["options"]) <= 25


def test_values_are_typed() -> None:
    given: dict[str, str | int | None] = {"choice": "yes", "member": "<@12> ", "duration": 7, "ballot": None}
    assert arguments(SPEC, given) == {"choice": "yes", "member": "12", "duration": 7}
    for wrong in ({"ballot": "x"}, {"duration": 61}, {"choice": "perhaps"}, {"member": ""}):
        with pytest.raises(BadValue):
            arguments(SPEC, {**given, **wrong})


@pytest.mark.parametrize(
    ("typed", "names"),
    [("", ["Alice", "Bob Smith"]), ("bob", ["Bob Smith"]), ("0x11", ["Alice"]), ("@al", ["Alice"]), ("z", [])],
)
def test_members_are_completed(typed: str, names: list[str]) -> None:
    found = members(group(), typed)
    assert [label.partition(" (0x")[0] for label, _ in found] == names
    assert all(len(value) == 42 for _, value in found)


def test_the_open_ballot_is_completed() -> None:
    assert ballots(group(), "") == []
    ballot = Ballot(12, (), ("Shall Bob be banned?",), (), (), (), 0, b"")
    assert ballots(group(ballot), "1") == [("12: Shall Bob be banned?", "12")]
    assert ballots(group(ballot), "bob") == [("12: Shall Bob be banned?", "12")]
    assert ballots(group(ballot), "carol") == []
