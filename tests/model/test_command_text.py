"""What is a command and what is chat; and the grammar of arguments, there and back."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.command_text import (
    nearest,
    parse_arguments,
    plain_boundary,
    read,
    render,
    unknown_slash,
)
from bridge.model.commands import Arguments, BadValue, CommandSpec, Kind, Parameter, Value
from bridge.model.text import one_line

VOTE = CommandSpec(
    "vote",
    "vote",
    (
        Parameter("ballot", Kind.BALLOT, "which", optional=True),
        Parameter("choice", Kind.CHOICE, "what", words=("yes", "no"), aliases={"y": "yes"}),
    ),
)
BAN = CommandSpec(
    "ban",
    "ban",
    (
        Parameter("member", Kind.MEMBER, "whom"),
        Parameter("reason", Kind.TEXT, "why", optional=True, rest=True, high=200),
    ),
)
LINK = CommandSpec(
    "link",
    "link",
    (
        Parameter("wallet", Kind.WALLET, "address", optional=True),
        Parameter("signature", Kind.SIGNATURE, "signature", optional=True),
        Parameter("keeper", Kind.CHOICE, "who", optional=True, words=("hosted",)),
    ),
)
ADD = CommandSpec("propose add", "add", (Parameter("wallet", Kind.WALLET, "whom"),))
VOTING = CommandSpec(
    "propose voting", "voting", (Parameter("duration", Kind.DURATION, "how long", low=5, high=86_400),)
)
UNBAN = CommandSpec("unban", "unban", (Parameter("account", Kind.ACCOUNT, "whom", rest=True),))
HELP = CommandSpec("help", "help", (Parameter("command", Kind.COMMAND, "which", optional=True, rest=True),))
JOIN = CommandSpec("join", "join")
SPECS = (JOIN, VOTE, BAN, UNBAN, LINK, ADD, VOTING, HELP)


@pytest.mark.parametrize(
    ("text", "names", "rest"),
    [
        ("!join", ["join"], ""),
        ("/join", ["join"], ""),
        ("!JOIN \n", ["join"], ""),
        ("!vote 12  yes", ["vote"], "12  yes"),
        ("!ban @bob:server for\nspam", ["ban"], "@bob:server for\nspam"),
        ("/ban 00ff", ["ban"], "00ff"),
        ("/BAN", ["ban"], ""),
        ("!propose ADD 0x00", ["propose add"], "0x00"),
        ("!propose", ["propose add", "propose voting"], ""),
        ("!propose nonsense", ["propose add", "propose voting"], "nonsense"),
    ],
)
def test_commands(text: str, names: list[str], rest: str) -> None:
    call = read(text, "!", SPECS)
    assert call is not None
    assert ([spec.name for spec in call.specs], call.rest) == (names, rest)


@pytest.mark.parametrize(
    "text",
    ["", "!", "!!", "! join", "!1", "hello !join", "join", "/banana", "!joim", "!join!", "!important: at nine",
     " !join", "\n/join", "//join", "\\!join", "/ ban", "/me waves", "!add 0x00"],
)  # fmt: skip
def test_chat(text: str) -> None:
    assert read(text, "!", SPECS) is None


@pytest.mark.parametrize("prefix", ["%", "bridge!", "/"])
def test_another_prefix(prefix: str) -> None:
    assert read(f"{prefix}join", prefix, SPECS) is not None
    assert read("/join", prefix, SPECS) is not None
    assert read("!join", prefix, SPECS) is None


def test_an_unknown_slash_is_hinted_at() -> None:
    assert unknown_slash("/jion", "!", SPECS) == ("jion", "join")
    assert unknown_slash("/xyzzy now", "!", SPECS) == ("xyzzy", "")
    for text in ("/join", "//jion", " /jion", "!jion", "/ jion", "/1", "jion", "/"):
        assert unknown_slash(text, "!", SPECS) is None
    assert nearest("propse", SPECS) == "propose"


@pytest.mark.parametrize(
    ("spec", "text", "arguments"),
    [
        (VOTE, "#7 YES", {"ballot": 7, "choice": "yes"}),
        (VOTE, "y", {"choice": "yes"}),
        (BAN, '"Bob Smith" too\nloud', {"member": "Bob Smith", "reason": "too loud"}),
        (LINK, "", {}),
        (LINK, "ab" * 20, {"wallet": b"\xab" * 20}),
        (LINK, "0x" + "ab" * 65, {"signature": b"\xab" * 65}),
        (LINK, "Hosted", {"keeper": "hosted"}),
        (VOTING, "2m", {"duration": 120}),
        (VOTING, "90", {"duration": 90}),
        (UNBAN, "Bob  Smith", {"account": "Bob Smith"}),
        (UNBAN, '"Bob Smith"', {"account": "Bob Smith"}),
    ],
)
def test_arguments(spec: CommandSpec, text: str, arguments: Arguments) -> None:
    assert parse_arguments(spec, text, plain_boundary) == arguments


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (JOIN, "now"),
        (VOTE, ""),
        (VOTE, "7"),
        (VOTE, "ja"),
        (VOTE, "² yes"),
        (VOTE, "-1 yes"),
        (VOTE, "1 2 yes"),
        (VOTE, f"{2**64} yes"),
        (BAN, ""),
        (ADD, "bob"),
        (ADD, "0x" + "ab" * 19),
        (VOTING, "1"),
        (VOTING, "2d"),
        (VOTING, "-5"),
    ],
)
def test_what_is_not_written_so(spec: CommandSpec, text: str) -> None:
    with pytest.raises(BadValue):
        parse_arguments(spec, text, plain_boundary)


def values(parameter: Parameter) -> st.SearchStrategy[Value]:
    """All that the parameter takes, names without a quotation mark (which no text can quote)."""
    line = st.text(min_size=1, max_size=60).map(lambda text: one_line(text.replace('"', ""), 200)).filter(bool)
    match parameter.kind:
        case Kind.BALLOT:
            return st.integers(0, 2**64 - 1)
        case Kind.DURATION:
            return st.integers(parameter.low, parameter.high)
        case Kind.CHOICE:
            return st.sampled_from(parameter.words)
        case Kind.WALLET:
            return st.binary(min_size=20, max_size=20)
        case Kind.SIGNATURE:
            return st.binary(min_size=65, max_size=65)
        case Kind.COMMAND:
            return st.sampled_from([spec.name for spec in SPECS])
        case Kind.TEXT | Kind.MEMBER | Kind.ACCOUNT:
            return line


@st.composite
def calls(draw: st.DrawFn) -> tuple[CommandSpec, dict[str, Value]]:
    spec = draw(st.sampled_from(SPECS))
    arguments = {}
    for parameter in spec.parameters:
        if not parameter.optional or draw(st.booleans()):
            arguments[parameter.name] = draw(values(parameter))
    return spec, arguments


@given(calls(), st.sampled_from(["!", "/", "%"]))
def test_what_is_rendered_reads_back(call: tuple[CommandSpec, dict[str, Value]], prefix: str) -> None:
    spec, arguments = call
    assert spec.check(arguments) == arguments
    text = render(spec, arguments, prefix)
    found = read(text, prefix, SPECS)
    assert found is not None
    assert found.arguments(plain_boundary) == (spec, arguments)


STARTS = st.sampled_from(["", "!", "/", "!vote ", "/ban ", "!propose ", "!link ", "!propose voting "])


@given(STARTS, st.text(max_size=120))
def test_any_text_is_read(start: str, rest: str) -> None:
    call = read(start + rest, "!", SPECS)
    if call is not None:
        with suppress(BadValue):
            spec, arguments = call.arguments(plain_boundary)
            assert spec.check(arguments) == arguments
