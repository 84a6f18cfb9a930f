"""Measures the verdicts on labelled claims."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.answer.falsified import verdicts_on_changes
from chat.answer.fitting import Weighing, cross_validated, fitted
from chat.answer.measure import (
    GRADES,
    BadLine,
    Measurement,
    grades_of,
    measured,
    read_labelled,
    signals_of,
)
from chat.types import Verdict


class Command(BaseCommand):
    help = (
        "Measures the verdicts on a file of labelled claims: one JSON object a line with "
        '"claim", "evidence" (a list of texts) and "label" (supported, partially_supported or '
        'not_supported). Lines with the same "meta.id" are one claim; the best counts.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--fit", action="store_true", help="fit the weights to the file and cross-validate"
        )
        parser.add_argument(
            "--changes",
            action="store_true",
            help="also judge sentences of the evidence with one number, name or verb changed",
        )
        parser.add_argument("--folds", type=int, default=10)
        parser.add_argument("--seeds", type=int, default=5)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure, and print a table or JSON."""
        del args
        if options["folds"] < 2 or options["seeds"] < 1:
            raise CommandError("There must be at least 2 folds and 1 seed.")
        try:
            claims = read_labelled(options["file"])
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"The file cannot be read: {error}") from None
        except BadLine as error:
            raise CommandError(str(error)) from None
        found = measured(claims)
        report: dict[str, Any] = asdict(found)
        if options["fit"]:
            report |= _fit(claims, options["folds"], options["seeds"])
        if options["changes"]:
            report["changes"] = verdicts_on_changes(claims)
        if options["json"]:
            self.stdout.write(json.dumps(report))
            return
        self._table(found)
        if options["fit"]:
            self._fitted(report, options["folds"], options["seeds"])
        if options["changes"]:
            self._changes(report["changes"])

    def _table(self, found: Measurement) -> None:
        middle, late = found.milliseconds
        error, other = found.errors
        self.stdout.write(
            f"{found.claims} claims\n"
            f"Area, supported against the rest      {found.supported:.4f} ± {error:.4f}\n"
            f"Area, not supported against the rest  {found.unsupported:.4f} ± {other:.4f}\n"
            f"Milliseconds a sentence: median {middle:.2f}, 95th percentile {late:.2f}\n\n"
            f"{'label':<14}" + "".join(f"{f'-> {verdict}':>16}" for verdict in reversed(GRADES))
        )
        for label in reversed(GRADES):
            counts = (f"{found.verdicts[label][verdict]:>16}" for verdict in reversed(GRADES))
            self.stdout.write(f"{label:<14}" + "".join(counts))

    def _fitted(self, report: dict[str, Any], folds: int, seeds: int) -> None:
        held_out = report["cross_validated"]
        self.stdout.write(
            f"\nHeld out in {folds} folds, {seeds} seeds: supported "
            f"{held_out['supported']:.4f} ± {held_out['supported_spread']:.4f}, not supported "
            f"{held_out['unsupported']:.4f} ± {held_out['unsupported_spread']:.4f}\n"
            "Weights fitted to the whole file:"
        )
        for name, value in report["weights"].items():
            self.stdout.write(f"  {name} = {value}")

    def _changes(self, changes: dict[str, dict[Verdict, int]]) -> None:
        self.stdout.write("\nSentences of the evidence, changed:")
        for name, counts in changes.items():
            total = sum(counts.values())
            shares = (f"{verdict} {counts[verdict] / (total or 1):.0%}" for verdict in counts)
            self.stdout.write(f"  {name:<14}{total:>5}  " + ", ".join(shares))


def _fit(claims: Any, folds: int, seeds: int) -> dict[str, Any]:
    rows, grades = signals_of(claims), grades_of(claims)
    if len(set(grades.tolist())) < len(GRADES):
        raise CommandError("To fit, the file must hold claims of all three labels.")
    validation = cross_validated(rows, grades, folds=folds, seeds=seeds)
    return {"cross_validated": asdict(validation), "weights": _named(fitted(rows, grades))}


def _named(weighing: Weighing) -> dict[str, float]:
    """The weights by their names in ``chat.answer.weighing``."""
    anything, everything = weighing.anything, weighing.everything
    values = {
        **dict(zip(("COVERAGE", "CLOSENESS"), anything.weights, strict=True)),
        "ANYTHING": anything.constant,
        **dict(zip(("TOGETHER", "RUN", "NAMES", "FIGURES"), everything.weights, strict=True)),
        "EVERYTHING": everything.constant,
        "BEST": weighing.best,
    }
    return {name: round(float(value), 4) for name, value in values.items()}
