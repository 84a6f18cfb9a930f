"""How well the search does on a labelled set."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from documents.errors import ProductError
from documents.services.evaluation import Scores, dataset_read, evaluate, scratch_database


class Command(BaseCommand):
    help = "Measures the search on a labelled set in BEIR's form, in a scratch database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("dataset", type=Path, help="A folder with corpus, queries and qrels.")
        parser.add_argument(
            "--names", action="store_true", help="Title untitled documents by the file in their id."
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and print."""
        del args
        folder: Path = options["dataset"]
        try:
            dataset = dataset_read(folder, named=options["names"])
            with scratch_database():
                scores = evaluate(dataset, self._progress(hidden=options["json"]))
        except ProductError as error:
            raise CommandError(error.message, returncode=2) from None
        if options["json"]:
            body = {"dataset": dataset.name, "modes": [asdict(score) for score in scores]}
            self.stdout.write(json.dumps(body))
        else:
            self._print(dataset.name, scores)

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

    def _print(self, name: str, scores: list[Scores]) -> None:
        self.stdout.write(f"{name}: {scores[0].queries} questions with known answers")
        self.stdout.write(f"{'mode':10}{'nDCG@10':>9}{'R@10':>8}{'R@100':>8}{'MRR@10':>9}")
        for score in scores:
            self.stdout.write(
                f"{score.mode.value:10}{score.ndcg_10:9.4f}{score.recall_10:8.4f}"
                f"{score.recall_100:8.4f}{score.mrr_10:9.4f}"
            )
