"""The vectors of questions, kept where a server makes them.

The built-in embedder takes less time than a look into the cache does.
"""

from __future__ import annotations

import base64

import numpy as np
from django.conf import settings

from documents.caching import Cached, keep, key_of, read, tell
from documents.embed.base import Embedder, OnServer, Vectors


def query_vector(embedder: Embedder, text: str) -> Vectors:
    """Return the vector of a question, shape ``(dimensions,)``. Raises ``EmbeddingFailed``."""
    if not (isinstance(embedder, OnServer) and settings.SEARCH_CACHE_SECONDS):
        return embedder.embed_query(text)
    key = key_of(Cached.EMBEDDING, embedder.server, embedder.model, embedder.dimensions, text)
    kept = _unpacked(read(key), embedder.dimensions)
    tell(Cached.EMBEDDING, hit=kept is not None)
    if kept is not None:
        return kept
    vector = embedder.embed_query(text)
    packed = base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()
    keep(key, packed, settings.SEARCH_CACHE_SECONDS)
    return vector


def _unpacked(kept: object, dimensions: int) -> Vectors | None:
    if not isinstance(kept, str):
        return None
    vector = np.frombuffer(base64.b64decode(kept), dtype="<f4")
    return vector.astype(np.float32) if len(vector) == dimensions else None
