"""How well the search does on a labelled set, or on questions saved in the product."""

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

from chat.services.evaluating import Evaluation, SetScores, set_evaluate, set_named
from documents.errors import ProductError
from documents.services.evaluation import Scores, dataset_read, evaluate, scratch_database


class Command(BaseCommand):
    help = (
        "Measures the search: on a labelled set in BEIR's form, in a scratch database; or on a "
        "saved set of questions, in the live index, which is only read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "dataset",
            help="A folder with corpus, queries and qrels; or COLLECTION/NAME or the id of a set.",
        )
        parser.add_argument(
            "--names", action="store_true", help="Title untitled documents by the file in their id."
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and print."""
        del args
        named, progress = options["dataset"], self._progress(hidden=options["json"])
        try:
            if Path(named).is_dir():
                dataset = dataset_read(Path(named), named=options["names"])
                with scratch_database():
                    scores = evaluate(dataset, progress)
                body = {"dataset": dataset.name, "modes": [asdict(score) for score in scores]}
                self._tell(dataset.name, scores, body, as_json=options["json"])
            else:
                done = set_evaluate(set_named(named), progress)
                self._tell(done.name, done.scores, _body(done), as_json=options["json"])
        except ProductError as error:
            raise CommandError(error.message, returncode=2) from None

    def _tell(
        self,
        name: str,
        scores: Sequence[Scores | SetScores],
        body: dict[str, Any],
        *,
        as_json: bool,
    ) -> None:
        if as_json:
            self.stdout.write(json.dumps(body))
        else:
            self._print(name, scores)

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

    def _print(self, name: str, scores: Sequence[Scores | SetScores]) -> None:
        self.stdout.write(f"{name}: {scores[0].queries} questions with known answers")
        self.stdout.write(f"{'mode':10}{'nDCG@10':>9}{'R@10':>8}{'R@100':>8}{'MRR@10':>9}")
        for score in scores:
            self.stdout.write(
                f"{score.mode.value:10}{score.ndcg_10:9.4f}{score.recall_10:8.4f}"
                f"{score.recall_100:8.4f}{score.mrr_10:9.4f}"
            )


def _body(done: Evaluation) -> dict[str, Any]:
    return {
        "dataset": done.name,
        "modes": [asdict(score) for score in done.scores],
        "questions": list(done.questions),
    }
