"""Signing in and out, the one-time set-up, and API tokens."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, RedirectURLMixin, redirect_to_login
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
from django.views.generic import FormView
from django_htmx.http import HttpResponseClientRefresh

from documents.views.translate import person, told, translated
from ragsite.accounts import mailing, services
from ragsite.accounts.forms import CodeForm, SetupForm, TokenForm
from ragsite.accounts.models import APIToken
from ragsite.accounts.two_step import (
    PASSED,
    WAITING,
    WrongCode,
    is_on,
    refused,
    verify,
    wait_for_code,
    waiting_user,
)

BACKEND = "django.contrib.auth.backends.ModelBackend"


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

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, or ask for the second step where there is one."""
        user = form.get_user()
        if not isinstance(user, User) or not is_on(user):
            return super().form_valid(form)
        wait_for_code(self.request, user)
        target = self.get_redirect_url()
        query = f"?{urlencode({self.redirect_field_name: target})}" if target else ""
        return redirect(f"{reverse('login_code')}{query}")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whether a forgotten password can be replaced by letter."""
        return super().get_context_data(**kwargs) | {"can_reset": mailing.is_possible()}


@method_decorator([login_not_required, never_cache, sensitive_post_parameters()], name="dispatch")
class CodeView(RedirectURLMixin, FormView):  # type: ignore[type-arg]  # not generic at run time
    """The second step of the sign-in."""

    form_class = CodeForm
    template_name = "accounts/login_code.html"
    next_page = settings.LOGIN_REDIRECT_URL

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Begin anew where the first step is missing or too long ago."""
        found = waiting_user(request)
        if found is None:
            return redirect_to_login(self.get_redirect_url() or reverse("home"))
        self.waiting = found
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Take along where to go then."""
        return super().get_context_data(**kwargs) | {"next": self.get_redirect_url()}

    def form_valid(self, form: CodeForm) -> HttpResponse:
        """Sign in with the right code."""
        if not verify(self.waiting, form.cleaned_data["code"]):
            refused(self.waiting)
            form.add_error("code", WrongCode.default_message)
            return self.form_invalid(form)
        del self.request.session[WAITING]
        login(self.request, self.waiting, backend=BACKEND)
        self.request.session[PASSED] = True
        return redirect(self.get_success_url())


@login_not_required
def admin_login(request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ARG001
    """Send the admin site's visitors through the one sign-in there is."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


def admin_password(request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ARG001
    """Send the admin site's visitors to the one page where a password is changed."""
    return redirect("password")


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
        login(request, user, backend=BACKEND)
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
