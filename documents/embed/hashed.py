"""A deterministic embedder without a model, for tests and for trying things out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from documents.embed.base import Vectors
from documents.embed.vectors import unit_or_neutral

_WORD = re.compile(r"\w+")
# Scripts written without spaces: each pair of neighbouring characters is a word.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")


class HashedEmbedder:
    """Feature hashing of words into signed buckets, normalised.

    Texts that share words are near each other; nothing else is known. The same
    text gives the same vector in every process. Method: Weinberger et al.,
    "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
    """

    def __init__(self, dimensions: int = 256) -> None:
        self.model = f"hashed-{dimensions}"
        self.dimensions = dimensions
        self.dense_weight = 0.3

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of the texts, shape ``(len(texts), dimensions)``."""
        raw = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(raw, texts, strict=True):
            for word in _features(text):
                bucket, sign = self._bucket(word)
                row[bucket] += sign
        return unit_or_neutral(raw)

    def embed_query(self, text: str) -> Vectors:
        """The vector of one question, shape ``(dimensions,)``."""
        row: Vectors = self.embed_documents([text])[0]
        return row

    def _bucket(self, word: str) -> tuple[int, float]:
        digest = blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
        number = int.from_bytes(digest, "big")
        return (number >> 1) % self.dimensions, 1.0 if number & 1 else -1.0


def _features(text: str) -> list[str]:
    folded = text.casefold()
    words = _WORD.findall(folded)
    pairs = [run[i : i + 2] for run in _UNSPACED.findall(folded) for i in range(len(run) - 1)]
    return words + pairs
