"""The second stage: a reranker over HTTP, and what happens when it does not answer as it must."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from documents.rerank.base import RerankFailed
from documents.rerank.http import HttpReranker, read_scores
from documents.search.hybrid import search
from documents.search.second import _reranker
from documents.types import Mode
from tests.integration.factories import Api, work
from tests.rerank_server import RerankServer

PASSAGES = ["Bread is baked.", "The wren lays seven eggs.", "The wren sings."]
FAULTS = ["500", "422", "404", "html", "nan", "few", "twice", "far", "words", "huge", "cut"]


def _client(server: RerankServer, **options: Any) -> HttpReranker:
    return HttpReranker(url=server.url, **({"deadline": 2.0} | options))


@pytest.mark.parametrize("tei", [False, True])
def test_passages_get_their_scores_in_their_order(tei: bool) -> None:
    with RerankServer(tei=tei) as server:
        client = _client(server)
        assert client.scores("the wren lays", PASSAGES) == [0.0, 3.0, 2.0]
        client.close()


def test_the_form_that_was_taken_is_sent_at_once_the_next_time() -> None:
    with RerankServer(tei=True) as server:
        client = _client(server)
        client.scores("wren", PASSAGES)
        client.scores("wren", PASSAGES)
        client.close()
    assert ["texts" in body for body in server.requests] == [False, True, True]


def test_model_and_key_are_sent_where_they_are_set() -> None:
    with RerankServer() as server:
        client = _client(server, model="a-model", api_key="a-key")
        client.scores("wren", PASSAGES)
        client.close()
    assert server.requests[0]["model"] == "a-model"
    assert server.headers[0]["Authorization"] == "Bearer a-key"


def test_nothing_is_sent_for_no_passage() -> None:
    with RerankServer() as server:
        client = _client(server)
        assert client.scores("wren", []) == []
        client.close()
    assert server.requests == []


def test_long_and_broken_texts_are_sent_in_bounds() -> None:
    with RerankServer() as server:
        client = _client(server)
        assert len(client.scores("\ud800", ["x" * 100_000, "\ud800"])) == 2
        client.close()
    assert max(map(len, server.requests[0]["documents"])) == 4000


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_none_is_refused(fault: str) -> None:
    with RerankServer(fault) as server:
        client = _client(server)
        with pytest.raises(RerankFailed):
            client.scores("wren", PASSAGES)
        client.close()


@pytest.mark.parametrize("fault", ["slow", "drip"])
def test_the_deadline_holds_however_slowly_it_comes(fault: str) -> None:
    with RerankServer(fault) as server:
        client, began = _client(server, deadline=0.3), time.monotonic()
        with pytest.raises(RerankFailed, match="too long"):
            client.scores("wren", PASSAGES)
        assert time.monotonic() - began < 1.5
        client.close()


def test_a_server_that_is_not_there_is_a_failure() -> None:
    with RerankServer() as server:
        url = server.url
    client = HttpReranker(url=url, deadline=1.0)
    with pytest.raises(RerankFailed, match="cannot be reached"):
        client.scores("wren", PASSAGES)
    client.close()


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"null", b"3", b"{}", b'{"results": 3}', b"[[]]", b'[{"index": 0}]',
     b'[{"index": true, "score": 1}]', b'[{"index": 0, "score": true}]',
     b'[{"index": 0, "score": 1e999}]', b'[{"index": "0", "score": 1}]', b"[" * 10_000],
)  # fmt: skip
def test_no_body_makes_scores_of_nothing(body: bytes) -> None:
    with pytest.raises(RerankFailed):
        read_scores(body, 1)


# --- in a search ----------------------------------------------------------------------


@pytest.fixture
def birds(ada: Api) -> Api:
    for number, text in enumerate(PASSAGES):
        ada.upload((f"b{number}.txt", text.encode()))
    work()
    return ada


@pytest.fixture
def server(settings: Any) -> Iterator[RerankServer]:
    with RerankServer() as running:
        settings.RERANK_URL, settings.RERANK_TIMEOUT = running.url, 0.5
        yield running
        _reranker(running.url, "", "", 0.5).close()  # type: ignore[attr-defined]
    _reranker.cache_clear()


def _texts(api: Api, query: str, **options: Any) -> list[str]:
    return [hit.text for hit in search(api.user, query, **options).hits]


@pytest.mark.django_db
@pytest.mark.usefixtures("one_transaction")
class TestInASearch:
    def test_it_has_the_last_word_on_the_order(self, birds: Api, server: RerankServer) -> None:
        assert _texts(birds, "is baked. bread wren eggs")[0] == PASSAGES[0]
        assert len(server.requests) == 1

    def test_relevance_still_falls_with_the_rank(self, birds: Api, server: RerankServer) -> None:
        found = [hit.relevance for hit in search(birds.user, "is baked. wren lays eggs").hits]
        assert found == sorted(found, reverse=True)

    def test_one_channel_alone_is_left_as_it_is(self, birds: Api, server: RerankServer) -> None:
        _texts(birds, "wren", mode=Mode.KEYWORD)
        assert server.requests == []

    @pytest.mark.parametrize("fault", ["500", "nan", "slow"])
    def test_the_first_order_stands_when_it_fails(
        self, birds: Api, server: RerankServer, caplog: pytest.LogCaptureFixture,
        settings: Any, fault: str,
    ) -> None:  # fmt: skip
        url, settings.RERANK_URL = settings.RERANK_URL, ""
        before = _texts(birds, "seven eggs of the wren")
        settings.RERANK_URL, server.fault = url, fault
        with caplog.at_level(logging.WARNING, "documents.search.second"):
            result = search(birds.user, "seven eggs of the wren", explain=True)
        assert [hit.text for hit in result.hits] == before
        assert "the reranker failed" in caplog.text
        assert result.trace is not None
        assert "failed" in result.trace.reranker

    def test_it_never_reads_what_the_caller_may_not_see(
        self, birds: Api, bob: Api, server: RerankServer
    ) -> None:
        bob.upload(("own.txt", b"A wren of my own."))
        work()
        _texts(bob, "wren eggs bread")
        [request] = server.requests
        assert ["own" in text for text in request["documents"]] == [True]
