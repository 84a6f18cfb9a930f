"""Why a request with a key is not carried out."""

from __future__ import annotations

from documents.errors import Conflict, InvalidInput, ProductError


class KeyInvalid(InvalidInput):
    code = "idempotency_key_invalid"
    default_message = (
        "An Idempotency-Key has 1 to 255 letters, digits or characters of ._~:/+=@- and no spaces."
    )


class KeyReused(ProductError):
    """The key stands for another request (another body, or another address)."""

    code = "idempotency_key_reused"
    default_message = "This Idempotency-Key was used for another request. Make a new one."
    status = 422


class StillRunning(Conflict):
    """The first request with this key has no answer yet."""

    code = "idempotency_in_progress"
    default_message = "The first request with this Idempotency-Key is still being carried out."
    retryable = True
    retry_after = 2


class AnswerGone(Conflict):
    """It was carried out, but the caller may not read any more what came of it."""

    code = "idempotency_answer_gone"
    default_message = (
        "This request was carried out. What it made is gone since, or you may not see it any more."
    )
