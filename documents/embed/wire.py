"""What goes over the wire to an embeddings endpoint and what comes back.

The shapes are those of OpenAI's ``POST /v1/embeddings``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from documents.errors import EmbeddingFailed

#: OpenAI's small model: the one that ``auto`` means where a key is configured.
DEFAULT_MODEL = "text-embedding-3-small"

#: Texts and characters in one request. OpenAI takes 2,048 texts and 300,000 tokens.
BATCH_TEXTS = 128
BATCH_CHARACTERS = 100_000


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """``texts`` in their order, in portions that one request may carry."""
    start = size = 0
    for i, text in enumerate(texts):
        if i > start and (i - start >= BATCH_TEXTS or size + len(text) > BATCH_CHARACTERS):
            yield texts[start:i]
            start, size = i, 0
        size += len(text)
    if start < len(texts):
        yield texts[start:]


def shortened(text: str, limit: int) -> str:
    """``text`` cut to at most ``limit`` bytes of UTF-8, never inside a character.

    The common tokenizers work on bytes, so a text has no more tokens than bytes.
    """
    raw = text.encode("utf-8", "replace")
    return raw[:limit].decode("utf-8", "ignore")


def read_vectors(body: bytes, count: int) -> list[NDArray[np.float32]]:
    """The ``count`` vectors of a response, in the order of the texts.

    Raises ``EmbeddingFailed`` when the body is not such a response, or when a
    vector is missing, double or unreadable.
    """
    try:
        rows = json.loads(body)["data"]
        by_index = {int(row["index"]): _vector(row["embedding"]) for row in rows}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EmbeddingFailed(
            "The embedding service answered with something that is not embeddings. "
            "Check OPENAI_BASE_URL."
        ) from error
    if len(rows) != count or set(by_index) != set(range(count)):
        raise EmbeddingFailed(
            f"The embedding service gave {len(rows)} vectors for {count} texts, or mixed them up."
        )
    return [by_index[i] for i in range(count)]


def _vector(value: Any) -> NDArray[np.float32]:
    if not isinstance(value, str):
        return np.asarray(value, dtype=np.float32).reshape(-1)
    try:
        return np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4")
    except binascii.Error as error:
        raise ValueError("not base64") from error
