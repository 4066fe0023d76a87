"""What an operator meets: `init`, the lines of docs/discord.md, and what `check` and `run` say."""

from __future__ import annotations

import asyncio
import functools
import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bridge.settings import PREFIX, load
from tests.support.servers.discord.intents import PRIVILEGED, Intent
from tests.support.servers.discord.model import Channel, Guild
from tests.support.servers.discord.permissions import Permission
from tests.support.servers.discord.server import DiscordServer
from tests.support.waiting import limit

DOCS = (Path(__file__).resolve().parents[3] / "docs" / "discord.md").read_text("utf-8")
COMMAND = [sys.executable, "-m", "bridge.cli"]
ANSWERS = {"Matrix homeserver": "-", "page": "no", "Name of this bridge": "our-bridge", "Group": "club"}
"""To the questions of `init`, by words in them; Enter to all others."""


@dataclass
class Operator:
    """Somebody at a shell, with a Discord server on which the bot is."""

    server: DiscordServer
    guild: Guild
    channel: Channel
    folder: Path

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "bridge.toml"

    async def shell(self, *words: str) -> tuple[int, str]:
        """(exit code, output) of a command; the server goes on meanwhile."""
        command = [*COMMAND, *words, "--config", str(self.config)]
        run = functools.partial(
            subprocess.run, capture_output=True, text=True, env=environment(), timeout=limit()
        )
        done = await asyncio.to_thread(run, command, check=False)
        return done.returncode, done.stdout + done.stderr

    async def problems(self, *words: str) -> tuple[int, str]:
        """The same without line breaks."""
        code, text = await self.shell(*words)
        return code, " ".join(text.split())

    def write(self, token: str = "") -> None:
        """What `init` writes, and the lines of docs/discord.md put into it by hand."""
        self.config.write_text(asked())
        (self.folder / "discord-token").write_text((token or self.server.token) + "\n")
        table, rooms = documented()
        table = table.replace("/run/secrets/discord-token", str(self.folder / "discord-token"))
        rooms = rooms.replace("112233445566778899", str(self.channel.id))
        text = re.sub(r"^(# )?rooms = .*$", rooms, self.config.read_text(), count=1, flags=re.MULTILINE)
        text = re.sub(r"^(# )?node_port = .*$", "node_port = 0", text, count=1, flags=re.MULTILINE)
        here = f'api_url = "{self.server.api_url}"\ngateway_url = "{self.server.gateway_url}"\n'
        self.config.write_text(f"{text}\n{table}\n{here}")


@pytest.fixture(params=[PRIVILEGED])
async def operator(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Operator]:
    """The parameter is what the bot may see: all intents, unless a test says otherwise."""
    async with DiscordServer(allowed_intents=request.param) as server:
        guild = server.add_guild("Club")
        yield Operator(server, guild, server.add_channel(guild, "general"), tmp_path)


def environment() -> dict[str, str]:
    """Without settings of the outer environment."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


@functools.cache
def asked() -> str:
    """Run `init` at a terminal and answer its questions; returns the file that it writes."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "bridge.toml"
        ours, theirs = pty.openpty()
        command = [*COMMAND, "init", "--config", str(config)]
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment())
        os.close(theirs)
        try:
            screen = _answer(ours)
            assert process.wait(limit()) == 0, screen
        finally:
            process.kill()
            os.close(ours)
        return config.read_text()


def _answer(terminal: int) -> str:
    """Answer whatever is asked there; returns what it has shown in the end."""
    screen, answered = "", 0
    while shown := _read(terminal):
        screen += shown
        question = screen[answered:]
        if question.rstrip().endswith(":") and "\n" not in question.strip():
            answer = next((text for words, text in ANSWERS.items() if words in question), "")
            os.write(terminal, f"{answer}\n".encode())
            answered = len(screen) + len(answer) + 2  # the terminal echoes the answer
    return screen


def _read(terminal: int) -> str:
    try:
        return os.read(terminal, 4096).decode()
    except OSError:  # so a terminal ends whose program has
        return ""


def documented() -> tuple[str, str]:
    """The table `[adapters.discord]` and the line `rooms = …` of docs/discord.md."""
    [example] = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    table = example.partition("\n\n")[0]
    [rooms] = re.findall(r"^rooms = .*?\]", example, re.MULTILINE)
    return table, rooms


async def test_what_init_and_the_documentation_say_passes_check(operator: Operator) -> None:
    operator.write()
    settings = load(operator.config, env_file=None)
    assert (settings.name, settings.groups[0].name, settings.groups[0].create) == ("our-bridge", "club", True)
    assert [(room.platform, room.room) for room in settings.groups[0].rooms] == [
        ("discord", str(operator.channel.id))
    ]
    code, text = await operator.problems("check")
    assert code == 0, text
    assert "ok discord, 1 rooms" in text
    assert operator.server.token not in text + operator.config.read_text()


async def test_a_missing_permission_is_named_with_the_link(operator: Operator) -> None:
    operator.write()
    operator.server.set_permissions(operator.guild, Permission.BOT_DEFAULT & ~Permission.BAN_MEMBERS)
    operator.server.set_channel_permissions(operator.channel, deny=Permission.ATTACH_FILES)
    code, text = await operator.shell("check")
    assert code == 1
    for words in ("On Club the bot lacks 'Ban Members'", "In #general the bot lacks 'Attach Files'"):
        assert words in " ".join(text.split())
    [link] = re.findall(r"https://discord\.com\S+", text)
    query = parse_qs(urlsplit(link).query)
    granted = discord.Permissions(int(query["permissions"][0]))
    assert granted.ban_members
    assert granted.attach_files
    assert not granted.administrator
    assert query["client_id"] == [str(operator.server.application_id)]
    assert set(query["scope"][0].split()) == {"bot", "applications.commands"}


@pytest.mark.parametrize("operator", [Intent(0)], indirect=True)
async def test_missing_intents_are_named(operator: Operator) -> None:
    operator.write()
    code, text = await operator.problems("check")
    assert code == 1
    assert "Message Content Intent" in text
    code, text = await operator.problems("run")
    assert code == 1
    assert "Message Content Intent" in text


async def test_a_wrong_token_is_named_and_never_shown(operator: Operator) -> None:
    operator.write(token="not-the-token-of-this-bot")
    for command in ("check", "run"):  # one after the other: `check` leaves a bridge that runs alone
        code, text = await operator.problems(command)
        assert code == 1
        assert "does not accept the bot's token" in text
        assert "set 'token'" in text
        assert "not-the-token-of-this-bot" not in text


async def test_what_is_no_token_is_found_before_anything_is_tried(operator: Operator) -> None:
    operator.write(token="client secret")
    code, text = await operator.problems("check")
    assert code == 2
    assert "adapters.discord.token" in text
    assert "client secret" not in text
    assert not operator.server.requests
