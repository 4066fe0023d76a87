"""`demls-bridge status`: what a running bridge says of itself."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import timedelta
from typing import Annotated, Final

import msgspec
import typer

from bridge.cli.output import DEFAULT_CONFIG, ConfigOption, UserError, escape, out
from bridge.process.report import Group, Report
from bridge.process.status import NotRunning, ask
from bridge.settings import load

MAX_FAILURES: Final = 5


def status(
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Show the state of the bridge that runs with this configuration.

    Exit codes: 0 healthy, 1 not running, 3 running but something is down.
    """
    settings = load(config)
    try:
        report = asyncio.run(ask(settings.status_socket))
    except NotRunning as error:
        raise UserError(str(error), f"demls-bridge run --config {config}") from error
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    else:
        show(report, time.time())
    raise typer.Exit(0 if report.healthy else 3)


def show(report: Report, now: float) -> None:
    """Print a report for people. `now` in Unix seconds."""
    up = timedelta(seconds=int(now - report.started))
    out.print(f"[bold]{escape(report.name)}[/] {report.version}, up {up}, process {report.pid}")
    out.print(f"address   {report.address}")
    out.print(f"waku      {escape(report.transport)}")
    for listening in report.listening:
        out.print(f"          reachable at {escape(listening)}")
    for adapter in report.adapters:
        detail = f" ({escape(adapter.detail)})" if adapter.detail else ""
        out.print(f"{escape(adapter.platform):<9} {adapter.state}{detail}")
    if report.deliveries_waiting:
        out.print(f"waiting   {report.deliveries_waiting} messages for rooms")
    for queue in report.queues:
        if queue.error:
            out.print(f"          {escape(queue.platform)} {escape(queue.room)}: {escape(queue.error)}")
    for failure in report.failures[:MAX_FAILURES]:
        room = f"{failure.platform} {failure.room}"
        out.print(f"failed    {escape(failure.kind)} in {escape(room)}: {escape(failure.error)}")
    for group in report.groups:
        out.print(group_table(group, now))


def group_table(group: Group, now: float) -> object:
    """One group as rich's table."""
    from rich.table import Table

    table = Table(title=escape(group.full_name), show_header=False, title_justify="left", box=None)
    left = f", {max(0, round(group.deadline - now))} s left" if group.deadline else ""
    table.add_row("state", f"{group.state}{left}{' (steward here)' if group.is_steward else ''}")
    table.add_row("epoch", str(group.epoch))
    members = [escape(group.names.get(member, "")) or f"{member[:10]}..." for member in group.members]
    table.add_row("members", f"{len(members)}: {', '.join(members[:20])}{' ...' if len(members) > 20 else ''}")
    table.add_row("voters", str(len(group.voters)))
    table.add_row("waiting", f"{group.queued} changes, {group.waiting_chat} messages")
    if group.ballot is not None:
        vote = group.ballot
        table.add_row("ballot", f"{vote.ballot_id}: {vote.kind}, {len(vote.yes)} yes, {len(vote.no)} no")
    if group.refused:
        table.add_row("refused", ", ".join(f"{count} {code}" for code, count in sorted(group.refused.items())))
    return table
