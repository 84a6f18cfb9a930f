"""Does the confidence mean what it says? Measured on questions with known answers."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from chat.answer.calibration import (
    Case,
    Measured,
    Report,
    as_json,
    cases_read,
    cases_written,
    report,
)
from chat.answer.curve import reliability_svg
from chat.answer.reliability import AtThreshold, Bin
from chat.services.calibration import labelled_read, off_topic, tried
from documents.errors import ProductError
from documents.selectors import configured_embedder
from documents.services.evaluation import Dataset, dataset_read, scratch_database


class Command(BaseCommand):
    help = (
        "Measures the confidence of quoted answers on a labelled set, in a scratch database: "
        "fitted on one half of its texts, measured on the other, and the other way round."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "dataset",
            type=Path,
            help="A folder in BEIR's form whose queries.jsonl tells the answers that are right.",
        )
        parser.add_argument(
            "--off-topic",
            type=Path,
            action="append",
            default=[],
            metavar="FOLDER",
            help="Another set, whose questions are asked of this one. May be given again.",
        )
        parser.add_argument(
            "--every",
            type=int,
            default=1,
            metavar="N",
            help="Ask each N-th question only, for a quick look.",
        )
        parser.add_argument(
            "--cases",
            type=Path,
            metavar="FILE",
            help="Keep there what came of each question. If the file is there, measure what it "
            "holds instead of asking: after other weights, for instance.",
        )
        parser.add_argument("--json", action="store_true", help="Print the report as JSON.")
        parser.add_argument("--report", type=Path, metavar="FILE", help="Write the JSON there too.")
        parser.add_argument("--svg", type=Path, metavar="FILE", help="Draw the curve there.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, measure, print."""
        del args
        try:
            found = self._measured(options)
        except ProductError as error:
            raise CommandError(error.message, returncode=2) from None
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from None
        body = json.dumps(as_json(found), indent=1)
        if options["report"]:
            options["report"].write_text(body + "\n", encoding="utf-8")
        if options["svg"]:
            options["svg"].write_text(_drawn(found), encoding="utf-8")
        self.stdout.write(body if options["json"] else "\n".join(_table(found)))

    def _measured(self, options: dict[str, Any]) -> Report:
        dataset = dataset_read(options["dataset"])
        kept: Path | None = options["cases"]
        if kept and kept.exists():
            cases = cases_read(kept.read_text(encoding="utf-8"))
        else:
            cases = self._asked(dataset, options)
            if kept:
                kept.write_text(cases_written(cases), encoding="utf-8")
        return report(dataset.name, configured_embedder().model, cases)

    def _asked(self, dataset: Dataset, options: dict[str, Any]) -> list[Case]:
        questions = labelled_read(options["dataset"], dataset)
        for folder in options["off_topic"]:
            questions += off_topic(dataset_read(folder))
        asked = questions[:: max(options["every"], 1)]
        with scratch_database():
            return tried(dataset, asked, self._progress(hidden=options["json"]))

    def _progress(self, *, hidden: bool) -> Any:
        bars: dict[str, Any] = {}

        def show(label: str, done: int, total: int) -> None:
            if label not in bars:
                off = hidden or not sys.stderr.isatty()
                bars[label] = tqdm(total=total, desc=label, disable=off, file=sys.stderr)
            bars[label].update(done - bars[label].n)
            if done == total:
                bars[label].close()

        return show


def _drawn(found: Report) -> str:
    title = f"Reliability of the confidence on {found.dataset}"
    return reliability_svg(found.shipped.bins, title, ink="#24211c", paper="#fbfaf6")


def _table(found: Report) -> list[str]:
    lines = [f"{found.dataset}, embedder {found.model}, answers quoted", ""]
    for i, half in enumerate(found.halves):
        lines += _measure(f"Half {i + 1}, by the weights of the other half", half)
    lines += _measure("All, by the weights that the product ships with", found.shipped)
    lines += ["All questions together give the weights", f"  {_weights(asdict(found.fitted))}", ""]
    lines += _thresholds("Passages below a relevance are not used", found.by_relevance)
    lines += _thresholds("If answers below a confidence were refused", found.by_confidence)
    return lines


def _measure(title: str, found: Measured) -> list[str]:
    errors, mixed, refused = found.errors, found.mixed, found.with_refused
    return [
        title,
        f"  {', '.join(found.groups)}",
        f"  weights {_weights(asdict(found.weights))}",
        f"  {found.questions} answerable questions, {found.refused} refused",
        f"  of the answers {found.right:.1%} are right",
        "  expected calibration error   10 bins   15 bins   10 of equal mass",
        f"    answers to answerable      {_errors(asdict(errors))}",
        f"    refused ones as 0          {_errors(asdict(refused))}",
        f"    with unanswerable ones     {_errors(asdict(mixed))}",
        "  area under the curve, refused ones counting 0",
        f"    right from wrong answers      {_area(found.area_right)}",
        *(f"    off topic: {name:18} {_area(x)}" for name, x in found.area_off_topic.items()),
        f"    adversarial, unanswerable     {_area(found.area_unanswerable)}",
        *_bins(found.bins),
        "",
    ]


def _bins(bins: Sequence[Bin]) -> list[str]:
    head = "  confidence      answers   said   right"
    return [head] + [
        f"    {each.low:.1f} to {each.high:.1f}{each.count:12}"
        + (f"{each.sure:8.3f}{each.right:8.3f}" if each.count else "")
        for each in bins
    ]


def _thresholds(title: str, rows: Sequence[AtThreshold]) -> list[str]:
    head = f"  {'from':>6}{'answered':>10}{'precision':>11}{'recall':>8}{'off topic refused':>19}"
    return (
        [title, head]
        + [
            f"  {row.threshold:6.2f}{row.answered:10.3f}{row.precision:11.3f}{row.recall:8.3f}"
            f"{row.off_topic_refused:19.3f}"
            for row in rows
        ]
        + [""]
    )


def _weights(weights: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in weights.items())


def _errors(errors: dict[str, float]) -> str:
    return "".join(f"{value:<10.4f}" for value in errors.values()).rstrip()


def _area(value: float | None) -> str:
    return "none asked" if value is None else f"{value:.4f}"
