"""The same numbers in the text format of Prometheus.

Everything is read from the database, so it does not matter which web process is asked,
and nothing is lost when one ends.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from analytics import answering, gauges, metrics
from analytics.models import Total
from analytics.panels import panels
from analytics.sketch import value
from analytics.types import Kind
from documents.models import Document

#: Upper borders of the buckets that are shown, seconds.
BORDERS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_NAMES = {
    Kind.REQUEST: ("ragsite_request_seconds", "Requests by route, until the last byte.", "route"),
    Kind.SEARCH: ("ragsite_search_seconds", "Searches by mode.", "mode"),
    Kind.ANSWER: ("ragsite_answer_seconds", "Answers by model, from question to end.", "model"),
    Kind.FIRST_TOKEN: ("ragsite_first_token_seconds", "Waiting for the first token.", "model"),
    Kind.INGEST: ("ragsite_ingest_stage_seconds", "Stages of ingestion.", "stage"),
}


class _Numbers(Collector):
    def collect(self) -> Iterator[Any]:
        """Yield every family of numbers."""
        for kind in _NAMES:
            yield _durations(kind)
        yield _lookups()
        yield from _counters()
        yield from _gauges()
        yield from _facts()
        yield from gauges.families()
        yield _documents()


def _counters() -> Iterator[Any]:
    """Yield what is counted and is no duration. ``total_ms`` is then a sum of that."""
    tokens = CounterMetricFamily("ragsite_tokens", "Tokens of answers.", labels=["model", "part"])
    cost = CounterMetricFamily("ragsite_cost", "Cost by TOKEN_PRICES.", labels=["model"])
    by_model: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in Total.objects.filter(kind=Kind.TOKENS):
        tokens.add_metric([row.name, row.outcome], row.total_ms)
        by_model[row.name][row.outcome] += row.total_ms
    for model, counts in by_model.items():
        if (paid := answering.cost(model, counts["prompt"], counts["completion"])) is not None:
            cost.add_metric([model], paid)
    faults = CounterMetricFamily(
        "ragsite_faults", "What failed, by code.", labels=["where", "code"]
    )
    for row in Total.objects.filter(kind=Kind.FAULT):
        faults.add_metric([row.outcome, row.name], row.count)
    coverage = SummaryMetricFamily(
        "ragsite_citation_coverage",
        "Share of an answer's sentences that its sources carry.",
        labels=["model"],
    )
    for row in Total.objects.filter(kind=Kind.COVERAGE):
        coverage.add_metric([row.name], row.count, row.total_ms / 100)
    yield from (tokens, cost, faults, coverage)


def _facts() -> Iterator[Any]:
    """Yield the numbers of what lies above this app: backups, comparisons."""
    for panel in panels():
        for name, number in panel.numbers.items():
            said = f"{panel.title}: {name.replace('_', ' ')}."
            yield GaugeMetricFamily(f"ragsite_{name}", said, value=number)


def _durations(kind: Kind) -> Any:
    name, description, label = _NAMES[kind]
    family = HistogramMetricFamily(name, description, labels=[label, "outcome"])
    for row in Total.objects.filter(kind=kind):
        family.add_metric([row.name, row.outcome], _cumulated(row), sum_value=row.total_ms / 1000)
    return family


def _cumulated(row: Total) -> list[tuple[str, float]]:
    """Return how many were at most as long as each border."""
    seconds = [(value(number) / 1000, count) for number, count in row.buckets.items()]
    found: list[tuple[str, float]] = [
        (str(border), sum(count for length, count in seconds if length <= border))
        for border in BORDERS
    ]
    return [*found, ("+Inf", row.count)]


def _gauges() -> Iterator[Any]:
    queue = metrics.queue()
    disk = shutil.disk_usage(settings.DATA_DIR)
    database = Path(connection.settings_dict["NAME"])
    log = database.with_name(f"{database.name}-wal")
    workers = [worker for worker in metrics.workers() if worker["alive"]]
    silent = max((worker["seen_seconds_ago"] for worker in workers), default=0.0)
    for name, description, number in (
        ("ragsite_queue_queued", "Versions that wait to be read.", queue.queued),
        ("ragsite_queue_processing", "Versions that are being read.", queue.processing),
        ("ragsite_queue_oldest_seconds", "Age of the oldest of them.", queue.oldest_seconds),
        ("ragsite_workers_alive", "Workers that were heard of lately.", len(workers)),
        ("ragsite_worker_silent_seconds", "Since the quietest of them was heard of.", silent),
        ("ragsite_disk_free_bytes", "Free room where the data lies.", disk.free),
        ("ragsite_database_bytes", "Size of the database.", _size(database)),
        ("ragsite_database_log_bytes", "Size of its write-ahead log.", _size(log)),
    ):
        yield GaugeMetricFamily(name, description, value=number)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _documents() -> Any:
    family = GaugeMetricFamily("ragsite_documents", "Documents in the library.")
    family.add_metric([], Document.objects.count())
    return family


def _lookups() -> Any:
    family = CounterMetricFamily(
        "ragsite_cache_lookups",
        "Look-ups by cache, and whether it had it.",
        labels=["cache", "outcome"],
    )
    for row in Total.objects.filter(kind=Kind.CACHE):
        family.add_metric([row.name, row.outcome], row.count)
    return family


def exposition() -> bytes:
    """Return everything in the text format, version 0.0.4."""
    registry = CollectorRegistry()
    registry.register(_Numbers())
    return generate_latest(registry)
