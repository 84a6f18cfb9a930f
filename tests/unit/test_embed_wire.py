"""Requests and responses of an embeddings endpoint, without a network."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx2
import numpy as np
import pytest

from documents.embed.openai import EmbeddingRefused, OpenAIEmbedder
from documents.embed.wire import (
    BATCH_CHARACTERS,
    BATCH_TEXTS,
    batches,
    read_vectors,
    shortened,
)
from documents.errors import EmbeddingFailed

Handler = Callable[[httpx2.Request], httpx2.Response]


def body(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"data": rows}).encode()


def embedder(handler: Handler, **options: Any) -> OpenAIEmbedder:
    client = httpx2.Client(transport=httpx2.MockTransport(handler))
    return OpenAIEmbedder(api_key="k", http_client=client, **options)


def constant(size: int, seen: list[dict[str, Any]]) -> Handler:
    """Answer every text with a vector of ``size`` ones, or of the size asked for."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        seen.append(asked)
        vector = [1.0] * asked.get("dimensions", size)
        rows = [{"index": i, "embedding": vector} for i in range(len(asked["input"]))]
        return httpx2.Response(200, json={"data": rows})

    return answer


def test_a_batch_holds_a_bounded_number_of_texts() -> None:
    sizes = [len(batch) for batch in batches(["x"] * (2 * BATCH_TEXTS + 1))]
    assert sizes == [BATCH_TEXTS, BATCH_TEXTS, 1]


def test_a_batch_holds_a_bounded_number_of_characters() -> None:
    third = "x" * (BATCH_CHARACTERS // 3)
    assert [len(batch) for batch in batches([third] * 7)] == [3, 3, 1]


def test_a_text_longer_than_a_batch_travels_alone() -> None:
    huge = "x" * (BATCH_CHARACTERS + 1)
    assert [len(batch) for batch in batches(["a", huge, "b"])] == [1, 1, 1]


def test_shortening_never_splits_a_character() -> None:
    assert shortened("aé漢", 4) == "aé"


def test_vectors_come_in_the_order_of_the_index() -> None:
    rows = [{"index": 1, "embedding": [0, 1]}, {"index": 0, "embedding": [1, 0]}]
    assert read_vectors(body(rows), 2)[0].tolist() == [1, 0]


def test_base64_and_numbers_read_alike() -> None:
    numbers = [0.25, -1.5]
    packed = base64.b64encode(np.array(numbers, dtype="<f4").tobytes()).decode()
    rows = [{"index": 0, "embedding": packed}, {"index": 1, "embedding": numbers}]
    first, second = read_vectors(body(rows), 2)
    assert first.tolist() == second.tolist() == numbers


@pytest.mark.parametrize(
    "answer",
    [
        b"<html></html>",
        b"[]",
        b'{"data": null}',
        b'{"data": [{"index": 0}]}',
        body([{"index": 0, "embedding": "***"}]),
        body([{"index": "x", "embedding": [1]}]),
        body([]),
        body([{"index": 1, "embedding": [1]}]),
        body([{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]),
    ],
)
def test_anything_but_one_vector_a_text_is_refused(answer: bytes) -> None:
    with pytest.raises(EmbeddingFailed):
        read_vectors(answer, 1)


def test_dimensions_are_not_sent_where_the_model_has_them_anyway() -> None:
    seen: list[dict[str, Any]] = []
    embedder(constant(1536, seen), dimensions=1536).embed_query("x")
    assert "dimensions" not in seen[0]


def test_fewer_dimensions_are_asked_for() -> None:
    seen: list[dict[str, Any]] = []
    assert embedder(constant(1536, seen), dimensions=256).embed_query("x").shape == (256,)
    assert seen[0]["dimensions"] == 256


def test_an_unknown_model_tells_its_size_itself() -> None:
    assert embedder(constant(7, []), model="home-made").dimensions == 7


def test_an_unknown_model_is_asked_for_dimensions_only_when_its_own_are_more() -> None:
    seen: list[dict[str, Any]] = []
    short = embedder(constant(9, seen), model="home-made", dimensions=3)
    assert short.embed_query("x").shape == (3,)
    assert ["dimensions" in request for request in seen] == [False, True]


def test_empty_texts_are_not_sent() -> None:
    seen: list[dict[str, Any]] = []
    vectors = embedder(constant(1536, seen)).embed_documents(["", "word", " "])
    assert seen[0]["input"] == ["word"]
    assert vectors.shape == (3, 1536)


def test_a_key_that_no_header_can_carry_is_refused_in_words() -> None:
    client = httpx2.Client(transport=httpx2.MockTransport(constant(3, [])))
    broken = OpenAIEmbedder(api_key="sk-…", http_client=client)
    with pytest.raises(EmbeddingRefused, match="OPENAI_API_KEY"):
        broken.embed_query("x")
