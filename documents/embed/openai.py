"""Embeddings from OpenAI or any server that speaks its protocol."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Sequence

import httpx2
import numpy as np
from numpy.typing import NDArray
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, OpenAI, omit

from documents import origin
from documents.embed.base import Vectors
from documents.embed.vectors import neutral_vector, unit_or_refused
from documents.embed.wire import DEFAULT_MODEL, batches, read_vectors, shortened
from documents.errors import EmbeddingFailed

DEFAULT_BASE_URL = "https://api.openai.com/v1"

#: Sizes of well-known models, so that an index can be made before the first call.
KNOWN_DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "nomic-embed-text": 768,
    "mxbai-embed-large": 1024,
    "bge-m3": 1024,
    "BAAI/bge-m3": 1024,
    "all-minilm": 384,
}

#: Bytes of UTF-8 sent of one text: first a guess at 8,191 tokens of prose, then, when the
#: server finds a text too long, limits that are safe for smaller and smaller models.
TEXT_LIMITS: tuple[int, ...] = (24_000, 8_000, 2_000, 500)

#: Longest wait, in seconds, that a server may ask for before it counts as down.
LONGEST_WAIT = 20.0

_TOO_LONG = re.compile(
    r"too long|too large|context length|maximum.{0,40}(tokens|length)|exceed", re.IGNORECASE
)


class EmbeddingRefused(EmbeddingFailed):
    """The service will refuse the same request again: the configuration is at fault."""

    code = "embedding_refused"
    retryable = False


class OpenAIEmbedder:
    """An embedder behind ``POST {base_url}/embeddings``. Thread-safe.

    ``dimensions`` of 0 means the model's own size; where it is unknown, one short
    request finds it out. ``timeout`` is the longest silence of the server and
    ``deadline`` the longest time for one request with all its retries, in seconds.
    ``dense_weight`` 0.5 is what the fusion measured for models of this strength.
    """

    def __init__(  # noqa: PLR0913 - the settings of a connection, all by name
        self,
        *,
        api_key: str,
        base_url: str = "",
        model: str = DEFAULT_MODEL,
        dimensions: int = 0,
        timeout: float = 20.0,
        deadline: float = 60.0,
        max_retries: int = 2,
        http_client: httpx2.Client | None = None,
    ) -> None:
        self.model = model
        self.server = base_url or DEFAULT_BASE_URL
        self.dense_weight = 0.5
        self._native = KNOWN_DIMENSIONS.get(model, 0)
        self._size = dimensions or self._native
        self._send_dimensions = bool(self._native and self._size != self._native)
        self._encoding_refused = False
        self._deadline = deadline
        self._max_retries = max_retries
        self._limits = TEXT_LIMITS
        self._size_lock = threading.Lock()
        self._client = OpenAI(
            api_key=api_key or "none",  # local servers want no key, the client wants one
            base_url=base_url or DEFAULT_BASE_URL,
            max_retries=0,  # retries are counted here, against one deadline
            http_client=http_client or _http_client(timeout),
        )

    @property
    def dimensions(self) -> int:
        """Size of the vectors.

        Raises ``EmbeddingFailed`` when only the server knows it and does not tell.
        """
        if not self._size:
            with self._size_lock:
                if not self._size:
                    self._size = len(self._request(["size"])[0])
        return self._size

    @dimensions.setter
    def dimensions(self, value: int) -> None:
        self._size = value

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of the texts, shape ``(len(texts), dimensions)``.

        A text without any visible character gets the neutral vector and is not
        sent. Raises ``EmbeddingFailed``; nothing partial is returned.
        """
        said = [text for text in texts if text.strip()]
        rows = [row for batch in batches(said) for row in self._embed(batch)]
        vectors = iter(unit_or_refused(rows, self.dimensions))
        neutral = neutral_vector(self.dimensions)
        result = [next(vectors) if text.strip() else neutral for text in texts]
        return np.stack(result) if result else np.empty((0, self.dimensions), dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        """The vector of one question, shape ``(dimensions,)``. Raises like above."""
        row: Vectors = self.embed_documents([text])[0]
        return row

    def close(self) -> None:
        """Close the connections to the server."""
        self._client.close()

    def _embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        rows = self._request(texts)
        longer = bool(self._size) and all(len(row) > self._size for row in rows)
        if longer and not self._send_dimensions:
            # A model unknown here was given its own size until now; ask for the configured one.
            self._send_dimensions = True
            rows = self._request(texts)
        return rows

    def _request(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        end = time.monotonic() + self._deadline
        attempt = 0
        while True:
            try:
                body = self._send([shortened(text, self._limits[0]) for text in texts], end)
                return read_vectors(body, len(texts))
            except UnicodeError as error:
                raise EmbeddingRefused(_NOT_A_KEY) from error
            except APIError as error:
                if self._adapted(error):
                    continue
                wait = _wait(error, attempt)
                attempt += 1
                if attempt > self._max_retries or wait is None or _left(end) <= wait:
                    raise _explained(error) from error
                time.sleep(wait)

    def _send(self, texts: Sequence[str], end: float) -> bytes:
        if _left(end) <= 0:
            raise EmbeddingFailed(_SLOW)
        with self._client.embeddings.with_streaming_response.create(
            model=self.model,
            input=list(texts),
            encoding_format="float" if self._encoding_refused else "base64",
            dimensions=self._size if self._send_dimensions else omit,
            extra_headers=origin.headers(),
        ) as response:
            return _read(response.http_response, end)

    def _adapted(self, error: APIError) -> bool:
        """Whether the request was changed in a way that may mend ``error``."""
        if not isinstance(error, APIStatusError) or error.status_code not in {400, 413, 422}:
            return False
        if _TOO_LONG.search(error.message) and len(self._limits) > 1:
            self._limits = self._limits[1:]
            return True
        if "encoding" in error.message.lower() and not self._encoding_refused:
            self._encoding_refused = True
            return True
        return False


_NOT_A_KEY = "OPENAI_API_KEY holds characters that no key has."
_SLOW = "The embedding service took too long to answer."


def _http_client(timeout: float) -> httpx2.Client:
    # `trust_env=False`: a proxy variable of the environment must not redirect documents.
    # The trust store stays the operating system's, with SSL_CERT_FILE honoured.
    return httpx2.Client(
        timeout=httpx2.Timeout(timeout, connect=5.0),
        trust_env=False,
        verify=httpx2.create_ssl_context(trust_env=True),
    )


def _read(response: httpx2.Response, end: float) -> bytes:
    """The body, given up at ``end``: the read timeout alone never stops a slow drip."""
    parts = []
    try:
        for part in response.iter_bytes():
            parts.append(part)
            if _left(end) <= 0:
                raise EmbeddingFailed(_SLOW)
    except httpx2.TimeoutException as error:
        raise APITimeoutError(request=response.request) from error
    except httpx2.HTTPError as error:
        raise APIConnectionError(request=response.request) from error
    return b"".join(parts)


def _left(end: float) -> float:
    return end - time.monotonic()


def _wait(error: APIError, attempt: int) -> float | None:
    """Seconds to wait before trying again; ``None`` when that cannot help."""
    backoff = min(0.5 * 2.0**attempt, 8.0)
    if isinstance(error, APIConnectionError):
        return backoff
    if not isinstance(error, APIStatusError) or error.code == "insufficient_quota":
        return None
    if error.status_code not in {408, 409, 429} and error.status_code < 500:
        return None
    asked = _retry_after(error.response)
    return max(asked, backoff) if asked <= LONGEST_WAIT else None


def _retry_after(response: httpx2.Response) -> float:
    try:
        seconds = float(response.headers.get("retry-after", "0"))
    except ValueError:
        return 0.0
    return max(seconds, 0.0) if math.isfinite(seconds) else math.inf


def _explained(error: APIError) -> EmbeddingFailed:
    """A sentence for a person. Never the server's own text: it may echo key or document."""
    if isinstance(error, APITimeoutError):
        return EmbeddingFailed(_SLOW)
    if isinstance(error, APIConnectionError):
        return EmbeddingFailed("The embedding service cannot be reached. Check OPENAI_BASE_URL.")
    if not isinstance(error, APIStatusError):
        return EmbeddingFailed()
    return _explained_status(error)


def _explained_status(error: APIStatusError) -> EmbeddingFailed:
    status = error.status_code
    if status in {401, 403}:
        return EmbeddingRefused("The embedding service refused the API key. Check OPENAI_API_KEY.")
    if error.code == "insufficient_quota":
        return EmbeddingRefused("The account at the embedding service has no credit left.")
    if status == 404:
        return EmbeddingRefused(
            "The embedding service does not know this model or address. "
            "Check EMBEDDING_MODEL and OPENAI_BASE_URL."
        )
    if status == 429:
        return EmbeddingFailed("The embedding service is receiving too many requests.")
    if status >= 500:
        return EmbeddingFailed(f"The embedding service failed on its side (status {status}).")
    return EmbeddingRefused(f"The embedding service refused the request (status {status}).")
