"""What can go wrong between a question and its answer."""

from __future__ import annotations

from documents.errors import Conflict, InvalidInput, ProductError, ServiceError


class EmptyQuestion(InvalidInput):
    code = "empty_question"
    default_message = "Please type a question."


class QuestionTooLong(InvalidInput):
    code = "question_too_long"
    default_message = "The question is too long."


class StillAnswering(Conflict):
    code = "still_answering"
    default_message = (
        "An answer of this conversation is still being written. Stop it, or wait for its end."
    )
    retryable = True


class TooManyAnswers(ProductError):
    """As many answers are being written as may be at the same time."""

    code = "too_many_answers"
    default_message = "Many answers are being written right now. Try again in a moment."
    status = 429
    retryable = True
    retry_after = 5


class ScopeGone(Conflict):
    code = "scope_gone"
    default_message = (
        "What this question was narrowed to is no longer there, or you may not see it any more. "
        "Ask it anew."
    )


class ModelError(ServiceError):
    """The language model did not give a usable answer."""

    code = "model_failed"
    default_message = "The language model did not answer as it must. Please try again."
    status = 502


class ModelUnauthorized(ModelError):
    code = "model_unauthorized"
    default_message = (
        "The language model refused the configured API key. Please tell the administrator."
    )
    retryable = False


class ModelBusy(ModelError):
    code = "model_busy"
    default_message = (
        "The language model is receiving too many requests. Please try again in a moment."
    )
    status = 503


class ModelTimeout(ModelError):
    code = "model_timeout"
    default_message = "The language model took too long. What had arrived was kept."
    status = 504


class ModelUnreachable(ModelError):
    code = "model_unreachable"
    default_message = (
        "The language model cannot be reached. Please tell the administrator if this lasts."
    )
    status = 502


class PromptTooLong(ModelError):
    code = "prompt_too_long"
    default_message = (
        "The question with its passages is longer than the language model may be sent. "
        "Narrow it to fewer documents."
    )
    status = 422
    retryable = False


class ModelInterrupted(ModelError):
    code = "model_interrupted"
    default_message = "The language model stopped in the middle. What had arrived was kept."
