"""What every embedder must do, whichever it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx2
import numpy as np
import pytest

from documents.embed.base import Embedder
from documents.embed.factory import EmbedderConfig, make_embedder
from documents.embed.hashed import HashedEmbedder
from documents.embed.local import LocalEmbedder
from documents.embed.openai import OpenAIEmbedder


def answering(request: httpx2.Request) -> httpx2.Response:
    """Answer like an embeddings endpoint, with hashed vectors."""
    body = json.loads(request.content)
    vectors = HashedEmbedder(body.get("dimensions", 1536)).embed_documents(body["input"])
    rows = [{"index": i, "embedding": vector.tolist()} for i, vector in enumerate(vectors)]
    return httpx2.Response(200, json={"data": rows})


@pytest.fixture(params=["hashed", "local", "openai"])
def embedder(request: pytest.FixtureRequest) -> Iterator[Embedder]:
    if request.param == "hashed":
        yield HashedEmbedder()
    elif request.param == "local":
        yield LocalEmbedder()
    else:
        with httpx2.Client(transport=httpx2.MockTransport(answering)) as client:
            yield OpenAIEmbedder(api_key="k", http_client=client)


def test_each_text_has_a_vector_of_the_promised_size(embedder: Embedder) -> None:
    vectors = embedder.embed_documents(["one", "two", "three"])
    assert vectors.shape == (3, embedder.dimensions)
    assert vectors.dtype == np.float32


def test_vectors_have_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed_documents(["a short text", "another " * 500])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("text", ["", "   \n\t", "\x00", "\u200b", "?!", "\ud800"])
def test_a_text_without_words_gets_a_unit_vector_too(embedder: Embedder, text: str) -> None:
    vectors = embedder.embed_documents(["words", text])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed_documents([]).shape == (0, embedder.dimensions)


def test_a_query_is_one_vector(embedder: Embedder) -> None:
    query = embedder.embed_query("where is the harbour")
    assert query.shape == (embedder.dimensions,)


def test_the_same_text_gives_the_same_vector_beside_any_other(embedder: Embedder) -> None:
    alone = embedder.embed_documents(["the harbour is in the north"])[0]
    beside = embedder.embed_documents(["x", "the harbour is in the north", "y " * 300])[1]
    assert np.allclose(alone, beside, atol=1e-6)


def test_texts_that_share_words_are_nearer(embedder: Embedder) -> None:
    near, far = embedder.embed_documents(["the old harbour of the city", "quarterly tax report"])
    query = embedder.embed_query("city harbour")
    assert query @ near > query @ far


def test_the_space_has_a_name_and_a_weight(embedder: Embedder) -> None:
    assert embedder.model
    assert 0 < embedder.dense_weight < 1


@pytest.mark.parametrize(
    ("config", "model"),
    [
        (EmbedderConfig(), "wordllama-256"),
        (EmbedderConfig(model="wordllama-256", api_key="k"), "wordllama-256"),
        (EmbedderConfig(api_key="k"), "text-embedding-3-small"),
        (EmbedderConfig(base_url="http://127.0.0.1:1/v1"), "text-embedding-3-small"),
        (EmbedderConfig(model="bge-m3", base_url="http://127.0.0.1:1/v1"), "bge-m3"),
        (EmbedderConfig(model="hashed"), "hashed-256"),
        (EmbedderConfig(model="hashed-64", api_key="k"), "hashed-64"),
    ],
)
def test_the_settings_choose_the_embedder(config: EmbedderConfig, model: str) -> None:
    assert make_embedder(config).model == model


def test_configured_dimensions_reach_the_embedder() -> None:
    config = EmbedderConfig(api_key="k", dimensions=512)
    assert make_embedder(config).dimensions == 512


@pytest.mark.parametrize("build", [HashedEmbedder, LocalEmbedder])
def test_two_embedders_of_a_model_share_their_space(build: Callable[[], Embedder]) -> None:
    assert np.array_equal(build().embed_query("same space"), build().embed_query("same space"))
