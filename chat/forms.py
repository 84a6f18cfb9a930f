"""What the pages of this app accept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User

from documents.forms import MomentField
from documents.models import Collection, Document


class AskForm(forms.Form):
    """A question, and where its answer may come from."""

    question = forms.CharField(
        label="Your question",
        strip=True,
        widget=forms.Textarea(attrs={"rows": 1, "placeholder": "Ask your documents"}),
    )
    collections = forms.ModelMultipleChoiceField(
        Collection.objects.none(), required=False, widget=forms.CheckboxSelectMultiple()
    )
    documents = forms.ModelMultipleChoiceField(
        Document.objects.none(), required=False, widget=forms.MultipleHiddenInput()
    )
    as_of = MomentField(required=False, label="As it was on")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["collections"].queryset = Collection.objects.visible_to(user)
        fields["documents"].queryset = Document.objects.visible_to(user)


class RenameForm(forms.Form):
    """The title of a conversation."""

    title = forms.CharField(max_length=200)


class ShareForm(forms.Form):
    """The collection whose members may read a conversation."""

    collection = forms.ModelChoiceField(
        Collection.objects.none(), required=False, empty_label="Nobody", label="Share with"
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["collection"].queryset = Collection.objects.visible_to(user)


class FindForm(forms.Form):
    """Words to find conversations by."""

    search = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Find in titles, questions and answers"}
        ),
    )


class FeedbackForm(forms.Form):
    """What somebody thought of an answer."""

    rating = forms.TypedChoiceField(choices=[("1", "Helpful"), ("-1", "Not helpful")], coerce=int)
    comment = forms.CharField(required=False, max_length=2000)
