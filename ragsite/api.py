"""What all of the API shares: one error shape, one schema style."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFilesSent
from django.http import Http404, HttpRequest, JsonResponse
from drf_spectacular.openapi import AutoSchema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import set_rollback

from documents.api.repeats import IDEMPOTENCY_KEY
from documents.errors import NotFound, ProductError

CONTENT_TYPE = "application/problem+json"
#: Where the meaning of each code is described: a fragment of the page with this name.
TYPE_PREFIX = "/docs#problem-"

Direction = Literal["request", "response"]

_CODES = {
    400: "invalid",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "unprocessable",
    429: "too_many_requests",
    500: "server_error",
    503: "unavailable",
    507: "storage_failed",
}


def problem(
    request: HttpRequest | None,
    status: int,
    *,
    code: str = "",
    detail: str = "",
    errors: Any = None,
) -> dict[str, Any]:
    """Return a problem document as RFC 9457 has it, with our ``code`` and ``request_id``."""
    code = code or _CODES.get(status, "error")
    body = {
        "type": f"{TYPE_PREFIX}{code.replace('_', '-')}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _encodable(detail) or f"{HTTPStatus(status).phrase}.",
        "code": code,
        "request_id": getattr(request, "request_id", ""),
    }
    return body | ({"errors": _encodable(errors)} if errors else {})


def _encodable(value: Any) -> Any:
    """Return a message without the lone surrogates that a caller's own words brought."""
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def problem_response(request: HttpRequest, status: int, **fields: Any) -> JsonResponse:
    """Return a problem as a plain Django response, for what never reaches DRF."""
    return JsonResponse(
        problem(request, status, **fields), status=status, content_type=CONTENT_TYPE
    )


def _translate(error: Exception) -> exceptions.APIException | ProductError | None:
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig | TooManyFilesSent):
        too_large = exceptions.APIException("The request is larger than is accepted.")
        too_large.status_code = 413
        return too_large
    return error if isinstance(error, exceptions.APIException | ProductError) else None


def _sentence(detail: Any) -> str:
    """Return the first sentence found in DRF's nested detail, with its field's name."""
    if isinstance(detail, dict):
        field, first = next(iter(detail.items()))
        text = _sentence(first)
        return text if field in {"detail", "non_field_errors"} else f"{field}: {text}"
    if isinstance(detail, list):
        return _sentence(detail[0]) if detail else ""
    return str(detail)


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn any foreseen error into a problem response; others stay a 500."""
    known = _translate(error)
    if known is None:
        return None
    set_rollback()
    request = getattr(context.get("request"), "_request", None)
    headers: dict[str, str] = {}
    if isinstance(known, ProductError):
        body = problem(request, known.status, code=known.code, detail=known.message) | known.extra
        headers = {} if known.retry_after is None else {"Retry-After": str(known.retry_after)}
    else:
        body, headers = _from_drf(known, request)
    response = Response(body, status=body["status"], headers=headers)
    response.content_type = CONTENT_TYPE
    return response


def _from_drf(
    error: exceptions.APIException, request: HttpRequest | None
) -> tuple[dict[str, Any], dict[str, str]]:
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    errors = error.detail if isinstance(error, exceptions.ValidationError) else None
    detail = _sentence(error.detail)
    return problem(request, error.status_code, detail=detail, errors=errors), headers


class ProblemSerializer(serializers.Serializer[Any]):
    """The shape of every error."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for a person.")
    code = serializers.CharField(help_text="Stable, for programs.")
    request_id = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add ``errors``, whose name a serializer keeps for itself."""
        by_field = serializers.JSONField(required=False, help_text="What is wrong, by field.")
        return super().get_fields() | {"errors": by_field}


_ERRORS = {
    "400": "The request cannot be carried out as it stands.",
    "401": "The caller is not known.",
    "403": "The caller may not do this.",
    "404": "There is nothing here, or the caller may not see it.",
    "429": "The caller asks too often; Retry-After says in how many seconds to come back.",
    "503": "Something that is needed cannot be reached now; Retry-After says when to try again.",
}
_ERRORS_OF_CHANGES = {
    "409": "What is there stands against it.",
}
_ERRORS_OF_BODIES = {
    "413": "The request is larger than is accepted.",
    "415": "The body, or a file in it, is of a kind that is not accepted.",
    "507": "There is no room left to store it.",
}
_ERRORS_OF_KEYS = {
    "409": "What is there stands against it, or the first request with its key has no answer yet; "
    "then Retry-After says when to ask again.",
    "422": "The Idempotency-Key was used for another request.",
}


class Schema(AutoSchema):
    """Documents the errors that every operation may answer, and a view's own ``may_answer``."""

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        shape = self._map_serializer_field_or_ref()
        if self.method == "GET":
            responses.setdefault("304", {"description": "What the caller has still holds."})
        for status, description in self._errors().items():
            responses.setdefault(
                status, {"description": description, "content": {CONTENT_TYPE: {"schema": shape}}}
            )
        return responses

    def _errors(self) -> dict[str, str]:
        """Return what may be answered besides what the view says itself, by status."""
        changes = _ERRORS_OF_CHANGES if self.method != "GET" else {}
        bodies = _ERRORS_OF_BODIES if self.method in {"POST", "PUT", "PATCH"} else {}
        own: dict[str, str] = getattr(self.view, "may_answer", {})
        states = {"412": "It is not in the state that If-Match names."}
        matched = states if self.method == "PATCH" else {}
        given = {getattr(each, "name", "") for each in self.get_override_parameters()}
        keyed = _ERRORS_OF_KEYS if IDEMPOTENCY_KEY.name in given else {}
        return dict(sorted((_ERRORS | changes | bodies | matched | keyed | own).items()))

    def _map_serializer_field_or_ref(self) -> dict[str, Any]:
        reference: dict[str, Any] = self.resolve_serializer(ProblemSerializer(), "response").ref
        return reference
