"""Collections and their members."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents.errors import NotFound
from documents.forms import CollectionForm, MemberForm
from documents.models import Collection, Membership
from documents.services.collections import (
    collection_create,
    collection_delete,
    collection_rename,
    member_remove,
    member_set,
)
from documents.types import Role
from documents.views.translate import person, told, translated


def _collection(request: HttpRequest, collection_id: int) -> Collection:
    found: Collection | None = (
        Collection.objects.visible_to(request.user).filter(pk=collection_id).first()
        if collection_id < 2**63
        else None
    )
    if found is None:
        raise NotFound
    return found


def _first_error(form: CollectionForm | MemberForm) -> str:
    return str(next(iter(form.errors.values()))[0])


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def collections(request: HttpRequest) -> HttpResponse:
    """Show the collections of this person; a POST makes another one."""
    form = CollectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        if told(request, lambda: collection_create(user=person(request), name=name), "Made."):
            return redirect("collections")
    shown = Q(documents__retired_at=None)
    mine = Membership.objects.filter(user=person(request)).select_related("collection")
    counts = dict(
        Collection.objects.visible_to(request.user)
        .annotate(n=Count("documents", filter=shown, distinct=True))
        .values_list("pk", "n")
    )
    rows = [(m, counts.get(m.collection_id, 0)) for m in mine.order_by("collection__name")]
    context = {"place": "collections", "rows": rows, "form": form}
    return render(request, "documents/collection_list.html", context)


@require_safe
@translated
def collection(request: HttpRequest, collection_id: int) -> HttpResponse:
    """Show a collection with its members; owners may change both."""
    found = _collection(request, collection_id)
    members = list(found.memberships.select_related("user").order_by("user__username"))
    mine = next(member for member in members if member.user_id == person(request).pk)
    context = {
        "place": "collections",
        "collection": found,
        "members": members,
        "mine": mine,
        "is_owner": mine.role == Role.OWNER,
        "roles": MemberForm.base_fields["role"].choices,  # type: ignore[attr-defined]
        "form": CollectionForm(initial={"name": found.name}),
        "member_form": MemberForm(auto_id="member_%s"),
        "count": found.documents.filter(retired_at=None).count(),
    }
    return render(request, "documents/collection_detail.html", context)


@require_POST
@translated
def rename(request: HttpRequest, collection_id: int) -> HttpResponse:
    """Give the collection another name."""
    found, form = _collection(request, collection_id), CollectionForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["name"]
        told(
            request,
            lambda: collection_rename(user=person(request), collection=found, name=name),
            "Renamed.",
        )
    else:
        messages.error(request, _first_error(form))
    return redirect("collection", collection_id=found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def remove(request: HttpRequest, collection_id: int) -> HttpResponse:
    """Name what will go, and delete the collection when that is confirmed."""
    found = _collection(request, collection_id)
    if request.method == "POST":
        done = f"The collection “{found.name}” is deleted."
        gone = told(
            request, lambda: collection_delete(user=person(request), collection=found), done
        )
        if not gone:
            return redirect("collection", collection_id=collection_id)
        return redirect("collections")
    context = {
        "place": "collections",
        "collection": found,
        "documents": found.documents.filter(retired_at=None).count(),
        "members": found.memberships.count(),
    }
    return render(request, "documents/collection_delete.html", context)


@require_POST
@translated
def member_add(request: HttpRequest, collection_id: int) -> HttpResponse:
    """Give somebody a role, or another one."""
    found, form = _collection(request, collection_id), MemberForm(request.POST)
    if not form.is_valid():
        messages.error(request, _first_error(form))
        return redirect("collection", collection_id=found.pk)
    name, role = form.cleaned_data["username"], form.cleaned_data["role"]
    told(
        request,
        lambda: member_set(user=person(request), collection=found, member=name, role=role),
        f"{name} is {role} now.",
    )
    return redirect("collection", collection_id=found.pk)


@require_POST
@translated
def member_delete(request: HttpRequest, collection_id: int, user_id: int) -> HttpResponse:
    """Take somebody out of the collection, or leave it."""
    found = _collection(request, collection_id)
    membership = found.memberships.select_related("user").filter(user_id=user_id).first()
    if membership is None:
        raise NotFound
    member = membership.user
    told(
        request,
        lambda: member_remove(user=person(request), collection=found, member=member),
        f"{member.get_username()} is no longer a member.",
    )
    if member.pk == person(request).pk:
        return redirect("collections")
    return redirect("collection", collection_id=found.pk)
