"""Calibrating on a small labelled set, all the way through index, search and answers."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from documents.models import Document

pytestmark = pytest.mark.django_db(transaction=True)

BIRDS = ["wren", "kite", "heron", "robin"]
TOWNS = ["Ostmoor", "Hellingby", "Tarnwick", "Quillan"]


def _rows() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Eight short texts of two titles; a question in four has a gold answer that is wrong."""
    corpus, queries = [], []
    for number, (bird, town) in enumerate(zip(BIRDS, TOWNS, strict=True)):
        facts = {
            "Birds": f"The {bird} lays {number + 3} eggs in the month of April.",
            "Towns": f"The market of {town} opened in 19{number}4 beside the river.",
        }
        for title, text in facts.items():
            corpus.append({"_id": f"{title}{number}", "title": title, "text": text})
        about = [
            ("Birds", f"How many eggs does the {bird} lay?", f"{number + 3} eggs"),
            ("Towns", f"When did the market of {town} open?", f"19{number}4"),
        ]
        for title, text, gold in about:
            told = {"paragraph": f"{title}{number}", "answers": [gold if number else "no such"]}
            queries.append({"_id": text, "text": text, "metadata": told})
    lost = {"paragraph": "Birds0", "answers": [], "is_impossible": True}
    queries.append({"_id": "x", "text": "How many eggs does the owl lay?", "metadata": lost})
    return corpus, queries


def _write(folder: Path, corpus: list[dict[str, Any]], queries: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    for name, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n")
    return folder


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    return _write(tmp_path / "labelled", *_rows())


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    queries = [{"_id": "f", "text": "What is the boiling point of tungsten?"}]
    return _write(tmp_path / "foreign", [{"_id": "t", "text": "Tungsten boils."}], queries)


def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("calibrate", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_it_measures_each_half_by_the_other_and_leaves_nothing_behind(
    labelled: Path, foreign: Path, tmp_path: Path
) -> None:
    curve, kept = tmp_path / "curve.svg", tmp_path / "report.json"
    out = run(labelled, "--off-topic", foreign, "--json", "--svg", curve, "--report", kept)
    body = json.loads(out)
    assert [half["groups"] for half in body["halves"]] == [["Towns"], ["Birds"]]
    assert (body["shipped"]["questions"], body["shipped"]["right"]) == (8, 0.75)
    assert body["shipped"]["area_off_topic"] == {"foreign": 1.0}
    assert json.loads(kept.read_text()) == body
    assert curve.read_text().startswith("<svg")
    assert not Document.objects.exists()


def test_cases_that_were_kept_are_measured_without_asking_again(
    labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = tmp_path / "cases.jsonl"
    first = run(labelled, "--json", "--cases", cases)
    monkeypatch.setattr("chat.management.commands.calibrate.tried", None)
    assert run(labelled, "--json", "--cases", cases) == first


def test_the_table_tells_error_threshold_and_areas(labelled: Path) -> None:
    out = run(labelled)
    for words in (
        "labelled, embedder hashed",
        "expected calibration error",
        "adversarial, unanswerable",
        "Passages below a relevance are not used",
        "0.25",
    ):
        assert words in out


def test_a_set_without_answers_is_refused_with_its_name(foreign: Path) -> None:
    with pytest.raises(CommandError, match="foreign does not tell"):
        run(foreign)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="does not hold"):
        run(tmp_path / "nowhere")


def test_too_few_questions_are_refused_in_words(labelled: Path) -> None:
    with pytest.raises(CommandError, match="at least two groups"):
        run(labelled, "--every", 8)
