"""The embedder against a server on loopback that misbehaves."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from documents.embed.openai import EmbeddingRefused, OpenAIEmbedder
from documents.errors import EmbeddingFailed
from tests.openai_server import OpenAIServer

DEADLINE = 2.0
KEY = "sk-very-secret"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def embedder(server: OpenAIServer) -> Iterator[OpenAIEmbedder]:
    made = OpenAIEmbedder(
        api_key=KEY, base_url=server.url, timeout=0.5, deadline=DEADLINE, max_retries=1
    )
    yield made
    made.close()


FAULTS = [
    "400", "401", "404", "429", "500", "503", "html", "wrong_json", "silence", "drip", "drop",
    "wrong_size", "nan", "inf", "zero", "too_few", "duplicate",
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_ends_in_an_error_within_the_deadline(
    server: OpenAIServer, embedder: OpenAIEmbedder, fault: str
) -> None:
    server.fail(fault)
    began = time.monotonic()
    with pytest.raises(EmbeddingFailed):
        embedder.embed_documents(["one", "two"])
    assert time.monotonic() - began < DEADLINE + 1


@pytest.mark.parametrize("fault", ["400", "401", "403", "404"])
def test_no_error_repeats_the_key_or_the_text(
    server: OpenAIServer, embedder: OpenAIEmbedder, fault: str
) -> None:
    server.fail(fault)
    with pytest.raises(EmbeddingFailed) as caught:
        embedder.embed_documents(["confidential", "two"])
    assert KEY not in str(caught.value)
    assert "confidential" not in str(caught.value)


@pytest.mark.parametrize("fault", ["permuted", "floats", "reject_base64"])
def test_what_the_protocol_allows_is_understood(
    server: OpenAIServer, embedder: OpenAIEmbedder, fault: str
) -> None:
    right = embedder.embed_documents(["one", "two", "three"])
    server.fail(fault)
    assert np.allclose(embedder.embed_documents(["one", "two", "three"]), right, atol=1e-6)


def test_a_refused_key_is_not_retried(server: OpenAIServer, embedder: OpenAIEmbedder) -> None:
    server.fail("401")
    with pytest.raises(EmbeddingRefused, match="OPENAI_API_KEY"):
        embedder.embed_query("one")
    assert len(server.requests) == 1


def test_a_passing_fault_is_retried(server: OpenAIServer, embedder: OpenAIEmbedder) -> None:
    server.fail("500", times=1)
    assert embedder.embed_query("one").shape == (1536,)
    assert len(server.requests) == 2


def test_the_server_s_wish_to_wait_is_heeded(
    server: OpenAIServer, embedder: OpenAIEmbedder
) -> None:
    server.fail("429", times=1, retry_after=0.8)
    embedder.embed_query("one")
    first, second = server.requests
    assert second.began - first.ended >= 0.75


def test_a_wish_to_wait_for_hours_is_not(server: OpenAIServer, embedder: OpenAIEmbedder) -> None:
    server.fail("429", retry_after=99999)
    with pytest.raises(EmbeddingFailed, match="too many requests"):
        embedder.embed_query("one")
    assert len(server.requests) == 1


def test_a_text_too_long_for_the_model_is_shortened(
    server: OpenAIServer, embedder: OpenAIEmbedder
) -> None:
    server.fail("too_long")
    assert embedder.embed_query("word " * 4000).shape == (1536,)


def test_many_texts_travel_in_several_requests(
    server: OpenAIServer, embedder: OpenAIEmbedder
) -> None:
    texts = [f"text {i}" for i in range(300)]
    together = embedder.embed_documents(texts)
    assert [len(r.body["input"]) for r in server.requests] == [128, 128, 44]
    assert np.allclose(together[200], embedder.embed_query("text 200"), atol=1e-6)


def test_nobody_listening_is_an_error_that_names_the_address(
    server: OpenAIServer, embedder: OpenAIEmbedder
) -> None:
    server.refuse_connections()
    with pytest.raises(EmbeddingFailed, match="OPENAI_BASE_URL"):
        embedder.embed_query("one")


def test_proxy_variables_do_not_redirect_texts(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    embedder = OpenAIEmbedder(api_key=KEY, base_url=server.url)
    assert embedder.embed_query("one").shape == (1536,)
    embedder.close()
