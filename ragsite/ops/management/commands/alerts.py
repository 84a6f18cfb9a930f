"""Tells what is watched and what fires, and sends a test."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analytics.alerts.channels import NotDelivered, deliver
from analytics.alerts.readings import readings
from analytics.alerts.rules import Rule, rules
from analytics.alerts.watching import body, channels, firing


class Command(BaseCommand):
    help = "Measures everything that is watched, and says what is beyond its threshold."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--test", action="store_true", help="send a notice to every channel")

    def handle(self, *args: Any, test: bool, **options: Any) -> None:
        """Print a line for each; exit 1 where one is bad or fires, or a test does not arrive."""
        del args, options
        if test:
            self._test()
            return
        found = {reading.name: reading for reading in readings()}
        fires = {alert.name: alert for alert in firing()}
        worst = False
        for rule in rules(settings.ALERT_THRESHOLDS):
            alert, reading = fires.get(rule.name), found[rule.name]
            is_bad = reading.value is not None and rule.is_bad(reading.value)
            since = f" (fires since {alert.firing_since:%Y-%m-%d %H:%M})" if alert else ""
            self.stdout.write(f"{self._word(rule, is_bad)}  {rule.name}: {reading.says}{since}")
            worst = worst or is_bad or alert is not None
        where = ", ".join(channels()) or "nobody: set ALERT_EMAILS or ALERT_WEBHOOK"
        self.stdout.write(f"Told to {where}.")
        if worst:
            sys.exit(1)

    def _word(self, rule: Rule, is_bad: bool) -> str:
        if rule.threshold is None:
            return "off "
        return str(self.style.ERROR("BAD ") if is_bad else self.style.SUCCESS("ok  "))

    def _test(self) -> None:
        if not channels():
            raise CommandError("Nobody is told: set ALERT_EMAILS or ALERT_WEBHOOK.")
        notice = body("test", "test", "Notices arrive", "This is a test. Nothing is wrong.")
        failed = []
        for channel in channels():
            try:
                deliver(channel, notice)
                self.stdout.write(f"{channel}: sent")
            except NotDelivered as error:
                failed.append(f"{channel}: {error}")
        if failed:
            raise CommandError("Not sent. " + "; ".join(failed))
