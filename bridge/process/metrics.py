"""Metrics for Prometheus: one table, read from the same report that `demls-bridge status` shows.

The numbers are taken when somebody asks, so no other module knows of metrics. `docs/metrics.md` is made
from METRICS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bridge.process.report import Group, Report

LOOPBACK: Final = "127.0.0.1"

Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, what it counts, its labels and how it is read from a report."""

    name: str
    text: str
    labels: tuple[str, ...]
    read: Callable[[Report], Iterable[Sample]]
    counter: bool = False


def _of_groups(value: Callable[[Group], float]) -> Callable[[Report], Iterable[Sample]]:
    return lambda report: [((group.name,), value(group)) for group in report.groups]


def _states(report: Report) -> Iterator[Sample]:
    for group in report.groups:
        for state in ("working", "waiting", "voting"):
            yield (group.name, state), float(group.state == state)


def _refused(report: Report) -> Iterator[Sample]:
    for group in report.groups:
        for code, count in sorted(group.refused.items()):
            yield (group.name, code), count


METRICS: Final[tuple[Family, ...]] = (
    Family("demls_info", "Always 1; name and version of the bridge.", ("name", "version"),
           lambda report: [((report.name, report.version), 1.0)]),
    Family("demls_start_time_seconds", "When the process started, Unix seconds.", (),
           lambda report: [((), report.started)]),
    Family("demls_event_loop_lag_seconds", "By how much the event loop was late at the last look.", (),
           lambda report: [((), report.loop_lag)]),
    Family("demls_waku_connected", "1 while at least one Waku peer (or the external node) is reached.", (),
           lambda report: [((), float(report.connected))]),
    Family("demls_waku_peers", "Waku peers that are connected.", (), lambda report: [((), len(report.peers))]),
    Family("demls_adapter_up", "1 while the chat platform is reached.", ("adapter",),
           lambda report: [((a.platform,), float(a.state == "ok")) for a in report.adapters]),
    Family("demls_deliveries_waiting", "Messages not yet shown in a room.", (),
           lambda report: [((), report.deliveries_waiting)]),
    Family("demls_database_bytes", "Size of the database.", (), lambda report: [((), report.database_bytes)]),
    Family("demls_group_state", "1 for the state that the group is in.", ("group", "state"), _states),
    Family("demls_group_epoch", "MLS epoch of the group.", ("group",), _of_groups(lambda group: group.epoch)),
    Family("demls_group_members", "Members of the group, bridges included.", ("group",),
           _of_groups(lambda group: len(group.members))),
    Family("demls_group_voters", "Members that have a vote.", ("group",),
           _of_groups(lambda group: len(group.voters))),
    Family("demls_group_steward", "1 while this bridge is the steward.", ("group",),
           _of_groups(lambda group: float(group.is_steward))),
    Family("demls_group_changes_queued", "Changes that wait for a steward epoch.", ("group",),
           _of_groups(lambda group: group.queued)),
    Family("demls_group_chat_waiting", "Messages that wait for the state Working.", ("group",),
           _of_groups(lambda group: group.waiting_chat)),
    Family("demls_refused_total", "Received messages that were refused, by error code.", ("group", "code"),
           _refused, counter=True),
)  # fmt: skip


class ReportCollector(Collector):
    """Turns the present report into samples. `report` is called on the exporter's thread."""

    def __init__(self, report: Callable[[], Report | None]) -> None:
        self._report = report

    def collect(self) -> Iterator[Metric]:
        """All families; nothing before the first report."""
        report = self._report()
        if report is None:
            return
        for family in METRICS:
            kind = CounterMetricFamily if family.counter else GaugeMetricFamily
            metric = kind(family.name, family.text, labels=family.labels)
            for labels, value in family.read(report):
                metric.add_metric(labels, value)
            yield metric


def serve(port: int, report: Callable[[], Report | None]) -> WSGIServer:
    """Answer on http://127.0.0.1:`port`/metrics. The caller shuts the server down. Raises OSError."""
    registry = CollectorRegistry()
    registry.register(ReportCollector(report))
    server, _thread = start_http_server(port, addr=LOOPBACK, registry=registry)
    return server


def page() -> str:
    """The documentation page."""
    lines = [
        "# Metrics",
        "",
        "Made from `bridge/process/metrics.py` by `make generate`. Switched on by `metrics_port` in `[ops]`;",
        "served on loopback only, at `/metrics`.",
        "",
        "| name | kind | labels | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for family in METRICS:
        kind = "counter" if family.counter else "gauge"
        labels = ", ".join(f"`{label}`" for label in family.labels) or "–"
        lines.append(f"| `{family.name}` | {kind} | {labels} | {family.text} |")
    return "\n".join(lines) + "\n"
