"""The published description of the API, and two readers for it, all served from here."""

from __future__ import annotations

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from documents.api.views import AnyAccept
from ragsite.accounts.authentication import TokenAuthentication

#: Both readers style their parts as they build them, which a strict policy forbids;
#: ReDoc searches in a worker made from a blob, and their icons are part of their styles.
#: Scripts stay ours alone.
_READER_POLICY = {
    "img-src": ["'self'", "data:"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "worker-src": ["'self'", "blob:"],
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a token is sent, in the words of OpenAPI. Registers itself by being defined."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return the security scheme."""
        del auto_schema
        return {"type": "http", "scheme": "bearer"}


class OpenAPIView(SpectacularAPIView):
    """OpenAPI 3.1, as JSON."""

    renderer_classes = [OpenApiJsonRenderer]
    content_negotiation_class = AnyAccept  # there is one form of it, which tools ask for as JSON


openapi = OpenAPIView.as_view()


def _is_known(request: HttpRequest) -> bool:
    if request.user.is_authenticated:
        return True
    try:
        return TokenAuthentication().authenticate(Request(request)) is not None
    except AuthenticationFailed:
        return False


def _reader(request: HttpRequest, template: str) -> HttpResponse:
    if not _is_known(request):
        return redirect_to_login(request.get_full_path())
    return render(request, template)


@login_not_required
@csp_update(_READER_POLICY)
def docs(request: HttpRequest) -> HttpResponse:
    """Show the API in Swagger UI, where it can be tried."""
    return _reader(request, "api/swagger.html")


@login_not_required
@csp_update(_READER_POLICY)
def redoc(request: HttpRequest) -> HttpResponse:
    """Show the API in ReDoc, where it reads well."""
    return _reader(request, "api/redoc.html")
