"""Signing in and out, the one-time set-up, and API tokens."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from documents.views.translate import person, told, translated
from ragsite.accounts import services
from ragsite.accounts.forms import SetupForm, TokenForm
from ragsite.accounts.models import APIToken


class SignInView(LoginView):
    """Sign in. A wrong name and a wrong password read the same."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Load the whole page anew where a part of it was asked for after the session ended."""
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponseClientRefresh()
        return super().dispatch(request, *args, **kwargs)


@login_not_required
def admin_login(request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ARG001
    """Send the admin site's visitors through the one sign-in there is."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@translated
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """Make the first administrator; a spent or wrong link does not exist."""
    if not services.setup_link_valid(secret):
        raise Http404
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = services.setup_complete(
            secret=secret,
            username=form.cleaned_data["username"],
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password1"],
        )
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("home")
    return render(request, "accounts/setup.html", {"form": form})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@translated
def tokens(request: HttpRequest) -> HttpResponse:
    """Show the tokens of this person; a POST makes one and shows its secret, once."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        _, secret = services.token_create(user=person(request), **form.cleaned_data)
        form = TokenForm()
    rows = APIToken.objects.filter(user=person(request))
    now = timezone.now()
    context = {
        "rows": [(token, token.is_expired(now)) for token in rows],
        "form": form,
        "secret": secret,
    }
    return render(request, "accounts/token_list.html", context)


@require_POST
@translated
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token, at once."""
    told(
        request,
        lambda: services.token_revoke(user=person(request), token_id=token_id),
        "The token no longer works.",
    )
    return redirect("tokens")
