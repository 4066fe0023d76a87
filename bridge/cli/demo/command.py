"""`demls-bridge demo`."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

from bridge.cli.demo.failures import DemoFailed, TooSlow
from bridge.cli.demo.people import PORTS
from bridge.cli.output import UserError, err, out
from bridge.process import extras, logs
from bridge.protocol.types import Coordination

STARTING: Final = "Starting two bridges (each a process with a Waku node of its own) ..."


def demo(
    play: Annotated[
        bool, typer.Option("--play", help="Play a scripted scenario; exit code 0 only when all went well.")
    ] = False,
    ports: Annotated[
        tuple[int, int], typer.Option(help="Ports of the two pages on this computer; 0: any free one.")
    ] = PORTS,
    coordination: Annotated[
        Coordination,
        typer.Option(help="Who counts the votes: waku, or contract (client1 runs a chain for both)."),
    ] = Coordination.WAKU,
) -> None:
    """Run two bridges with one group on this machine: no account, no server, nothing leaves it.

    Each has a page with test accounts: Alice and Carol on client1, Bob on client2.
    """
    on_chain = coordination is Coordination.CONTRACT
    wanted = [("the demonstration", "web"), *([("its chain", "devchain")] if on_chain else [])]
    for problem in extras.lacking(wanted):
        raise UserError(f"{problem.key} {problem.text}", problem.example)
    # Not $TMPDIR: socket paths must be short.
    folder = Path(tempfile.mkdtemp(prefix="demls-", dir="/tmp"))
    logs.configure("error", "text")
    try:
        asyncio.run(_play(folder, coordination) if play else _talk(folder, ports, coordination))
    except DemoFailed as error:
        _show_logs(folder)
        raise UserError(f"not as it should be: {error}", f"read the logs in {folder}") from error
    except (KeyboardInterrupt, asyncio.CancelledError):
        shutil.rmtree(folder, ignore_errors=True)
        if play:
            raise KeyboardInterrupt from None
    else:
        shutil.rmtree(folder, ignore_errors=True)


async def _play(folder: Path, coordination: Coordination) -> None:
    from bridge.cli.demo.network import running  # late, as in the other commands
    from bridge.cli.demo.script import TOTAL_LIMIT, Script

    _end_on_signals()
    out.print(STARTING)
    try:
        async with (
            asyncio.timeout(TOTAL_LIMIT),
            running(folder, coordination=coordination) as network,
            network.visits(),
        ):
            await Script(network).play()
    except TimeoutError:
        raise TooSlow(f"the scenario took more than {TOTAL_LIMIT:.0f} s") from None
    out.print("\n[bold green]All went as it should.[/]")


async def _talk(folder: Path, ports: tuple[int, int], coordination: Coordination) -> None:
    from bridge.cli.demo import view
    from bridge.cli.demo.network import running
    from bridge.cli.demo.side import SEEN_TIMING

    _end_on_signals()
    out.print(STARTING)
    async with running(folder, SEEN_TIMING, ports, coordination) as network:
        await view.talk(network)


def _end_on_signals() -> None:
    """SIGTERM, and SIGHUP of a closed window, as Ctrl-C: the bridges are stopped in order."""
    task = asyncio.current_task()
    assert task is not None, "runs in a task"
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def _show_logs(folder: Path) -> None:
    for log in sorted(folder.glob("*/bridge.log")):
        tail = log.read_text("utf-8", "replace").splitlines()[-15:]
        err.print(f"\n-- the end of {log}", *tail, sep="\n", markup=False)
