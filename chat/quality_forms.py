"""What the pages about questions, comparisons and watches accept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User

from chat.models import QuestionSet
from chat.services.questions import MAX_EXPECTED
from documents.models import Collection


class SetForm(forms.Form):
    """A new set of questions in a collection."""

    collection = forms.ModelChoiceField(Collection.objects.none(), empty_label=None)
    name = forms.CharField(max_length=120)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["collection"].queryset = Collection.objects.editable_by(user)


class QuestionForm(forms.Form):
    """A question, and what a right answer to it says."""

    text = forms.CharField(label="Question", max_length=2000)
    expected = forms.CharField(
        label="Expected answer (optional)", max_length=MAX_EXPECTED, required=False
    )


class ExpectedForm(forms.Form):
    """What a right answer says."""

    expected = forms.CharField(
        label="A right answer says",
        max_length=MAX_EXPECTED,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class SaveForm(forms.Form):
    """The set that a question goes to: one there is, or a new one."""

    question_set = forms.ModelChoiceField(
        QuestionSet.objects.none(),
        label="Set",
        required=False,
        empty_label="A new one",
    )
    name = forms.CharField(label="Name, for a new one", max_length=120, required=False)
    collection = forms.ModelChoiceField(
        Collection.objects.none(), label="In the collection", required=False, empty_label=None
    )

    def __init__(self, user: User, homes: list[Collection], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        editable = Collection.objects.editable_by(user).filter(pk__in=[home.pk for home in homes])
        fields: dict[str, Any] = self.fields
        fields["collection"].queryset = editable
        sets = QuestionSet.objects.filter(collection__in=editable).select_related("collection")
        fields["question_set"].queryset = sets
        fields["question_set"].initial = sets.first()
        fields["question_set"].label_from_instance = lambda each: f"{each.collection}: {each.name}"

    def clean(self) -> dict[str, Any]:
        """Ask for a set or a name."""
        given = super().clean() or {}
        if not given.get("question_set") and not (given.get("name") and given.get("collection")):
            raise forms.ValidationError("Choose a set, or name a new one.")
        return given


class JudgeForm(forms.Form):
    """What somebody says of one source of an answer."""

    n = forms.IntegerField(min_value=1, max_value=1000)
    grade = forms.TypedChoiceField(choices=[("1", "Right"), ("0", "Wrong")], coerce=int)


class PassageForm(forms.Form):
    """What somebody says of words of a document."""

    document = forms.UUIDField()
    quote = forms.CharField(required=False, max_length=20_000, strip=False)
    grade = forms.TypedChoiceField(choices=[("1", "Right"), ("0", "Wrong")], coerce=int)


class ComparisonForm(forms.Form):
    """What is set otherwise than it is live."""

    dense_weight = forms.FloatField(
        label="Weight of meaning against words",
        min_value=0.0,
        max_value=1.0,
        help_text="0 goes by words alone, 1 by meaning alone.",
        widget=forms.NumberInput(attrs={"step": "0.01"}),
    )
    threshold = forms.FloatField(
        label="Relevance that a passage needs",
        min_value=0.0,
        max_value=1.0,
        help_text="Below it, a passage is not used for an answer.",
        widget=forms.NumberInput(attrs={"step": "0.01"}),
    )
    chunk_size = forms.IntegerField(label="Characters in a chunk", min_value=100, max_value=20_000)
    chunk_overlap = forms.IntegerField(
        label="Characters that chunks share", min_value=0, max_value=10_000
    )
    embedding_model = forms.CharField(label="Embedding model", max_length=200)


class ImportForm(forms.Form):
    """A file with a question in each line."""

    file = forms.FileField(label="A file with questions, one JSON object a line")
