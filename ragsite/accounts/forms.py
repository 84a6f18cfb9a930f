"""Forms about people and their tokens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import (
    BaseUserCreationForm,
    PasswordChangeForm,
    SetPasswordForm,
)

from ragsite.accounts.models import APIToken
from ragsite.accounts.services import MAX_DAYS

PASSWORD_RULES = "At least 12 characters, and not one of the common ones."  # noqa: S105  # a sentence


class SetupForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """The first administrator: name, address and a password, typed twice."""

    class Meta(BaseUserCreationForm.Meta):
        model = get_user_model()
        fields = ("username", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = ""
        self.fields["email"].label = "E-mail (optional)"
        self.fields["password1"].help_text = PASSWORD_RULES
        self.fields["password2"].help_text = ""


class _NewPassword:
    """Says what a password must be in one sentence, where Django has a list."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = PASSWORD_RULES
        self.fields["new_password2"].label = "New password, once more"
        self.fields["new_password2"].help_text = ""


class ChangePasswordForm(_NewPassword, PasswordChangeForm):
    """The old password, and twice the new one."""


class ReplacePasswordForm(_NewPassword, SetPasswordForm):  # type: ignore[type-arg]
    """Twice a new password."""


class TokenForm(forms.Form):
    """What a new token is for, what it may do and how long."""

    name = forms.CharField(
        max_length=100,
        label="What is it for?",
        widget=forms.TextInput(attrs={"placeholder": "Nightly import"}),
    )
    scope = forms.ChoiceField(
        choices=APIToken.Scope.choices, initial=APIToken.Scope.READ, label="It may"
    )
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_DAYS,
        initial=90,
        label="Days it lasts (empty: no end)",
    )


class CodeForm(forms.Form):
    """A code of an app, or a recovery code."""

    code = forms.CharField(
        max_length=40,
        label="Code",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


class ProofForm(CodeForm):
    """Password and code together: what an open browser alone cannot give."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("password", "code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.pop("autofocus", None)
