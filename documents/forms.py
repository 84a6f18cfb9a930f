"""What the pages of this app accept. Rights are checked by the services, not here."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile

from documents.errors import InvalidInput
from documents.extract.kinds import EXTENSIONS, SETTING_NAMES
from documents.models import Collection
from documents.search.scope import as_of_read
from documents.types import AsOf, Mode, Role, Status


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once, as a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=FilesInput(), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """Return the files; an empty one is refused later, with its own reason."""
        given = data if isinstance(data, list | tuple) else [data]
        files: list[UploadedFile[Any]] = [
            super(FilesField, self).clean(one, initial) for one in given
        ]
        return files


def _accepted() -> str:
    """Return the endings that a browser offers files by: the usual ones, then their kin."""
    usual = list(settings.ALLOWED_EXTENSIONS)
    kinds = {SETTING_NAMES[name] for name in usual}
    kin = [ending for ending, kind in EXTENSIONS.items() if kind in kinds and ending not in usual]
    return ",".join(f".{ending}" for ending in (*usual, *kin))


class MomentInput(forms.TextInput):
    """A date to pick; a date with a time, or a version, where one is given."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Choose the kind of input that can show the value."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        given = str(value or "")
        local = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)", given)
        if local:
            context["widget"] |= {"type": "datetime-local", "value": "T".join(local.groups())}
            context["widget"]["attrs"]["step"] = "1"
        elif not given or re.fullmatch(r"\d{4}-\d\d-\d\d", given):
            context["widget"]["type"] = "date"
        return context


class MomentField(forms.CharField):
    """The library as it was: an ``AsOf``, or nothing where it is left empty."""

    widget = MomentInput

    def clean(self, value: Any) -> AsOf | None:
        """Return what the text names, in this server's time zone."""
        try:
            return as_of_read(super().clean(value))
        except InvalidInput as error:
            raise forms.ValidationError(error.message) from None


class UploadForm(forms.Form):
    """Files to add, and where to."""

    files = FilesField(label="Files", allow_empty_file=True)  # type: ignore[assignment]  # Django's own name, too
    collection = forms.ModelChoiceField(
        Collection.objects.none(),
        required=False,
        empty_label="My documents",
        to_field_name="slug",
        label="Collection",
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        editable = Collection.objects.editable_by(user)
        self.fields["collection"].queryset = editable.exclude(default_of=user)  # type: ignore[attr-defined]
        self.fields["files"].widget.attrs["accept"] = _accepted()


class VersionForm(forms.Form):
    """The file of a new version."""

    file = forms.FileField(label="File", allow_empty_file=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = _accepted()


class DocumentFilter(forms.Form):
    """The filters of the list of documents, as they stand in the address."""

    search = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        widget=forms.SearchInput(attrs={"placeholder": "Title, author or file name"}),
    )
    status = forms.ChoiceField(
        required=False,
        choices=[("", "All"), *((status.value, status.value) for status in Status)],
        widget=forms.HiddenInput(),
    )
    collection = forms.ModelChoiceField(
        Collection.objects.none(),
        required=False,
        empty_label="All collections",
        to_field_name="slug",
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["collection"].queryset = Collection.objects.visible_to(user)  # type: ignore[attr-defined]


class DocumentForm(forms.Form):
    """What people may say about a document."""

    title = forms.CharField(max_length=300)
    author = forms.CharField(max_length=300, required=False)
    collection = forms.ModelChoiceField(
        Collection.objects.none(), to_field_name="slug", empty_label=None
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["collection"].queryset = Collection.objects.editable_by(user)  # type: ignore[attr-defined]


class SearchForm(forms.Form):
    """A query and where to look."""

    q = forms.CharField(
        required=False,
        strip=True,
        label="Search for",
        widget=forms.SearchInput(attrs={"placeholder": "Words, a name, or a whole question"}),
    )
    mode = forms.ChoiceField(
        required=False,
        label="By",
        choices=[
            (Mode.HYBRID.value, "Words and meaning"),
            (Mode.KEYWORD.value, "Words only"),
            (Mode.SEMANTIC.value, "Meaning only"),
        ],
    )
    collection = forms.ModelChoiceField(
        Collection.objects.none(),
        required=False,
        empty_label="All collections",
        to_field_name="slug",
    )
    as_of = MomentField(required=False, label="As it was on")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["collection"].queryset = Collection.objects.visible_to(user)  # type: ignore[attr-defined]


class CollectionForm(forms.Form):
    """The name of a collection."""

    name = forms.CharField(max_length=120)


class MemberForm(forms.Form):
    """A person and what they may do."""

    username = forms.CharField(
        max_length=150, label="User name", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(choices=[(role.value, role.value.capitalize()) for role in Role])
