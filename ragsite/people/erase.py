"""Erasing a person: the account, what is theirs alone, and their name where a trace must stay."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import Count, Q

from analytics.models import RequestLog, Use
from chat.models import Conversation, Message
from documents.errors import Conflict, InvalidInput
from documents.ingest.removal import checkpoint
from documents.models import Collection, DocumentVersion, Membership, Turn
from documents.services.collections import collection_erase, collection_unname
from documents.types import Role
from ragsite.accounts.models import APIToken, UserSession
from ragsite.audit.models import AuditEntry
from ragsite.audit.services import record

#: What stands in the place of a name.
ERASED: Final = "(erased)"
#: Conversations that one transaction deletes: others wait for it.
_AT_ONCE: Final = 20


def collections_left(user: User) -> list[Collection]:
    """Return the collections with other members that would have no owner without this person."""
    return list(_owned_alone(user).filter(people__gt=1))


def _owned_alone(user: User) -> models.QuerySet[Any]:
    owners = Count("memberships", filter=Q(memberships__role=Role.OWNER))
    mine = Membership.objects.filter(user=user, role=Role.OWNER).values("collection")
    rows: models.QuerySet[Any] = Collection.objects.filter(pk__in=mine)
    rows = rows.annotate(owners=owners, people=Count("memberships"))
    return rows.filter(owners=1)


def refusal(user: User, heir: User | None = None) -> str:
    """Return why this person cannot be erased, as a sentence; nothing where they can."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        return "This is the last administrator. Make somebody else one first."
    left = collections_left(user)
    if left and heir is None:
        names = ", ".join(f"“{each.name}”" for each in left[:5])
        return (
            f"Others are members of {names}, which nobody else owns. Make somebody else an owner "
            "first, or name an heir."
        )
    return ""


def user_erase(user: User, *, heir: User | None = None) -> dict[str, int]:
    """Erase a person; ``heir`` becomes owner of what others would lose. Returns counts by name.

    The account is closed first, with all of its ways in. What dies in between is completed by
    doing it again. Raises ``Conflict`` where ``refusal`` tells why, and ``InvalidInput`` for an
    heir who cannot be one.
    """
    if heir is not None and (heir.pk == user.pk or not heir.is_active):
        raise InvalidInput("The heir is another person, whose account is open.")
    if why := refusal(user, heir):
        raise Conflict(why)
    _close(user)
    inherited = _inherit(user, heir) if heir else 0
    counts = {"collections": 0, "documents": 0, "inherited": inherited}
    for collection in _owned_alone(user).filter(people=1):
        counts["documents"] += collection_erase(collection)
        counts["collections"] += 1
    counts["conversations"] = _conversations(user)
    with transaction.atomic():
        _unname(user)
        about = ("user", user.pk)
        user.delete()
        _forget_name(about[1])
        record("user.erased", about=about, detail=counts)
    checkpoint()
    return counts


@transaction.atomic
def _close(user: User) -> None:
    """End every way in, at once."""
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    APIToken.objects.filter(user=user).delete()
    UserSession.objects.filter(user_id=user.pk).delete()


@transaction.atomic
def _inherit(user: User, heir: User) -> int:
    left = collections_left(user)
    for collection in left:
        Membership.objects.update_or_create(
            collection=collection, user=heir, defaults={"role": Role.OWNER}
        )
    return len(left)


def _unname(user: User) -> None:
    """Take the name out of what stays, and the number out of what is counted."""
    for collection in Collection.objects.filter(default_of=user):
        collection_unname(collection)
    RequestLog.objects.filter(user=user).update(user=None, token_id=None)
    # Another number, so that one reader still counts as one.
    Use.objects.filter(reader=user.pk).update(reader=secrets.randbelow(2**61) + 2**61)
    DocumentVersion.objects.filter(queued_for=user.pk).update(queued_for=0)
    Turn.objects.filter(queued_for=user.pk).delete()
    _unlog(User, [user.pk])


def _conversations(user: User) -> int:
    """Delete the person's conversations, a few in each transaction; return how many."""
    done = 0
    own = Conversation.objects.filter(user=user).values_list("pk", flat=True)
    while keys := list(own[:_AT_ONCE]):
        with transaction.atomic():
            messages = Message.objects.filter(conversation__in=keys)
            _unlog(Message, messages.values_list("pk", flat=True))
            _unlog(Conversation, keys)
            Conversation.objects.filter(pk__in=keys).delete()
        done += len(keys)
    return done


def _unlog(model: type[models.Model], keys: Iterable[Any]) -> None:
    """Take the names of these objects out of the admin site's own log."""
    kind = ContentType.objects.get_for_model(model)
    rows = LogEntry.objects.filter(content_type=kind, object_id__in=[str(key) for key in keys])
    rows.update(object_repr=ERASED, change_message="")


def _forget_name(user_id: int) -> None:
    """After the account is gone, since that writes entries of its own."""
    AuditEntry.objects.anonymise(user_id, ERASED)
