"""Slash commands, generated from the commands' help."""

from __future__ import annotations

import inspect

import pytest

from adapters.discord.commands import _signature, members, options, proposals, written
from bridge.model.notices import State
from bridge.model.view import Ballot, CommandHint, Group, Key, Member


def hint(name: str, arguments: str) -> CommandHint:
    return CommandHint(name, arguments, "does it")


def group(ballot: Ballot | None = None) -> Group:
    people = (
        Member(b"\x11" * 20, "Alice", Key.OWN),
        Member(b"\x22" * 20, "Bob Smith", Key.HOSTED),
        Member(b"\x33" * 20, "the bridge", Key.ELSEWHERE, is_bridge=True),
    )
    return Group("club", "0x1/club", State.WORKING, 0.0, 3, people, 0, 0, ballot, "waku", "ok")


def test_arguments_become_options() -> None:
    user, reason = options(hint("ban", "<user|address> [reason]"))
    assert (user.name, user.required, user.completes) == ("user", True, "member")
    assert (reason.name, reason.required, reason.completes) == ("reason", False, "")
    number, choice = options(hint("vote", "[number] yes|no"))
    assert (number.name, number.required, number.completes) == ("number", False, "proposal")
    assert (choice.required, choice.choices) == (True, ("yes", "no"))
    [command] = options(hint("help", "[command]"), ["ban", "vote"])
    assert command.choices == ("ban", "vote")
    assert options(hint("join", "")) == []


def test_required_options_come_first_but_words_keep_their_order() -> None:
    given = options(hint("vote", "[number] yes|no"))
    names = [name for name in _signature(given).parameters if name != "interaction"]
    assert names == ["choice", "number"]
    assert _signature(given).parameters["number"].default is None
    assert _signature(given).parameters["choice"].default is inspect.Parameter.empty
    assert written(given, {"choice": "yes", "number": "7"}) == "7 yes"
    assert written(given, {"choice": "no", "number": None}) == "no"


def test_a_name_of_several_words_is_quoted() -> None:
    given = options(hint("ban", "<user|address> [reason]"))
    assert written(given, {"user": "Bob Smith", "reason": "too\nloud"}) == '"Bob Smith" too loud'


@pytest.mark.parametrize(
    ("typed", "names"),
    [("", ["Alice", "Bob Smith"]), ("bob", ["Bob Smith"]), ("0x11", ["Alice"]), ("@al", ["Alice"]), ("z", [])],
)
def test_members_are_completed(typed: str, names: list[str]) -> None:
    found = members(group(), typed)
    assert [label.partition(" (0x")[0] for label, _ in found] == names
    assert all(len(value) == 42 for _, value in found)


def test_the_open_proposal_is_completed() -> None:
    assert proposals(group(), "") == []
    ballot = Ballot(12, (), ("Shall Bob be banned?",), (), (), (), 0, b"")
    assert proposals(group(ballot), "1") == [("12: Shall Bob be banned?", "12")]
    assert proposals(group(ballot), "bob") == [("12: Shall Bob be banned?", "12")]
    assert proposals(group(ballot), "carol") == []


def test_forms_of_a_command_are_a_choice_and_a_value() -> None:
    given = options(hint("propose", "add <0x…> | remove <user|address> | voting <seconds>"))
    assert [(each.name, each.required, each.choices) for each in given] == [
        ("what", True, ("add", "remove", "voting")),
        ("value", True, ()),
    ]
    assert given[1].completes == "member"
    assert written(given, {"what": "remove", "value": "Bob Smith"}) == 'remove "Bob Smith"'
    assert written(given, {"what": "voting", "value": "60"}) == "voting 60"


@pytest.mark.parametrize("word", ["<0x…>", "<from>", "<interaction>", "<é>", "<x-y>", "<a> <a>"])
def test_any_argument_has_a_name_that_the_library_takes(word: str) -> None:
    given = options(hint("do", word))
    assert list(_signature(given).parameters) == ["interaction", *(each.name for each in given)]
