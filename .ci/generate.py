"""Writes every generated file, or with --check says which are not up to date.

protobuf code     bridge/protocol/wire/demls_pb2.py, .pyi   from demls.proto
sample settings   config/bridge.example.toml                from bridge.settings
settings          docs/settings.md, bridge.schema.json      from bridge.settings and the adapters
command help      docs/commands.md                          from bridge.cli
room commands     docs/room-commands.md                     from bridge.rooms.commands
metrics           docs/metrics.md                           from bridge.process.metrics
state diagrams    docs/states.md                            from bridge.protocol.states
import table      ARCHITECTURE.md, its section              from tests.support.import_table
bounds            ARCHITECTURE.md, its section              from bridge.storage.bounds
page frames       adapters/web/static/frames.d.ts           from adapters.web.frames
"""

from __future__ import annotations

import difflib
import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import typer.main
from grpc_tools import protoc
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from adapters.web.frames import declarations
from bridge.cli.main import app
from bridge.process import metrics, plugins
from bridge.protocol import states
from bridge.rooms.commands import reference as room_reference
from bridge.rooms.commands.router import MAX_AGE, SPECS
from bridge.settings import CommandSettings, reference, sample
from bridge.storage import bounds

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import import_table  # noqa: E402 - the tests are no package that is installed

WIRE = Path("bridge/protocol/wire")
NOTE = "Made by `make generate`; do not edit."
BOUNDS_BEGIN, BOUNDS_END = "<!-- bounds: made by make generate -->", "<!-- end of the bounds -->"
TABLE_BEGINS, TABLE_ENDS = "<!-- import table: made by make generate -->", "<!-- end of the import table -->"


def protobuf() -> Iterator[tuple[Path, str]]:
    """The Python code of the wire format, with its types."""
    with tempfile.TemporaryDirectory() as folder:
        includes = files("grpc_tools") / "_proto"
        code = protoc.main(
            ["protoc", f"-I{ROOT / WIRE}", f"-I{includes}", f"--python_out={folder}", f"--pyi_out={folder}",
             str(ROOT / WIRE / "demls.proto")]
        )  # fmt: skip
        if code:
            sys.exit(f"protoc ended with code {code}")
        for made in sorted(Path(folder).iterdir()):
            yield WIRE / made.name, made.read_text("utf-8")


def settings() -> str:
    """The sample configuration, with all adapters' own keys."""
    return f"# {NOTE}\n{sample.example(plugins.models())}"


def commands() -> str:
    """The help of every command."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup), "several commands make a group"
    lines = ["# The command line", "", f"{NOTE} Source: `bridge/cli/`.", "", group.help or ""]
    for name, command in _flat(group):
        lines += ["", f"## demls-bridge {name}", "", *_help(command)]
    return "\n".join(lines) + "\n"


def room_commands() -> str:
    """The commands that people write in rooms."""
    prefix = CommandSettings().prefix
    text = room_reference.page(SPECS, prefix, MAX_AGE)
    return f"# Commands in rooms\n\n{NOTE} Source: `bridge/rooms/commands/`.\n\n{text}\n"


def _flat(group: TyperGroup) -> Iterator[tuple[str, TyperCommand]]:
    """Every command, those of groups of commands under both words."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from ((f"{name} {inner}", found) for inner, found in _flat(command))
        else:
            assert isinstance(command, TyperCommand), "made by typer"
            yield name, command


def _help(command: TyperCommand) -> Iterator[str]:
    yield from (command.help or "").splitlines()
    for argument in command.params:
        if isinstance(argument, TyperArgument):
            yield from ("", f"`{(argument.name or '').upper()}`: {argument.help or ''}")
    options = [option for option in command.params if isinstance(option, TyperOption)]
    if options:
        yield from ("", "| option | default | meaning |", "| --- | --- | --- |")
    for option in options:
        shown = option.default if isinstance(option.default, str | int | Path) and option.default else ""
        default = f"`{shown}`" if shown and not isinstance(shown, bool) else ""
        yield f"| `{', '.join(option.opts)}` | {default} | {option.help or ''} |"


def state_diagrams() -> str:
    """The transition table as diagrams, one per role."""
    parts = ["# The steward state machine\n", f"{NOTE} Source: the table in `bridge/protocol/states.py`.\n"]
    titles = {states.Role.STEWARD: "The steward", states.Role.OTHER: "Everybody else"}
    for role, title in titles.items():
        parts.append(f"## {title}\n\n```mermaid\n{states.diagram(role)}```\n")
    return "\n".join(parts)


def architecture() -> str:
    """ARCHITECTURE.md, its tables (imports, what bounds each table of the database) made anew."""
    before, rest = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split(TABLE_BEGINS)
    _, after = rest.split(TABLE_ENDS)
    text = f"{before}{TABLE_BEGINS}\n\n{import_table.markdown()}\n{TABLE_ENDS}{after}"
    before, rest = text.split(BOUNDS_BEGIN)
    _, after = rest.split(BOUNDS_END)
    return f"{before}{BOUNDS_BEGIN}\n\n{bounds.markdown()}\n{BOUNDS_END}{after}"


def everything() -> Iterator[tuple[Path, str]]:
    """Every generated file: path below the root, content."""
    yield from protobuf()
    yield Path("config/bridge.example.toml"), settings()
    yield Path("config/bridge.schema.json"), reference.schema(plugins.models())
    yield Path("docs/settings.md"), reference.page(plugins.models(), NOTE)
    yield Path("docs/commands.md"), commands()
    yield Path("docs/room-commands.md"), room_commands()
    yield Path("docs/metrics.md"), metrics.page()
    yield Path("docs/states.md"), state_diagrams()
    yield Path("ARCHITECTURE.md"), architecture()
    yield Path("adapters/web/static/frames.d.ts"), declarations.typescript()


def check() -> int:
    """Print the differences; 1 when there are any."""
    stale = 0
    for path, content in everything():
        present = (ROOT / path).read_text("utf-8") if (ROOT / path).exists() else ""
        if present != content:
            stale += 1
            difference = difflib.unified_diff(
                present.splitlines(), content.splitlines(), str(path), "as generated", lineterm="", n=1
            )
            print(*list(difference)[:40], sep="\n")
    if stale:
        print(f"{stale} generated files are not up to date: run `make generate`")
    return 1 if stale else 0


def write() -> int:
    """Write all."""
    for path, content in everything():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(content, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(check() if "--check" in sys.argv[1:] else write())
