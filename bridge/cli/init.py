"""`demls-bridge init`: asks, and writes a commented configuration file."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bridge.cli.files import write_private
from bridge.cli.output import DEFAULT_CONFIG, ConfigOption, UserError, out
from bridge.process import plugins
from bridge.settings import load, sample

COMMUNITY_TIMING: Final = {"steward_epoch": 60, "waiting": 15, "voting": 600, "commit": 60}
"""Seconds. A ballot of 10 minutes (protocol.md section 6) lets people who do not stare at the screen vote."""

TOKEN_FILE: Final = "secrets/matrix.token"  # noqa: S105 - a path
"""Beside the configuration file."""

PAGE: Final = "web"
"""The platform of the page: needs no account elsewhere, so it is offered wherever it is installed."""

DEPARTURE: Final = """\
Ballots of this group stay open for 10 minutes. In the seed's rules all chat waits while a ballot runs;
for 10 minutes nobody wants that, so chat_during_ballot = "send": chat goes on during a ballot. That departs
from the seed. --demo-times writes the seed's times (ballots of 30 seconds, chat waits)."""


Asks = Callable[[str, str], str]
"""(question, default) -> answer."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What init has to know."""

    name: str
    group: str
    demo_times: bool
    homeserver: str
    user_id: str
    room: str
    token: str
    peers: str
    page: bool

    @property
    def create(self) -> bool:
        """A short name is a group to make, a full one a group to join."""
        return not self.group.startswith("demls:")

    @property
    def short(self) -> str:
        """The group's short name."""
        return self.group.removeprefix("demls:").partition("@")[0]


def init(
    config: ConfigOption = DEFAULT_CONFIG,
    name: Annotated[str, typer.Option(help="Name of this bridge.")] = "",
    group: Annotated[str, typer.Option(help="Group to make (short name) or join (demls:...@0x...).")] = "",
    homeserver: Annotated[str, typer.Option(help="Matrix homeserver, https://...; '-': no Matrix.")] = "",
    user_id: Annotated[str, typer.Option(help="The bot's Matrix ID.")] = "",
    room: Annotated[str, typer.Option(help="Matrix room id to mirror.")] = "",
    token_file: Annotated[Path | None, typer.Option(help="File that holds the bot's access token.")] = None,
    peers: Annotated[str, typer.Option(help="Waku peers, with commas; '-': none.")] = "",
    page: Annotated[
        bool | None, typer.Option("--page/--no-page", help="Serve the page, on this machine only.")
    ] = None,
    demo_times: Annotated[bool, typer.Option(help="The seed's demonstration times, chat waits.")] = False,
    force: Annotated[bool, typer.Option(help="Replace an existing file.")] = False,
) -> None:
    """Ask a few questions and write a commented configuration file.

    What an option answers is not asked; without a terminal nothing is asked and defaults are taken.
    """
    if config.exists() and not force:
        raise UserError(f"{config} exists already", f"demls-bridge init --force --config {config}")
    ask = _ask if sys.stdin.isatty() else _default
    homeserver = homeserver or ask("Matrix homeserver (- for none)", "-")
    with_matrix = homeserver != "-"
    with_page = _wants_page(page, ask)
    answers = Answers(
        name=name or ask("Name of this bridge", "my-bridge"),
        group=group or ask("Group: a short name to make one, its full name to join one", "lobby"),
        demo_times=demo_times,
        homeserver=homeserver,
        user_id=(user_id or ask("The bot's Matrix ID", "@bridge:example.org")) if with_matrix else "",
        room=(room or ask("Room id to mirror", "!abc:example.org")) if with_matrix else "",
        token=_token(token_file, ask) if with_matrix else "",
        peers=(peers or ask("Waku peers, with commas (- for none)", "-")).strip("-"),
        page=with_page,
    )
    _validate(answers)
    secret_file = config.parent / TOKEN_FILE
    if answers.token or (with_matrix and not secret_file.exists()):
        write_private(secret_file, answers.token + "\n")
    write_private(config, text_of(answers))
    _say_what_next(config, answers, secret_file)


def _validate(answers: Answers) -> None:
    """Read the file as `run` will, in a folder of its own: a wrong answer leaves nothing behind.

    The token stays out of it. Raises WrongSettings.
    """
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / DEFAULT_CONFIG
        write_private(draft, text_of(answers))
        write_private(draft.parent / TOKEN_FILE, "comes later\n")
        plugins.make_adapters(load(draft, env_file=None))


def text_of(answers: Answers) -> str:
    """The file's text."""
    known: dict[str, dict[str, Any]] = {"": {"name": answers.name}}
    if answers.peers:
        known["waku"] = {"peer_addresses": [part.strip() for part in answers.peers.split(",")]}
    group: dict[str, Any] = {"name": answers.group, "create": answers.create}
    rooms = [{"platform": "matrix", "room": answers.room}] if answers.room else []
    if answers.page:
        rooms.append({"platform": PAGE, "room": answers.short})
    if rooms:
        group["rooms"] = rooms
    if answers.create and not answers.demo_times:
        group |= {"chat_during_ballot": "send", "timing": COMMUNITY_TIMING}
    adapters: dict[str, sample.Adapter] = {}
    if answers.homeserver != "-":
        values = {
            "homeserver": answers.homeserver,
            "user_id": answers.user_id,
            "access_token_file": TOKEN_FILE,
        }
        adapters["matrix"] = plugins.load("matrix").table, values
    if answers.page:
        page = {"listen": "127.0.0.1", "port": 8080, "rooms": [answers.short]}
        adapters[PAGE] = plugins.load(PAGE).table, page
    return sample.write(known, [group], adapters)


def _wants_page(option: bool | None, ask: Asks) -> bool:
    """Loopback is its default, so it can be offered without a question about who may reach it."""
    if option is not None:
        return option
    if PAGE not in plugins.names():
        return False
    return ask("Serve a page in the browser, on this machine only (yes or no)", "yes").lower() in ("yes", "y")


def _ask(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default)).strip()


def _default(_question: str, default: str) -> str:
    return default


def _token(path: Path | None, ask: Asks) -> str:
    if path is not None:
        try:
            return path.read_text("utf-8").strip()
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror}") from error
    if ask is _default:
        return ""
    return str(
        typer.prompt("The bot's access token (not shown)", hide_input=True, default="", show_default=False)
    )


def _say_what_next(config: Path, answers: Answers, secret_file: Path) -> None:
    out.print(f"Written: {config}", markup=False)
    if answers.create and not answers.demo_times:
        out.print(f"\n{DEPARTURE}\n", markup=False)
    if answers.homeserver != "-" and not answers.token:
        out.print(f"Put the bot's access token into {secret_file} (mode 0600).", markup=False)
    if answers.page:
        out.print("The page is served on this machine only; its settings say how to change that.", markup=False)
        out.print(f"Accounts on it:  demls-bridge invite --operator --config {config}", markup=False)
    out.print(f"Next:  demls-bridge check --config {config}", markup=False)
    out.print(f"then:  demls-bridge run --config {config}", markup=False)
