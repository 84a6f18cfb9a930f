"""Comparisons: what they measure, that they end, and that the live index is not touched."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from chat import tasks
from chat.models import Comparison, QuestionSet
from chat.services import comparing, questions, scratch
from chat.services.setups import live_setup, weight_make_live
from documents.errors import Conflict, EmbeddingFailed, Forbidden, InvalidInput
from documents.models import Chunk, Document, EmbeddingSpace, Membership, VersionText
from documents.selectors import search_index
from tests.integration.factories import Api, person

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("one_transaction", "no_broker"),
]

#: Long enough for several chunks.
FERRY = (
    b"The ferry\n\nThe ferry leaves the north pier at nine. Bicycles travel free of charge.\n\n"
    + b"Dogs need a muzzle on deck. " * 40
    + b"\n\nThe captain of the ferry is called Maren Holt."
)
PIER = b"The pier\n\nThe north pier was built in 1887. The ferry house stands on it."


@pytest.fixture
def docs(ada: Api) -> dict[str, Document]:
    ids = {name: ada.ready(f"{name}.txt", data)["id"] for name, data in
           (("ferry", FERRY), ("pier", PIER))}  # fmt: skip
    return {name: Document.objects.get(pk=pk) for name, pk in ids.items()}


@pytest.fixture
def saved(ada: Api, docs: dict[str, Document]) -> QuestionSet:
    made = questions.default_set(ada.user, docs["ferry"].collection)
    _judged(ada, made, "When does the ferry leave?", docs["ferry"], "leaves the north pier at nine")
    _judged(ada, made, "When was the north pier built?", docs["pier"], "built in 1887", "In 1887.")
    questions.question_save(user=ada.user, question_set=made, text="What does a kingfisher eat?")
    return made


def _judged(
    ada: Api, made: QuestionSet, text: str, document: Document, quote: str, expected: str = ""
) -> None:
    question = questions.question_save(
        user=ada.user, question_set=made, text=text, expected=expected
    )
    passage = questions.passage_find(document, quote)
    questions.judgement_set(user=ada.user, question=question, passage=passage, grade=1)


def _compared(ada: Api, saved: QuestionSet, **values: Any) -> Comparison:
    made = comparing.comparison_create(user=ada.user, question_set=saved, **values)
    comparing.comparisons_run()
    made.refresh_from_db()
    return made


def _index() -> tuple[int, int, int]:
    counts = search_index().counts()
    return counts.keyword, counts.semantic, Chunk.objects.count()


def test_another_weight_is_measured_side_by_side(ada: Api, saved: QuestionSet) -> None:
    done = _compared(ada, saved, dense_weight=1.0)
    assert (done.state, done.progress) == ("done", 1.0)
    live = done.summary["live"]
    assert (live["questions"], live["judged"], live["expected"]) == (3, 2, 1)
    assert live["ndcg_10"] == live["recall_10"] == live["mrr_10"] == 1.0
    assert live["answered_right"] == 1.0
    assert live["refused"] == pytest.approx(1 / 3, abs=0.001)
    assert sum(done.summary["changes"].values()) == len(done.results) == 3


def test_the_weight_asked_for_decides_the_ranking(
    ada: Api, saved: QuestionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []
    fuse = __import__("documents.search.hybrid", fromlist=["fuse"]).fuse

    def noted(keyword: Any, semantic: Any, weight: float) -> Any:
        seen.append(weight)
        return fuse(keyword, semantic, weight)

    monkeypatch.setattr("documents.search.hybrid.fuse", noted)
    _compared(ada, saved, dense_weight=0.85)
    assert set(seen) == {live_setup().dense_weight, 0.85}


def test_a_higher_threshold_refuses_more(ada: Api, saved: QuestionSet) -> None:
    done = _compared(ada, saved, threshold=0.99)
    assert done.summary["other"]["refused"] == 1.0
    assert done.summary["other"]["answered_right"] == 0.0
    assert done.summary["changes"] == {"better": 0, "worse": 2, "same": 1}


def test_a_result_keeps_places_and_no_text(ada: Api, saved: QuestionSet) -> None:
    done = _compared(ada, saved, dense_weight=1.0)
    assert done.results[0]["live"]["hits"][0]["end"] > 0
    assert "pier" not in json.dumps(done.results)


def test_another_chunking_is_measured_in_an_index_of_its_own(
    ada: Api, saved: QuestionSet, docs: dict[str, Document]
) -> None:
    before = _index()
    done = _compared(ada, saved, chunk_size=150, chunk_overlap=0)
    assert (done.state, done.reason) == ("done", "")
    assert _index() == before
    hit = done.results[0]["other"]["hits"][0]
    assert hit["document_id"] == str(docs["ferry"].pk)
    assert hit["end"] - hit["start"] <= 150 < max(c.end - c.start for c in Chunk.objects.all())
    assert done.results[0]["other"]["right"] == [1]
    assert not list(Path(settings.TEMP_DIR).glob(f"{scratch.PREFIX}*"))


def test_the_corpus_keeps_ids_texts_and_structure(docs: dict[str, Document]) -> None:
    shares: list[float] = []
    corpus = scratch.corpus_of(docs["ferry"].collection, shares.append)
    assert {item["id"] for item in corpus} == {str(d.pk) for d in docs.values()}
    first = corpus[0]
    assert first["text"] == VersionText.objects.get(version__document=docs["ferry"]).text
    assert next(first["text"][b[0] : b[1]] for b in first["blocks"]) == "The ferry"
    assert shares == [0.5, 1.0]


def test_a_text_that_reads_otherwise_today_counts_as_it_is_stored(
    docs: dict[str, Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = VersionText.objects.get(version__document=docs["pier"])
    content.text = "Another text.\n\nIn two paragraphs."
    content.save()
    corpus = {item["id"]: item for item in scratch.corpus_of(docs["pier"].collection, print)}
    item = corpus[str(docs["pier"].pk)]
    assert item["text"] == content.text
    assert [item["text"][b[0] : b[1]] for b in item["blocks"]] == [
        "Another text.",
        "In two paragraphs.",
    ]


def test_a_collection_that_is_too_big_is_told_at_once(
    ada: Api, saved: QuestionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "MAX_CHARACTERS", 100)
    with pytest.raises(InvalidInput, match="with 100 characters"):
        comparing.comparison_create(user=ada.user, question_set=saved, chunk_size=500)
    assert comparing.comparison_create(user=ada.user, question_set=saved, threshold=0.5).pk


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (['{"progress": 0.5}', '{"error": "The model is gone."}'], "The model is gone."),
        (['{"progress": 0.5}'], "took too long or was ended"),
    ],
)
def test_a_child_that_fails_or_dies_says_why(
    ada: Api, saved: QuestionSet, monkeypatch: pytest.MonkeyPatch, lines: list[str], said: str
) -> None:
    @contextmanager
    def child(*args: Any) -> Any:
        yield StringIO(), StringIO("\n".join(lines))

    monkeypatch.setattr(scratch, "_child", child)
    done = _compared(ada, saved, chunk_size=500)
    assert done.state == "failed"
    assert said in done.reason


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "Change something"),
        ({"dense_weight": 1.5}, "between 0 and 1"),
        ({"threshold": -0.1}, "between 0 and 1"),
        ({"chunk_size": 50}, "100 to 20,000"),
        ({"chunk_size": 300, "chunk_overlap": 200}, "at most half"),
        ({"embedding_model": "text-embedding-3-large"}, "no server is set"),
        ({"colour": "blue"}, "nothing called colour"),
    ],
)
def test_values_that_make_no_sense_are_refused(
    ada: Api, saved: QuestionSet, values: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        comparing.comparison_create(user=ada.user, question_set=saved, **values)


def test_an_empty_set_cannot_be_compared_on(ada: Api, docs: dict[str, Document]) -> None:
    empty = questions.set_create(user=ada.user, collection=docs["pier"].collection, name="Empty")
    with pytest.raises(InvalidInput, match="no question"):
        comparing.comparison_create(user=ada.user, question_set=empty, threshold=0.9)


def test_a_viewer_makes_no_comparisons(ada: Api, saved: QuestionSet) -> None:
    vera = person("vera")
    Membership.objects.create(collection=saved.collection, user=vera, role="viewer")
    with pytest.raises(Forbidden):
        comparing.comparison_create(user=vera, question_set=saved, threshold=0.9)


def test_who_lost_access_gets_a_reason_and_no_results(ada: Api, saved: QuestionSet) -> None:
    made = comparing.comparison_create(user=ada.user, question_set=saved, threshold=0.9)
    Membership.objects.filter(user=ada.user).delete()
    comparing.comparisons_run()
    made.refresh_from_db()
    assert (made.state, made.results) == ("failed", [])
    assert "no longer read" in made.reason


def test_a_comparison_whose_worker_died_is_begun_again(ada: Api, saved: QuestionSet) -> None:
    made = comparing.comparison_create(user=ada.user, question_set=saved, threshold=0.9)
    comparing._claim()  # and the worker is killed
    assert comparing.comparisons_sweep() == 0  # its lease holds
    Comparison.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert comparing.comparisons_sweep() == 1
    comparing.comparisons_run()
    made.refresh_from_db()
    assert (made.state, made.attempts) == ("done", 2)


def test_a_comparison_that_kills_its_worker_ends_with_a_reason(
    ada: Api, saved: QuestionSet
) -> None:
    made = comparing.comparison_create(user=ada.user, question_set=saved, threshold=0.9)
    for _ in range(comparing.MAX_ATTEMPTS):
        comparing._claim()
        Comparison.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        comparing.comparisons_sweep()
    made.refresh_from_db()
    assert (made.state, comparing.comparisons_sweep()) == ("failed", 0)
    assert "three times" in made.reason


def test_a_worker_that_lost_its_lease_writes_nothing(
    ada: Api, saved: QuestionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = comparing.comparison_create(user=ada.user, question_set=saved, threshold=0.9)
    taken = comparing._claim()
    assert taken is not None
    Comparison.objects.update(lease_owner="another")
    comparing._run(taken)
    made.refresh_from_db()
    assert (made.state, made.lease_owner, made.results) == ("running", "another", [])


def test_an_error_nobody_foresaw_ends_it_with_a_reason(
    ada: Api, saved: QuestionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> Any:
        raise RuntimeError("anything")

    monkeypatch.setattr(comparing, "measure", broken)
    done = _compared(ada, saved, threshold=0.9)
    assert (done.state, done.reason) == ("failed", comparing._BROKEN)


def test_only_the_latest_comparisons_of_a_set_are_kept(
    ada: Api, saved: QuestionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "KEPT", 2)
    for value in (0.7, 0.8, 0.9):
        comparing.comparison_create(user=ada.user, question_set=saved, threshold=value)
    assert [c.other["threshold"] for c in saved.comparisons.all()] == [0.9, 0.8]


def test_a_set_is_not_compared_many_times_at_once(
    ada: Api, saved: QuestionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "MAX_WAITING", 1)
    comparing.comparison_create(user=ada.user, question_set=saved, threshold=0.5)
    with pytest.raises(Conflict):
        comparing.comparison_create(user=ada.user, question_set=saved, threshold=0.6)
    comparing.comparisons_run()
    assert comparing.comparison_create(user=ada.user, question_set=saved, threshold=0.6).pk


def test_a_task_does_one_comparison_and_rings_for_the_next(
    ada: Api, saved: QuestionSet, no_broker: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    for value in (0.5, 0.6):
        comparing.comparison_create(user=ada.user, question_set=saved, threshold=value)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.compare()
    assert Comparison.objects.filter(state="queued").count() == 1
    assert no_broker == [comparing.COMPARE]


def test_the_sweep_rings_for_what_waits(
    ada: Api, saved: QuestionSet, no_broker: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    comparing.comparison_create(user=ada.user, question_set=saved, threshold=0.5)
    no_broker.clear()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep()
    assert no_broker == [comparing.COMPARE]


def test_an_embedder_that_fails_ends_a_comparison_with_its_reason(
    ada: Api, saved: QuestionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Any, text: str) -> Any:
        raise EmbeddingFailed

    monkeypatch.setattr("documents.embed.hashed.HashedEmbedder.embed_query", broken)
    done = _compared(ada, saved, threshold=0.9)
    assert (done.state, done.reason) == ("failed", EmbeddingFailed.default_message)


def test_a_weight_made_live_is_what_searches_go_by(ada: Api, saved: QuestionSet) -> None:
    weight_make_live(0.77)
    assert EmbeddingSpace.objects.get(state="active").dense_weight == 0.77
    assert live_setup().dense_weight == 0.77


def test_folders_of_killed_comparisons_are_removed_later(tmp_path: Path) -> None:
    old, new = (Path(settings.TEMP_DIR) / f"{scratch.PREFIX}{name}" for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir()
    long_ago = old.stat().st_mtime - scratch.STALE - 1
    os.utime(old, (long_ago, long_ago))
    scratch.remove_stale()
    assert (old.exists(), new.exists()) == (False, True)
    new.rmdir()


# --- on the command line --------------------------------------------------------------


def _evaluated(name: str, *options: str) -> str:
    out = StringIO()
    call_command("evaluate", name, *options, stdout=out)
    return out.getvalue()


def test_a_saved_set_is_evaluated_by_mode_and_by_question(ada: Api, saved: QuestionSet) -> None:
    slug = saved.collection.slug
    body = json.loads(_evaluated(f"{slug}/From feedback", "--json"))
    assert body["dataset"] == f"{slug}/From feedback"
    assert [m["mode"] for m in body["modes"]] == ["hybrid", "keyword", "semantic"]
    assert body["modes"][0]["queries"] == len(body["questions"]) == 2
    assert body["questions"][0]["modes"]["hybrid"]["ranks"] == [1]
    assert body["questions"][0]["modes"]["hybrid"]["ndcg_10"] == 1.0


def test_a_saved_set_is_evaluated_by_its_id_as_a_table(saved: QuestionSet) -> None:
    lines = _evaluated(str(saved.pk)).splitlines()
    assert "2 questions with known answers" in lines[0]
    assert lines[1].split() == ["mode", "nDCG@10", "R@10", "R@100", "MRR@10"]
    assert lines[2].split()[0] == "hybrid"


def test_evaluating_a_set_changes_nothing(saved: QuestionSet) -> None:
    with connection.execute_wrapper(_only_reads):
        _evaluated(str(saved.pk))


def _only_reads(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    assert sql.lstrip().upper().startswith(("SELECT", "PRAGMA")), sql
    return execute(sql, params, many, context)


@pytest.mark.parametrize("name", ["no/set", "999999", "/nowhere/at/all", "…"])
def test_a_set_that_does_not_exist_is_told(db: None, name: str) -> None:
    with pytest.raises(CommandError, match="is no saved set of questions"):
        _evaluated(name)


def test_a_set_without_a_right_passage_is_told(ada: Api, docs: dict[str, Document]) -> None:
    made = questions.set_create(user=ada.user, collection=docs["pier"].collection, name="New")
    with pytest.raises(CommandError, match="No passage"):
        _evaluated(str(made.pk))


def test_a_beir_folder_is_evaluated_as_before(tmp_path: Path, transactional_db: None) -> None:
    _beir(tmp_path, {"a": "The wren lays seven eggs.", "b": "The ferry leaves at nine."})
    body = json.loads(_evaluated(str(tmp_path), "--json"))
    assert body["modes"][0]["ndcg_10"] == 1.0


def _beir(folder: Path, corpus: dict[str, str]) -> None:
    rows = [json.dumps({"_id": key, "title": "", "text": text}) for key, text in corpus.items()]
    (folder / "corpus.jsonl").write_text("\n".join(rows))
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "How many eggs?"}))
    lines: Sequence[str] = ["query-id\tcorpus-id\tscore", "q\ta\t1"]
    (folder / "qrels.tsv").write_text("\n".join(lines) + "\n")
