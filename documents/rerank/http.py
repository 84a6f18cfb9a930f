"""A reranker behind ``POST /rerank``, as vLLM, TEI, llama.cpp, Jina and Cohere serve it.

Cohere's and Jina's form is ``{"query", "documents"}`` answered by ``{"results":
[{"index", "relevance_score"}]}``, TEI's is ``{"query", "texts"}`` answered by a bare
``[{"index", "score"}]``. Either answer is read; a server that refuses the first form is
asked in the second, and in that from then on.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx2

from documents import origin
from documents.rerank.base import RerankFailed

#: Seconds for one request in all.
DEADLINE = 2.0
#: Bytes of an answer: forty scores need four thousand, a server may repeat the texts.
MOST_BYTES = 1_000_000
#: Characters of one passage that are sent.
MOST_CHARACTERS = 4_000

_SLOW = "The reranker took too long to answer."
_UNREADABLE = "The reranker answered with something that is not a ranking."


class HttpReranker:
    """A reranker at ``url``, the whole address of its ``/rerank``. Thread-safe."""

    def __init__(
        self, *, url: str, model: str = "", api_key: str = "", deadline: float = DEADLINE
    ) -> None:
        self.name = model or httpx2.URL(url).host
        self._url, self._model, self._deadline = url, model, deadline
        self._in_tei_form = False
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx2.Client(
            # A proxy variable of the environment must not redirect passages.
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(deadline, connect=min(deadline, 1.0)),
            verify=httpx2.create_ssl_context(trust_env=True),
        )

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """One finite score for each passage. Raises ``RerankFailed``."""
        if not passages:
            return []
        asked, texts = _sendable(question), [_sendable(text) for text in passages]
        end = time.monotonic() + self._deadline
        try:
            answer = self._answer(self._body(asked, texts), end)
        except _FormRefused:
            if self._in_tei_form:
                raise
            answer = self._answer(_tei_body(asked, texts), end)
            self._in_tei_form = True
        return read_scores(answer, len(texts))

    def close(self) -> None:
        """Close the connections to the server."""
        self._client.close()

    def _body(self, question: str, texts: list[str]) -> dict[str, Any]:
        if self._in_tei_form:
            return _tei_body(question, texts)
        body: dict[str, Any] = {"query": question, "documents": texts, "top_n": len(texts)}
        return body | ({"model": self._model} if self._model else {})

    def _answer(self, body: Mapping[str, Any], end: float) -> bytes:
        """The answer's bytes. A watchdog ends what drips too slowly for a read timeout."""
        try:
            with self._client.stream(
                "POST", self._url, json=body, headers=self._headers | origin.headers()
            ) as response:
                watchdog = threading.Timer(max(end - time.monotonic(), 0.0), response.close)
                watchdog.daemon = True
                watchdog.start()
                try:
                    return b"".join(_bounded(response, end))
                finally:
                    watchdog.cancel()
        except httpx2.TimeoutException:
            raise RerankFailed(_SLOW) from None
        except (httpx2.HTTPError, httpx2.StreamError, OSError):
            late = time.monotonic() >= end
            raise RerankFailed(_SLOW if late else "The reranker cannot be reached.") from None


def _tei_body(question: str, texts: list[str]) -> dict[str, Any]:
    return {"query": question, "texts": texts, "truncate": True}


class _FormRefused(RerankFailed):
    """The server does not take the body; another form of it may do."""


def _bounded(response: httpx2.Response, end: float) -> Iterator[bytes]:
    if response.status_code in {400, 422}:
        raise _FormRefused("The reranker refused the form of the request.")
    if response.status_code != 200:
        raise RerankFailed(f"The reranker refused the request (status {response.status_code}).")
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise RerankFailed("The reranker's answer is too long.")
        if time.monotonic() >= end:
            raise RerankFailed(_SLOW)
        yield part


def _sendable(text: str) -> str:
    return text[:MOST_CHARACTERS].encode("utf-8", "replace").decode()


def read_scores(body: bytes, count: int) -> list[float]:
    """The ``count`` scores of an answer, in the order of the passages.

    Raises ``RerankFailed`` where it is no such answer, or a score is missing, double,
    for a passage that was not sent, or not finite.
    """
    try:
        answer = json.loads(body)
        rows = answer["results"] if isinstance(answer, dict) else answer
        pairs = [_pair(row) for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RerankFailed(_UNREADABLE) from None
    scores = dict(pairs)
    if len(pairs) != count or set(scores) != set(range(count)):
        raise RerankFailed(f"The reranker gave {len(pairs)} scores for {count} passages.")
    if not all(math.isfinite(score) for score in scores.values()):
        raise RerankFailed("The reranker gave scores that are not numbers.")
    return [scores[place] for place in range(count)]


def _pair(row: Mapping[str, Any]) -> tuple[int, float]:
    index, score = row["index"], row["relevance_score" if "relevance_score" in row else "score"]
    if type(index) is not int or isinstance(score, bool):
        raise TypeError
    if not isinstance(score, int | float):
        raise TypeError
    return index, float(score)
