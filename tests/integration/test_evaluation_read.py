"""Labelled sets as they are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from documents.errors import InvalidInput
from documents.services.evaluation import dataset_read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {"_id": "AMAZON_2017_10K.pdf#p3", "title": "", "text": "Cash."},
        {"_id": "x", "title": "Own title", "text": "Text."},
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "How much cash?"}')
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\tx\t1\n")
    return tmp_path


def _titles(folder: Path, *, named: bool) -> list[str]:
    return [title for title, _ in dataset_read(folder, named=named).corpus.values()]


def test_titles_are_as_the_set_has_them(folder: Path) -> None:
    assert _titles(folder, named=False) == ["", "Own title"]


def test_untitled_documents_take_the_title_of_their_file_where_asked(folder: Path) -> None:
    assert _titles(folder, named=True) == ["AMAZON 2017 10K", "Own title"]


def test_a_folder_that_holds_no_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="does not hold"):
        dataset_read(tmp_path)
