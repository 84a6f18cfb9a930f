"""Answers from OpenAI or any server that speaks its protocol, streamed."""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

import httpx2
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, AsyncOpenAI

from chat.errors import (
    ModelBusy,
    ModelError,
    ModelInterrupted,
    ModelTimeout,
    ModelUnauthorized,
    ModelUnreachable,
)
from chat.llm.base import Piece, Prompt, Usage
from chat.llm.dialect import DEFAULT_MODEL, Dialect
from chat.llm.sse import CompletionReader
from documents import origin

logger = logging.getLogger(__name__)

DEFAULT_BASE_URL = "https://api.openai.com/v1"

_SILENT = "The language model did not answer in time. Please try again."

#: Longest wait, in seconds, before the one retry. A person is watching the page.
LONGEST_WAIT = 5.0
#: Characters of answer accepted for one token asked for; beyond, the server ignores the limit.
CHARACTERS_PER_TOKEN = 8


class ModelUnavailable(ModelError):
    """The same request will fail again: the configuration is at fault."""

    code = "model_unavailable"
    retryable = False


#: For plain HTTP: trusts nobody, and costs nothing to make.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class OpenAIModel:
    """A language model behind ``POST {base_url}/chat/completions``.

    ``timeout`` is the longest silence in seconds; the prompt's own deadline bounds
    the whole. Each answer has its own connection, closed with its iterator, so an
    instance may serve any number of threads and event loops.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str = "",
        model: str = DEFAULT_MODEL,
        timeout: float = 20.0,
        max_retries: int = 1,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.model = model
        self._api_key = api_key or "none"  # local servers want no key, the client wants one
        self._base_url = base_url or DEFAULT_BASE_URL
        self._timeout = timeout
        self._max_retries = max_retries
        self._transport = transport
        official = "api.openai.com" in self._base_url
        self._dialect = Dialect("max_completion_tokens" if official else "max_tokens")

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """Yield the answer piece by piece, the token count last.

        Raises a subclass of ``ModelError`` for every fault, ``ModelTimeout`` at
        the prompt's deadline at the latest.
        """
        began = time.monotonic()
        with _noted(self.model, began):
            async with aclosing(self._stream(prompt, began + prompt.deadline)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _stream(self, prompt: Prompt, end: float) -> AsyncGenerator[Piece, None]:
        async with self._client() as client:
            response = await self._opened(client, prompt, end)
            try:
                async with aclosing(_pieces(response, prompt, end)) as pieces:
                    async for piece in pieces:
                        yield piece
            finally:
                # Without this the server goes on generating, and billing, for nobody.
                await response.aclose()

    def _client(self) -> AsyncOpenAI:
        # `trust_env=False`: a proxy variable of the environment must not redirect prompts.
        http_client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(self._timeout, connect=5.0),
            transport=self._transport,
            trust_env=False,
            verify=_tls_context() if self._base_url.startswith("https") else _NO_TLS,
        )
        return AsyncOpenAI(
            api_key=self._api_key,
            base_url=self._base_url,
            max_retries=0,  # retries are counted here, against the deadline
            http_client=http_client,
        )

    async def _opened(self, client: AsyncOpenAI, prompt: Prompt, end: float) -> httpx2.Response:
        """The response once its headers are there."""
        attempt = 0
        while True:
            try:
                async with asyncio.timeout(_left(end)):
                    return await self._posted(client, prompt)
            except TimeoutError as error:
                raise ModelTimeout(_SILENT) from error
            except UnicodeError as error:
                raise ModelUnauthorized from error  # a key that no header can carry
            except APIError as error:
                if self._adapted(error):
                    continue
                wait = _wait(error, attempt)
                attempt += 1
                if attempt > self._max_retries or wait is None or _left(end) <= wait:
                    raise _explained(error, self.model) from error
                if prompt.on_retry is not None:
                    await prompt.on_retry()
                await asyncio.sleep(wait)

    async def _posted(self, client: AsyncOpenAI, prompt: Prompt) -> httpx2.Response:
        messages: Any = [{"role": m.role, "content": _sendable(m.content)} for m in prompt.messages]
        raw = await client.chat.completions.with_raw_response.create(
            model=self.model,
            messages=messages,
            stream=True,
            extra_headers=origin.headers(),
            **self._dialect.options(prompt),
        )
        response: httpx2.Response = raw.http_response
        return response

    def _adapted(self, error: APIError) -> bool:
        """Whether the next request leaves out what the server objected to."""
        if not isinstance(error, APIStatusError) or error.status_code not in {400, 422}:
            return False
        changed = self._dialect.without(error.message)
        self._dialect = changed or self._dialect
        return changed is not None


@contextmanager
def _noted(model: str, began: float) -> Iterator[None]:
    """Log one line for a call: which model, how it ended, how long it took; never a word of it."""
    outcome = "stopped"
    try:
        yield
        outcome = "ok"
    except ModelError as error:
        outcome = error.code
        raise
    finally:
        ms = (time.monotonic() - began) * 1000
        logger.info("model call %s: %s in %.0f ms", model, outcome, ms)


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


@functools.cache
def _tls_context() -> ssl.SSLContext:
    # The operating system's trust store, with SSL_CERT_FILE honoured. Reading it takes
    # longer than a connection, so once per process.
    return httpx2.create_ssl_context(trust_env=True)


async def _pieces(
    response: httpx2.Response, prompt: Prompt, end: float
) -> AsyncGenerator[Piece, None]:
    reader = CompletionReader()
    room = prompt.max_tokens * CHARACTERS_PER_TOKEN
    async with aclosing(_parts(response, end, reader)) as parts:
        async for data in parts:
            for piece in reader.feed(data):
                yield Piece(piece.text[:room])
                room -= len(piece.text)
                if room <= 0:
                    return
    for piece in reader.close():
        yield piece
    if not reader.spoke:
        raise ModelError("The language model gave an empty answer. Please try again.")
    if not reader.finished:
        raise ModelInterrupted
    yield Piece(usage=reader.usage or Usage())


async def _parts(
    response: httpx2.Response, end: float, reader: CompletionReader
) -> AsyncGenerator[bytes, None]:
    """The body as it comes, until ``end``: the read timeout alone never stops a slow drip."""
    parts = aiter(response.aiter_bytes())
    try:
        while True:
            async with asyncio.timeout(_left(end)):
                part = await anext(parts)
            yield part
    except StopAsyncIteration:
        return
    except (TimeoutError, httpx2.TimeoutException) as error:
        raise (ModelTimeout() if reader.spoke else ModelTimeout(_SILENT)) from error
    except httpx2.HTTPError as error:
        if reader.finished:
            return  # all was said; the server only closed in a rude way
        raise (ModelInterrupted if reader.spoke else ModelUnreachable) from error


def _left(end: float) -> float:
    return end - time.monotonic()


def _wait(error: APIError, attempt: int) -> float | None:
    """Seconds to wait before trying again; ``None`` when that cannot help."""
    if isinstance(error, APITimeoutError):
        return None  # the person has waited long enough
    backoff = 0.5 * 2.0**attempt
    if not isinstance(error, APIStatusError):
        return backoff
    if error.code == "insufficient_quota" or (error.status_code != 429 and error.status_code < 500):
        return None
    asked = _retry_after(error.response)
    return max(asked, backoff) if asked <= LONGEST_WAIT else None


def _retry_after(response: httpx2.Response) -> float:
    try:
        seconds = float(response.headers.get("retry-after", "0"))
    except ValueError:
        return 0.0
    return max(seconds, 0.0) if math.isfinite(seconds) else math.inf


def _explained(error: APIError, model: str) -> ModelError:
    """A sentence for a person. Never the server's own text: it may echo key or prompt."""
    if isinstance(error, APITimeoutError):
        return ModelTimeout(_SILENT)
    if isinstance(error, APIConnectionError):
        return ModelUnreachable()
    if isinstance(error, APIStatusError):
        return _explained_status(error, model)
    return ModelError()


def _explained_status(error: APIStatusError, model: str) -> ModelError:
    status = error.status_code
    if status in {401, 403}:
        return ModelUnauthorized()
    if status == 404:
        return ModelUnavailable(
            f"The language model “{model}” does not exist at the configured address. "
            "Please tell the administrator."
        )
    if error.code == "insufficient_quota":
        return ModelUnavailable(
            "The account at the language model's provider has no credit left. "
            "Please tell the administrator."
        )
    if status == 429:
        return _busy(_retry_after(error.response))
    if status >= 500:
        return ModelError("The language model's server failed. Please try again in a moment.")
    return ModelUnavailable(f"The language model refused the request (status {status}).")


def _busy(wait: float) -> ModelBusy:
    if not 0 < wait <= 3600:
        return ModelBusy()
    return ModelBusy(
        "The language model is receiving too many requests. "
        f"Please try again in {math.ceil(wait)} seconds."
    )
