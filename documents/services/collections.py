"""Collections and who may do what in them."""

from __future__ import annotations

from functools import partial

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from documents.errors import Conflict, Forbidden, InvalidInput, NotFound
from documents.ingest import removal
from documents.models import Collection, Membership
from documents.querysets import DocumentQuerySet
from documents.services.deeds import done
from documents.types import Role

_SLUG_LENGTH = 100


def _free_slug(wanted: str) -> str:
    base = slugify(wanted)[:_SLUG_LENGTH] or "collection"
    taken = set(Collection.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise InvalidInput("A collection needs a name of 1 to 120 characters.")
    return name


@transaction.atomic
def collection_create(*, user: User, name: str, slug: str = "") -> Collection:
    """Make a collection that the user owns. A slug that is taken gets a number."""
    name = _checked_name(name)
    collection: Collection = Collection.objects.create(name=name, slug=_free_slug(slug or name))
    Membership.objects.create(collection=collection, user=user, role=Role.OWNER)
    return collection


@transaction.atomic
def collection_default(user: User) -> Collection:
    """Return where this user's uploads go when they name no collection."""
    existing = Collection.objects.editable_by(user).filter(default_of=user).first()
    if existing is not None:
        return existing  # type: ignore[no-any-return]
    Collection.objects.filter(default_of=user).update(default_of=None)
    collection = collection_create(user=user, name=f"{user.get_username()}'s documents"[:120])
    collection.default_of_id = user.pk
    collection.save(update_fields=["default_of"])
    return collection


def collection_get(user: User, key: int | str, *, edit: bool = False) -> Collection:
    """Return a visible collection by id or slug.

    Raises ``NotFound`` for one the user may not see, ``Forbidden`` for one they
    may see but not change where ``edit`` is asked for.
    """
    rows = Collection.objects.visible_to(user)
    text = str(key)
    by_id = text.isascii() and text.isdigit() and len(text) < 18
    found = rows.filter(pk=int(text)).first() if by_id else None
    found = found or rows.filter(slug=text).first()
    if found is None:
        raise NotFound("There is no such collection, or you may not see it.")
    if edit and not Collection.objects.editable_by(user).filter(pk=found.pk).exists():
        raise Forbidden("You may read this collection but not change it.")
    return found  # type: ignore[no-any-return]


def _owned(user: User, collection: Collection) -> None:
    if not Collection.objects.owned_by(user).filter(pk=collection.pk).exists():
        raise Forbidden("Only an owner of the collection may do this.")


@transaction.atomic
def collection_rename(*, user: User, collection: Collection, name: str) -> Collection:
    """Give the collection another name; its slug stays, since links use it."""
    _owned(user, collection)
    collection.name = _checked_name(name)
    collection.save(update_fields=["name"])
    return collection


def collection_delete(*, user: User, collection: Collection) -> None:
    """Delete a collection, with the retired documents that nobody sees any more.

    Raises ``Conflict`` while other documents are in it.
    """
    _owned(user, collection)
    _refuse_documents(collection.documents.filter(retired_at=None))
    for document_id in list(collection.documents.values_list("pk", flat=True)):
        if collection.documents.exclude(retired_at=None).filter(pk=document_id).exists():
            removal.withdraw(document_id)
            removal.remove_document(document_id)
    with transaction.atomic():
        _refuse_documents(collection.documents.all())
        collection.delete()


def collection_erase(collection: Collection) -> int:
    """Delete a collection with every document in it: its last member is being erased.

    Asks nobody's right. Returns how many documents went. What dies in between is completed by
    doing it again.
    """
    documents = list(collection.documents.all())
    for document in documents:
        removal.withdraw(document.pk, partial(done, "deleted", document, collection=collection.pk))
        removal.remove_document(document.pk)
    collection.delete()
    return len(documents)


def collection_unname(collection: Collection) -> None:
    """Take the name of the person out of a collection that was made for their uploads."""
    collection.name, collection.default_of = "Documents", None
    collection.slug = _free_slug("documents")
    collection.save(update_fields=["name", "slug", "default_of"])


def _refuse_documents(documents: DocumentQuerySet) -> None:
    if documents.exists():
        raise Conflict("The collection still holds documents. Delete or move them first.")


def _user_named(username: str) -> User:
    """Return the active user with this name. Raises ``InvalidInput``."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise InvalidInput("There is no user with this name.")
    return user


@transaction.atomic
def member_set(*, user: User, collection: Collection, member: str, role: str) -> Membership:
    """Give the user with this name a role. The last owner cannot be demoted.

    Who is not an owner is refused before the name is looked at: nobody can ask
    which names exist.
    """
    _owned(user, collection)
    if role not in {known.value for known in Role}:
        raise InvalidInput("The role is one of viewer, editor and owner.")
    found = _user_named(member)
    if role != Role.OWNER:
        _keep_an_owner(collection, without=found)
    membership, _ = Membership.objects.update_or_create(
        collection=collection, user=found, defaults={"role": role}
    )
    return membership


@transaction.atomic
def member_remove(*, user: User, collection: Collection, member: User) -> None:
    """Take a user out of the collection. Anybody may leave; only owners remove others."""
    if user.pk != member.pk:
        _owned(user, collection)
    _keep_an_owner(collection, without=member)
    deleted, _ = Membership.objects.filter(collection=collection, user=member).delete()
    if not deleted:
        raise NotFound("This user is not a member of the collection.")


def _keep_an_owner(collection: Collection, *, without: User) -> None:
    owners = collection.memberships.filter(role=Role.OWNER)
    if owners.filter(user_id=without.pk).exists() and owners.count() == 1:
        raise Conflict("A collection needs an owner. Make somebody else an owner first.")
