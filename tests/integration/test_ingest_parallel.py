"""Several at once: uploads of the same file, workers at the same queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connections

from documents.ingest import lease as leases
from documents.ingest.drain import drain
from documents.models import Chunk, Collection, Document, DocumentVersion, EmbeddingSpace
from documents.selectors import search_index
from tests.integration.factories import WREN, Api

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_broker"),
]


def _together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs at the same moment, each in a thread; return what they return."""
    gate, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(number: int, job: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[number] = job()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def _uploads(apis: Sequence[Api], data: bytes = WREN) -> list[Any]:
    return _together(*(lambda api=api: api.upload(("wren.txt", data)) for api in apis))


def _again(api: Api) -> Api:
    """Return another program of the same user: a client is not shared by threads."""
    return Api(api.user)


def test_the_same_file_uploaded_at_once_is_one_document(ada: Api) -> None:
    responses = _uploads([_again(ada) for _ in range(4)])
    assert [r.status_code for r in responses] == [202] * 4
    documents = [r.json()["documents"][0] for r in responses]
    assert len({d["id"] for d in documents}) == 1
    assert sorted(d["duplicate"] for d in documents) == [False, True, True, True]
    assert Document.objects.count() == DocumentVersion.objects.count() == 1


def test_the_first_uploads_of_a_user_make_one_default_collection(ada: Api) -> None:
    jobs = [_again(ada) for _ in range(4)]
    _together(*(
        lambda api=api, n=n: api.upload((f"{n}.txt", f"Text {n}.".encode()))
        for n, api in enumerate(jobs)
    ))  # fmt: skip
    assert Collection.objects.count() == 1
    assert Document.objects.count() == 4


def test_versions_added_at_once_get_numbers_of_their_own(ada: Api) -> None:
    document = ada.ready()["id"]
    jobs = [_again(ada) for _ in range(4)]
    _together(*(
        lambda api=api, n=n: api.add_version(document, "v.txt", f"Version {n}.".encode())
        for n, api in enumerate(jobs)
    ))  # fmt: skip
    numbers = DocumentVersion.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == [1, 2, 3, 4, 5]


def test_workers_at_one_queue_share_the_work_and_do_none_twice(ada: Api) -> None:
    files = [(f"{n}.txt", f"The text of number {n}.".encode()) for n in range(8)]
    ada.upload(*files)
    workers = [leases.worker_register().pk for _ in range(3)]
    done = _together(*(lambda pk=pk: drain(pk) for pk in workers))
    assert sum(done) == 8
    assert set(DocumentVersion.objects.values_list("status", "attempts")) == {("ready", 1)}
    counts = search_index().counts()
    assert Chunk.objects.count() == counts.keyword == counts.semantic == 8
    assert EmbeddingSpace.objects.count() == 1


def test_an_upload_during_the_deletion_of_the_same_bytes_keeps_its_file(ada: Api, bob: Api) -> None:
    document = ada.ready()["id"]
    deleted, uploaded = _together(
        lambda: ada.delete(f"/api/documents/{document}"),
        lambda: bob.upload(("wren.txt", WREN)),
    )
    assert (deleted.status_code, uploaded.status_code) == (204, 202)
    own = uploaded.json()["documents"][0]["id"]
    assert bob.get(f"/api/documents/{own}/versions/1/download").content == WREN


def test_changes_at_once_lose_none(ada: Api) -> None:
    document = ada.ready()["id"]
    path = f"/api/documents/{document}"
    one, other = _again(ada), _again(ada)
    _together(
        lambda: one.patch(path, {"title": "A title"}),
        lambda: other.patch(path, {"author": "An author"}),
    )
    now = ada.document(document)
    assert (now["title"], now["author"]) == ("A title", "An author")


def test_a_search_goes_on_while_documents_are_taken_in(ada: Api) -> None:
    ada.ready()
    files = [(f"{n}.txt", f"The wren of number {n}.".encode()) for n in range(4)]
    ada.upload(*files)
    worker, reader = leases.worker_register().pk, _again(ada)
    _, searched = _together(
        lambda: drain(worker),
        lambda: [reader.get("/api/search", q="eggs in April").status_code for _ in range(10)],
    )
    assert searched == [200] * 10
