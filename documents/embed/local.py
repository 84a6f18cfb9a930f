"""The built-in embedder: static word vectors that come inside a wheel.

WordLlama (https://github.com/dleemiller/WordLlama) averages the token vectors of
a text. It needs no key, no download and no GPU, about 0.1 ms for a question.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from documents.embed.base import Vectors
from documents.embed.late import Tokens, likeness
from documents.embed.vectors import unit_or_neutral
from documents.errors import EmbeddingFailed

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODEL = "wordllama-256"
DIMENSIONS = 256
#: Characters read of one text. The mean of so many tokens no longer moves.
MAX_CHARACTERS = 50_000

#: Passages whose tokens are kept in memory, about 3 kB each.
KEPT_PASSAGES = 4096

_lock = threading.Lock()
_loaded: _Model | None = None


class _Model:
    """Tokenizer and token vectors, shared by all embedders of the process."""

    def __init__(self, tokenizer: Any, weights: NDArray[np.float32]) -> None:
        self._tokenizer = tokenizer
        self._weights = weights
        self._passage_tokens = lru_cache(maxsize=KEPT_PASSAGES)(self.tokens)

    def tokens(self, text: str) -> Tokens:
        """The rows of the text's tokens, in order."""
        # One text at a time: padding a batch to its longest text can cost gigabytes, and
        # `encode_batch` starts threads that do not survive the fork of a worker.
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        return np.minimum(np.asarray(ids, dtype=np.int32), np.int32(len(self._weights) - 1))

    def mean_of_tokens(self, text: str) -> NDArray[np.float32]:
        known = self.tokens(text)
        if not known.size:
            return np.zeros(self._weights.shape[1], dtype=np.float32)
        mean: NDArray[np.float32] = self._weights[known].mean(axis=0, dtype=np.float32)
        return mean

    def likeness(self, asked: str, passages: Sequence[str]) -> list[float]:
        # Passages come again from search to search; cutting them into tokens is most of the cost.
        known = [self._passage_tokens(text) for text in passages]
        return likeness(self.tokens(asked), known, self._weights)


class LocalEmbedder:
    """WordLlama, 256 dimensions. Loads on first use, once per process; thread-safe.

    ``dense_weight`` 0.3 is what the fusion measured for these vectors.
    """

    def __init__(self) -> None:
        self.model = MODEL
        self.dimensions = DIMENSIONS
        self.dense_weight = 0.3

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of the texts, shape ``(len(texts), 256)``.

        A text without any token gets the neutral vector. Raises ``EmbeddingFailed``
        when the model's files are missing from the installation.
        """
        model = _model()
        raw = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in zip(raw, texts, strict=True):
            row[:] = model.mean_of_tokens(_readable(text))
        return unit_or_neutral(raw)

    def embed_query(self, text: str) -> Vectors:
        """The vector of one question, shape ``(256,)``. Raises like above."""
        row: Vectors = self.embed_documents([text])[0]
        return row

    def likeness(self, question: str, passages: Sequence[str]) -> list[float]:
        """How well a stretch of each passage holds what the words of the question mean.

        From -1 to 1; see ``documents.embed.late``. Raises like above.
        """
        asked, texts = _readable(question), [_readable(text) for text in passages]
        return _model().likeness(asked, texts)


def _readable(text: str) -> str:
    # The tokenizer is Rust and takes no lone surrogates.
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _model() -> _Model:
    global _loaded  # noqa: PLW0603 - one model of 32 MB per process
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = _load()
    return _loaded


def _load() -> _Model:
    try:
        wordllama = _import_wordllama()
        # The wheel keeps the tokenizer where only `cache_dir` finds it.
        loaded = wordllama.WordLlama.load(
            dim=DIMENSIONS,
            cache_dir=Path(wordllama.__file__).parent,
            disable_download=True,
        )
    except (ImportError, OSError, ValueError) as error:
        raise EmbeddingFailed(
            "The built-in embedding model is not complete. Install the requirements again."
        ) from error
    loaded.tokenizer.no_padding()
    return _Model(loaded.tokenizer, loaded.embedding)


def _import_wordllama() -> Any:
    # The package calls `logging.basicConfig` when imported, which would take over the root
    # logger of a program that has not set up its own; a handler in place prevents that.
    root, guard = logging.getLogger(), logging.NullHandler()
    root.addHandler(guard)
    try:
        import wordllama  # noqa: PLC0415 - 0.2 s of import that many processes never need
    finally:
        root.removeHandler(guard)
    return wordllama
