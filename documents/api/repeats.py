"""How the schema tells of requests that may be sent again without being done again."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter

#: What an installation does with it is known above this app: see ``ragsite.idempotency``.
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": '^([A-Za-z0-9._~:/+=@-]{1,255}|"[A-Za-z0-9._~:/+=@-]{1,255}")$'},
    OpenApiParameter.HEADER,
    description=(
        "A name of the caller's choice for this request. The same request with the same key is "
        "answered again for 24 hours, and not carried out again: 409 while the first has no answer "
        "yet, 422 for another request under the key. What fails does not use it up."
    ),
)
