"""How well the search finds what is known to be right: a labelled set in BEIR's form.

The set is indexed by the product's own chunking, embedder and index, and asked
through its own search, in a database of its own that is thrown away.
"""

from __future__ import annotations

import csv
import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from documents.errors import InvalidInput
from documents.ingest.indexing import index_chunks, write_chunks
from documents.models import Collection, Document, DocumentVersion, VersionText
from documents.scratch import scratch_folder
from documents.search.hybrid import search
from documents.search.metrics import ndcg, recall, reciprocal_rank
from documents.selectors import search_index
from documents.services.collections import collection_create
from documents.text.assemble import assemble
from documents.text.chunk import chunk
from documents.text.names import title_from_name
from documents.types import (
    Block,
    ExtractedPage,
    Extraction,
    MediaType,
    Mode,
    Stage,
    Status,
)

#: Chunks asked for, so that a hundred documents are found behind them.
DEPTH = 300

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A labelled set: texts by id, questions by id, and the grades of what answers them."""

    name: str
    corpus: Mapping[str, tuple[str, str]]
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Scores:
    """The means over all questions that have an answer, each from 0 to 1."""

    mode: Mode
    queries: int
    ndcg_10: float
    recall_10: float
    recall_100: float
    mrr_10: float


def dataset_read(folder: Path, *, named: bool = False) -> Dataset:
    """Read ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``. Raises ``InvalidInput``.

    ``named`` gives a document without a title that of the file its id names, up to a
    ``#`` that begins the name of a part, as an upload of that file would have it.
    """
    try:
        corpus = {
            row["_id"]: (
                row.get("title", "") or (_file_title(row["_id"]) if named else ""),
                row["text"],
            )
            for row in _lines(folder, "corpus")
        }
        queries = {row["_id"]: row["text"] for row in _lines(folder, "queries")}
        qrels: dict[str, dict[str, int]] = defaultdict(dict)
        with (folder / "qrels.tsv").open(encoding="utf-8", newline="") as file:
            for query, document, grade in list(csv.reader(file, delimiter="\t"))[1:]:
                if int(grade) > 0:
                    qrels[query][document] = int(grade)
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        message = f"{folder} does not hold corpus.jsonl, queries.jsonl and qrels.tsv: {error}"
        raise InvalidInput(message) from None
    return Dataset(folder.name, corpus, queries, dict(qrels))


def _file_title(key: str) -> str:
    return title_from_name(key.partition("#")[0])


def _lines(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    with (folder / f"{name}.jsonl").open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


@contextmanager
def scratch_database() -> Iterator[None]:
    """Use an empty database of its own meanwhile; it is encrypted, and gone afterwards."""
    kept = dict(connection.settings_dict)
    with scratch_folder("evaluating-") as folder:
        connection.close()
        options = dict(kept["OPTIONS"])
        options["init_command"] += ";PRAGMA synchronous = OFF"
        connection.settings_dict |= {"NAME": f"{folder}/scratch.db", "OPTIONS": options}
        try:
            call_command("migrate", verbosity=0, interactive=False)
            yield
        finally:
            connection.close()
            connection.settings_dict |= kept


def evaluate(dataset: Dataset, on_progress: Progress | None = None) -> list[Scores]:
    """Index the set in the present (scratch) database and ask every question in every mode."""
    notify = on_progress or (lambda *_: None)
    user, names = dataset_index(dataset, notify)
    return [_asked(dataset, mode, user, names, notify) for mode in Mode]


def dataset_index(dataset: Dataset, notify: Progress) -> tuple[User, dict[str, str]]:
    """Index the set in the present (scratch) database.

    Returns who may read it, and the texts' ids by the ids of their documents.
    """
    user = User.objects.create(username="evaluation")
    collection = collection_create(user=user, name=dataset.name)
    names = {}
    for done, (key, (title, text)) in enumerate(dataset.corpus.items(), start=1):
        names[str(_add(collection, title, text))] = key
        notify("indexing", done, len(dataset.corpus))
    return user, names


def _add(collection: Collection, title: str, text: str) -> uuid.UUID:
    document = Document.objects.create(collection=collection, title=title[:300])
    version = DocumentVersion.objects.create(
        document=document,
        number=1,
        media_type=MediaType.TXT,
        size=len(text),
        status=Status.READY,
        stage=Stage.DONE,
    )
    blocks = tuple(Block(part) for part in text.split("\n\n") if part.strip())
    structured = assemble(Extraction((ExtractedPage(None, blocks),)))
    VersionText.objects.create(version=version, text=structured.text)
    drafts = chunk(structured, size=settings.CHUNK_SIZE, overlap=settings.CHUNK_OVERLAP)
    if drafts:
        rows = write_chunks(version, title, drafts, lambda _: None)
        index_chunks(version, title, rows, lambda _: None)
        search_index().set_current(version.pk, current=True)
    document.current_version = document.newest_version = version
    document.save()
    return document.pk


def _asked(
    dataset: Dataset, mode: Mode, user: Any, names: Mapping[str, str], notify: Progress
) -> Scores:
    asked = [query for query in dataset.queries if query in dataset.qrels]
    totals = [0.0, 0.0, 0.0, 0.0]
    for done, query in enumerate(asked, start=1):
        hits = search(user, dataset.queries[query][:2000], mode=mode, limit=DEPTH).hits
        # A document stands where its best chunk does.
        ranked = list(dict.fromkeys(names[hit.document_id] for hit in hits))
        grades = dataset.qrels[query]
        for i, value in enumerate(
            (
                ndcg(ranked, grades, 10),
                recall(ranked, grades, 10),
                recall(ranked, grades, 100),
                reciprocal_rank(ranked, grades, 10),
            )
        ):
            totals[i] += value
        notify(mode.value, done, len(asked))
    means = [round(total / len(asked), 4) if asked else 0.0 for total in totals]
    return Scores(mode, len(asked), *means)
