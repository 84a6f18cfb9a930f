"""Whether the language model's server answers, without asking the model for anything."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from chat.errors import ModelUnauthorized, ModelUnreachable
from chat.services.models import configured_model

#: Somebody waits for the answer, and a server that takes longer is no good anyway, seconds.
_PATIENCE: Final = 3.0


def model_reached() -> str:
    """Return in a sentence that the server answers, or that none is needed.

    It is asked for its list of models, which costs nothing. Raises ``ModelError``.
    """
    model = configured_model()
    if model is None:
        return "No language model: answers quote the documents."
    # The clients take a second to import, which an installation without a model never needs.
    import httpx2  # noqa: PLC0415

    from chat.llm.openai import DEFAULT_BASE_URL  # noqa: PLC0415

    address = f"{settings.OPENAI_BASE_URL or DEFAULT_BASE_URL}/models"
    headers = {"Authorization": f"Bearer {settings.OPENAI_API_KEY or 'none'}"}
    try:
        with httpx2.Client(timeout=_PATIENCE, trust_env=False) as client:
            status = client.get(address, headers=headers).status_code
    except (httpx2.HTTPError, OSError, UnicodeError) as error:
        raise ModelUnreachable from error
    if status in {401, 403}:
        raise ModelUnauthorized
    if status >= 500:
        raise ModelUnreachable
    return f"The server of {model.model} answers."
