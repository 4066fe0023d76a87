"""Metrics say what the report says, and the page names them all."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from bridge.process import metrics
from bridge.process.report import Adapter, Group, Report

GROUP = Group("lobby", "demls:lobby@0x", "voting", 9, 3, True, ("a", "b"), ("b",), 1, 4, {}, {"replayed": 2})
REPORT = Report("b", "1", 2, 3.0, "0x00", "", True, groups=(GROUP,), adapters=(Adapter("matrix", "down"),))


def scrape(report: Report | None) -> str:
    registry = CollectorRegistry()
    registry.register(metrics.ReportCollector(lambda: report))
    return generate_latest(registry).decode()


def test_samples() -> None:
    text = scrape(REPORT)
    for line in (
        'demls_group_state{group="lobby",state="voting"} 1.0',
        'demls_group_state{group="lobby",state="working"} 0.0',
        'demls_group_members{group="lobby"} 2.0',
        'demls_refused_total{code="replayed",group="lobby"} 2.0',
        'demls_adapter_up{adapter="matrix"} 0.0',
        "demls_waku_connected 1.0",
    ):
        assert line in text.splitlines()


def test_every_family_gives_as_many_labels_as_it_names() -> None:
    for family in metrics.METRICS:
        samples = list(family.read(REPORT))
        assert samples, family.name
        assert all(len(labels) == len(family.labels) for labels, _ in samples), family.name


def test_nothing_before_the_first_report() -> None:
    assert scrape(None) == ""


def test_the_page_names_every_metric() -> None:
    assert all(f"`{family.name}`" in metrics.page() for family in metrics.METRICS)
