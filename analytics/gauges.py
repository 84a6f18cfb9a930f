"""What is watched for the alerts, and what fires, as gauges in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from analytics.alerts.readings import readings
from analytics.error_groups import open_count
from analytics.models import Alert

#: Readings that no other gauge shows: name, help, and what one unit of the reading counts for.
GAUGES: Final = {
    "failed_files": ("ragsite_failed_files_hour", "Files that failed in the last hour.", 1),
    "model_errors": ("ragsite_model_error_ratio", "Share of answers the model failed at.", 1),
    "backup_age": ("ragsite_backup_age_seconds", "Age of the last good backup.", 3600),
    "backup_failed": ("ragsite_backup_failed", "1 where the last backup failed.", 1),
    "not_ready": ("ragsite_not_ready", "1 where requests cannot be answered.", 1),
    "limiter_down": ("ragsite_limiter_down", "1 where requests cannot be counted.", 1),
    "certificate_days": ("ragsite_certificate_seconds", "Time until the certificate ends.", 86400),
    "web_silent": ("ragsite_web_silent_seconds", "Time since a web server was heard of.", 1),
}


def families() -> Iterator[Any]:
    """Yield the gauges. What cannot be told is left out."""
    for reading in readings():
        if reading.name in GAUGES:
            name, description, factor = GAUGES[reading.name]
            family = GaugeMetricFamily(name, description)
            if reading.value is not None:
                family.add_metric([], reading.value * factor)
            yield family
    yield from _of_alerts()
    yield GaugeMetricFamily(
        "ragsite_errors_open", "Faults that nobody has resolved.", value=open_count()
    )


def _of_alerts() -> Iterator[Any]:
    rows = list(Alert.objects.all())
    firing = GaugeMetricFamily("ragsite_alert_firing", "1 where the alert fires.", labels=["alert"])
    for row in rows:
        firing.add_metric([row.name], float(row.firing_since is not None))
    yield firing
    looked = GaugeMetricFamily("ragsite_alerts_looked_seconds", "Time since the last look.")
    if rows:
        last = max(row.checked_at for row in rows)
        looked.add_metric([], (timezone.now() - last).total_seconds())
    yield looked
