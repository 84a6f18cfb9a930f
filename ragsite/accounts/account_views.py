"""A person's own account: what they may use, password, second step, sessions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordResetConfirmView
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents.views.translate import person, told, translated
from ragsite.accounts import mailing, two_step
from ragsite.accounts.forms import ChangePasswordForm, CodeForm, ProofForm, ReplacePasswordForm
from ragsite.accounts.middleware import is_wanted
from ragsite.accounts.models import UserSession
from ragsite.accounts.services import sessions_end
from ragsite.quotas.services import quotas_of

secret_form = sensitive_post_parameters()


@require_safe
@translated
def account(request: HttpRequest) -> HttpResponse:
    """Show what this person may use, and how they sign in."""
    user = person(request)
    mine = UserSession.objects.filter(user_id=user.pk, expire_date__gt=timezone.now())
    context = {
        "quotas": quotas_of(user),
        "two_step": two_step.is_on(user),
        "others": mine.exclude(session_key=request.session.session_key).count(),
    }
    return render(request, "accounts/account.html", context)


@secret_form
@require_http_methods(["GET", "HEAD", "POST"])
@translated
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; every other session of this person ends."""
    form = ChangePasswordForm(person(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            user = form.save()
            update_session_auth_hash(request, user)
            sessions_end(user, keep=request.session.session_key)
        messages.success(request, "Your password is changed. Other browsers are signed out.")
        return redirect("account")
    return render(request, "accounts/password.html", {"form": form})


@require_POST
@translated
def sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else."""
    ended = sessions_end(person(request), keep=request.session.session_key)
    where = "browser is" if ended == 1 else "browsers are"
    messages.success(request, f"{ended} other {where} signed out.")
    return redirect("account")


@never_cache
@secret_form
@require_http_methods(["GET", "HEAD", "POST"])
@translated
def second_step(request: HttpRequest) -> HttpResponse:
    """Show the secret to an app, and switch the second step on with its first code."""
    user, form = person(request), CodeForm(request.POST or None)
    if two_step.is_on(user):
        context = {"form": ProofForm(), "is_wanted": is_wanted(user)}
        return render(request, "accounts/two_step_on.html", context)
    if request.method == "POST" and form.is_valid():
        try:
            codes = two_step.confirm(user=user, code=form.cleaned_data["code"])
        except two_step.WrongCode as error:
            form.add_error("code", error.message)
        else:
            request.session[two_step.PASSED] = True
            sessions_end(user, keep=request.session.session_key)
            return render(request, "accounts/recovery_codes.html", {"codes": codes})
    row = two_step.begin(user)
    context = {"form": form, "picture": two_step.picture(row), "secret": row.secret}
    return render(request, "accounts/two_step_off.html", context)


def _proved(request: HttpRequest) -> dict[str, Any]:
    form = ProofForm(request.POST)
    if not form.is_valid():
        raise two_step.WrongCode("Give your password and a code.")
    return {"user": person(request), **form.cleaned_data}


@secret_form
@require_POST
@translated
def second_step_off(request: HttpRequest) -> HttpResponse:
    """Switch the second step off, with password and code."""
    done = "Your sign-in takes no second step any more."
    told(request, lambda: two_step.switch_off(**_proved(request)), done)
    request.session.pop(two_step.PASSED, None)
    return redirect("two_step")


@never_cache
@secret_form
@require_POST
@translated
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes, with password and code; the old ones end."""
    codes: list[str] = []
    if told(request, lambda: codes.extend(two_step.recovery_renew(**_proved(request)))):
        return render(request, "accounts/recovery_codes.html", {"codes": codes})
    return redirect("two_step")


# --- a forgotten password -----------------------------------------------------------


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """Send a link by letter. Whether there is such an account cannot be told from the answer."""
    if not mailing.is_possible():
        raise Http404
    form = PasswordResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = str(form.cleaned_data["email"])
        mailing.later(lambda: mailing.reset_send(address))
        return render(request, "accounts/reset_sent.html")
    return render(request, "accounts/reset.html", {"form": form})


@method_decorator(login_not_required, name="dispatch")
class ResetView(PasswordResetConfirmView):
    """Choose a new password. A link that is spent, late or made up does not exist."""

    form_class = ReplacePasswordForm
    template_name = "accounts/reset_confirm.html"
    success_url = reverse_lazy("login")

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Show the form only to who holds a good link."""
        if not self.validlink:
            raise Http404
        return super().render_to_response(context, **kwargs)

    def form_valid(self, form: SetPasswordForm[User]) -> HttpResponse:
        """Keep the password, end every session, and have the person sign in anew."""
        with transaction.atomic():
            response = super().form_valid(form)
            sessions_end(form.user)
        messages.success(self.request, "Your password is changed. Sign in with it.")
        return response
