"""Another chunking or another embedder, tried in an index of its own.

The documents of one collection are cut, embedded and indexed anew by a child process
with other settings, in a database that exists for this alone: the product's own code,
and not a row of the live index touched. The child ends with its parent.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Sum
from django.db.models.functions import Length

from chat.services.measuring import JudgedQuestion, Measured, Progress, measure
from chat.services.setups import Setup, live_setup
from documents import storage
from documents.errors import InvalidInput, ProductError, ServiceError
from documents.extract import sandbox
from documents.ingest.indexing import index_chunks, write_chunks
from documents.models import Collection, Document, DocumentVersion, VersionText
from documents.scratch import is_in_use, scratch_folder
from documents.search.scope import Within
from documents.selectors import search_index
from documents.services.collections import collection_create
from documents.text.assemble import assemble
from documents.text.chunk import chunk
from documents.types import (
    BlockKind,
    BlockSpan,
    MediaType,
    Stage,
    Status,
    StructuredText,
)

#: What is read and indexed anew for one comparison: each file takes a process of its own, and
#: a million characters a minute. Measured on two cores that were busy five times over.
MAX_DOCUMENTS = 500
MAX_CHARACTERS = 5_000_000
#: Seconds for one side of a comparison; with the reading, both fit in the time of the task.
DEADLINE = 700.0
#: A folder that a killed child left behind is older than any that is in use.
STALE = 1800.0
PREFIX = "compare-"
#: Share of the child's work that is done when the index is complete.
_INDEXED = 0.7


def refuse_too_big(collection: Collection) -> None:
    """Raise ``InvalidInput`` for a collection too big to be indexed anew for a comparison."""
    found = _documents(collection).aggregate(
        documents=Count("pk"), characters=Sum(Length("current_version__content__text"))
    )
    documents, characters = found["documents"], found["characters"] or 0
    if documents > MAX_DOCUMENTS or characters > MAX_CHARACTERS:
        raise InvalidInput(
            f"The collection holds {documents:,} documents with {characters:,} characters. Another "
            f"chunking or another model can be compared on up to {MAX_DOCUMENTS:,} documents with "
            f"{MAX_CHARACTERS:,} characters; weight and threshold on any number."
        )


def _documents(collection: Collection) -> Any:
    return Document.objects.filter(
        collection=collection, retired_at=None, current_version__isnull=False
    )


# --- the parent -----------------------------------------------------------------------


def corpus_of(collection: Collection, on_progress: Progress) -> list[dict[str, Any]]:
    """Return the current versions of a collection with their structure, read anew."""
    rows = list(
        _documents(collection).select_related("current_version__content").order_by("created_at")
    )
    corpus = []
    for done, document in enumerate(rows, start=1):
        version = document.current_version
        structured = _structured(version)
        corpus.append(
            {
                "id": str(document.pk),
                "title": version.indexed_title or document.title,
                "number": version.number,
                "text": structured.text,
                "page_starts": list(structured.page_starts),
                "blocks": [[b.start, b.end, b.kind, b.level, b.page] for b in structured.blocks],
            }
        )
        on_progress(done / len(rows))
    return corpus


def _structured(version: DocumentVersion) -> StructuredText:
    """Return the text of a version with its headings and tables.

    They are not stored, so the file is read again. Where that gives another text than
    the one that is cited, as after an update of the reader, the stored one counts, in
    paragraphs.
    """
    text, page_starts = version.content.text, tuple(version.content.page_starts)
    try:
        data = storage.original_read(version.original)
        structured = assemble(sandbox.extract(data, MediaType(version.media_type)))
    except (ProductError, OSError, ValueError):
        return _paragraphs(text, page_starts)
    return structured if structured.text == text else _paragraphs(text, page_starts)


def _paragraphs(text: str, page_starts: Sequence[int]) -> StructuredText:
    blocks, start = [], 0
    for part in text.split("\n\n"):
        if part.strip():
            page = sum(begins <= start for begins in page_starts) or None
            blocks.append(BlockSpan(start, start + len(part), BlockKind.PARAGRAPH, 0, page))
        start += len(part) + 2
    return StructuredText(text, tuple(blocks), tuple(page_starts))


def measured_apart(
    setup: Setup,
    corpus: Sequence[Mapping[str, Any]],
    questions: Sequence[JudgedQuestion],
    on_progress: Progress,
) -> list[Measured]:
    """Index the corpus as ``setup`` says and ask every question there, in a child process.

    Raises ``ServiceError`` when the child fails or takes too long, with what it said.
    """
    order = {
        "setup": asdict(setup),
        "corpus": list(corpus),
        "questions": [asdict(question) for question in questions],
    }
    with (
        scratch_folder(PREFIX) as folder,
        _child(folder, setup) as (stdin, stdout),
    ):
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        # The pipe stays open: when this process dies it closes, and the child ends.
        return _result(stdout, on_progress)


@contextmanager
def _child(folder: Path, setup: Setup) -> Iterator[tuple[IO[str], IO[str]]]:
    process = subprocess.Popen(  # noqa: S603 - our own program, with settings that were checked
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "measure_setup"],
        env=os.environ | _environment(folder, setup),
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    timer = threading.Timer(DEADLINE, process.kill)
    timer.start()
    stdin, stdout = process.stdin, process.stdout
    try:
        if stdin is None or stdout is None:
            raise ServiceError
        yield stdin, stdout
    finally:
        timer.cancel()
        process.kill()
        for pipe in (stdin, stdout):
            if pipe is not None:
                _close(pipe)
        process.wait()


def _close(pipe: IO[str]) -> None:
    with suppress(BrokenPipeError):  # the child was faster; what it said has been read
        pipe.close()


def _environment(folder: Path, setup: Setup) -> dict[str, str]:
    same = setup.embedding_model == live_setup().embedding_model
    return {
        "DATABASE_URL": f"sqlite:///{folder / 'scratch.db'}",
        "CHUNK_SIZE": str(setup.chunk_size),
        "CHUNK_OVERLAP": str(setup.chunk_overlap),
        "EMBEDDING_MODEL": setup.embedding_model,
        "EMBEDDING_DIMENSIONS": str(settings.EMBEDDING_DIMENSIONS if same else 0),
    }


def _result(stdout: IO[str], on_progress: Progress) -> list[Measured]:
    for line in stdout:
        said = json.loads(line)
        if "error" in said:
            raise ServiceError(said["error"])
        if "results" in said:
            return [_measured(item) for item in said["results"]]
        on_progress(said["progress"])
    raise ServiceError("The comparison took too long or was ended from outside.")


def _measured(item: dict[str, Any]) -> Measured:
    tuples = {key: tuple(item[key]) for key in ("right", "wrong", "hits")}
    return Measured(**(item | tuples))


def remove_stale() -> None:
    """Remove the folders that killed comparisons left behind."""
    for folder in Path(settings.TEMP_DIR).glob(f"{PREFIX}*"):
        if time.time() - folder.stat().st_mtime > STALE and not is_in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)


# --- the child ------------------------------------------------------------------------

Say = Callable[[dict[str, Any]], None]


def carry_out(order: Mapping[str, Any], say: Say) -> None:
    """Fill the present (scratch) database and measure. Tells progress, then the results."""
    setup = Setup(**order["setup"])
    questions = [_question(item) for item in order["questions"]]
    user = User.objects.create(username="comparison")
    collection = collection_create(user=user, name="Comparison")
    for done, item in enumerate(order["corpus"], start=1):
        _add(collection, item)
        say({"progress": _INDEXED * done / len(order["corpus"])})
    measured = measure(
        user,
        Within(collections=[collection.pk]),
        setup,
        questions,
        lambda share: say({"progress": _INDEXED + (1 - _INDEXED) * share}),
    )
    say({"results": [asdict(item) for item in measured]})


def _question(item: Mapping[str, Any]) -> JudgedQuestion:
    pairs = {key: tuple((d, q) for d, q in item[key]) for key in ("right", "wrong")}
    return JudgedQuestion(id=item["id"], text=item["text"], expected=item["expected"], **pairs)


def _add(collection: Collection, item: Mapping[str, Any]) -> None:
    """Index one document as the product does, under the id and the number it has there."""
    document = Document.objects.create(
        id=item["id"], collection=collection, title=item["title"][:300]
    )
    version = DocumentVersion.objects.create(
        document=document,
        number=item["number"],
        media_type=MediaType.TXT,
        size=len(item["text"]),
        status=Status.READY,
        stage=Stage.DONE,
    )
    VersionText.objects.create(version=version, text=item["text"], page_starts=item["page_starts"])
    blocks = tuple(BlockSpan(s, e, BlockKind(k), lv, p) for s, e, k, lv, p in item["blocks"])
    structured = StructuredText(item["text"], blocks, tuple(item["page_starts"]))
    drafts = chunk(structured, size=settings.CHUNK_SIZE, overlap=settings.CHUNK_OVERLAP)
    if drafts:
        rows = write_chunks(version, document.title, drafts, lambda _: None)
        index_chunks(version, document.title, rows, lambda _: None)
        search_index().set_current(version.pk, current=True)
    document.current_version = document.newest_version = version
    document.save()
