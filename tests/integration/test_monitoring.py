"""The board and the rules ask for numbers that there are, and the numbers are right."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from analytics import services
from analytics.alerts.readings import Reading
from analytics.alerts.rules import NAMES
from analytics.alerts.watching import watch
from analytics.exposition import exposition
from analytics.gauges import GAUGES
from analytics.models import Alert
from analytics.types import Kind, Measurement
from ragsite.ops import alerting
from ragsite.ops.models import Backup
from tests.integration.factories import Api, person

pytestmark = pytest.mark.django_db

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
BOARD = json.loads((DEPLOY / "grafana" / "ragsite.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
#: Labels that a query may use: those of our numbers, and of Prometheus.
_WORD = re.compile(r"\bragsite_[a-z_]+")
_LABELS = re.compile(r"(?:by|without) \(([^)]*)\)|\{([a-z_]+)=")


def families() -> dict[str, Metric]:
    return {f.name: f for f in text_string_to_metric_families(exposition().decode())}


def exported() -> set[str]:
    """Return every name that a query may use, with at least one sample of each histogram."""
    for kind in Kind:
        services.write([Measurement(timezone.now(), kind, "x", "ok", 1.0)])
    found = families()
    return set(found) | {sample.name for family in found.values() for sample in family.samples}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in BOARD["panels"] if panel["type"] != "row"]


def rules() -> list[dict[str, Any]]:
    return [rule for group in RULES["groups"] for rule in group["rules"]]


def queries() -> list[str]:
    of_board = [target["expr"] for panel in panels() for target in panel["targets"]]
    return of_board + [rule["expr"] for rule in rules()]


def test_every_number_that_is_asked_for_is_exported() -> None:
    asked = {word for query in queries() for word in _WORD.findall(query)}
    assert len(asked) > 15
    assert asked - exported() == set()


def test_every_query_asks_for_something() -> None:
    for query in queries():
        assert _WORD.search(query) or query.startswith("up{"), query
        assert query.count("(") == query.count(")"), query


def test_every_label_that_is_asked_for_is_there() -> None:
    exported()
    watch([])
    known = {label for f in families().values() for s in f.samples for label in s.labels} | {"job"}
    asked = {
        label.strip()
        for query in queries()
        for found in _LABELS.findall(query)
        for label in ",".join(found).split(",")
        if label.strip()
    }
    assert {"outcome", "route", "le"} <= asked
    assert asked <= known


def test_panels_have_names_places_and_units() -> None:
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    for panel in panels():
        assert panel["title"]
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_the_board_names_no_server_of_ours() -> None:
    assert {panel["datasource"]["uid"] for panel in panels()} == {"${source}"}


#: What the drill of an installation must be able to see in Prometheus too.
WATCHED = (
    "queue",
    "failed_files",
    "5xx",
    "disk",
    "backup_age",
    "limiter",
    "model_error",
    "log_bytes",
)


@pytest.mark.parametrize("part", WATCHED)
def test_there_is_a_rule_for_each_danger(part: str) -> None:
    assert any(part in rule["expr"] for rule in rules())


def test_rules_say_how_bad_it_is_and_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "advice"}


def value(name: str) -> float:
    (sample,) = families()[name].samples
    return float(sample.value)


def test_what_is_watched_is_exported(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BACKUP_KEEP = 7
    at = timezone.now() - timedelta(hours=2)
    Backup.objects.create(path="/b", started_at=at, verified_at=at)
    monkeypatch.setattr(alerting, "days_left", lambda now: 10.0)
    assert value("ragsite_backup_age_seconds") == pytest.approx(7200, abs=60)
    assert value("ragsite_certificate_seconds") == 864_000
    assert value("ragsite_backup_failed") == value("ragsite_limiter_down") == 0
    assert value("ragsite_not_ready") == 0


def test_what_cannot_be_told_has_no_sample() -> None:
    assert families()["ragsite_certificate_seconds"].samples == []


def test_what_fires_is_exported_with_the_time_of_the_last_look() -> None:
    watch([Reading("disk_free", 0.0, "None.")], timezone.now() - timedelta(minutes=5))
    samples = families()["ragsite_alert_firing"].samples
    firing = {sample.labels["alert"]: sample.value for sample in samples}
    assert set(firing) == set(NAMES)
    assert [name for name, fires in firing.items() if fires] == ["disk_free"]
    assert value("ragsite_alerts_looked_seconds") == pytest.approx(300, abs=30)


def test_every_gauge_is_of_something_that_is_watched() -> None:
    assert set(GAUGES) <= set(NAMES)


def test_the_numbers_are_for_administrators() -> None:
    Alert.objects.all().delete()
    assert Api(person("eve")).get("/metrics").status_code == 403
    assert Api().get("/metrics").status_code == 401
    shown = Api(person("boss", is_staff=True)).get("/metrics")
    assert b"ragsite_errors_open 0.0" in shown.content
