"""What is written into the audit log when something happens.

Rights and accounts are watched where their rows are written, so that no door is missed:
pages, API, admin site and command line. What is done to documents is told by the apps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver

from documents.models import Collection, Membership
from documents.signals import deed
from ragsite.accounts.models import APIToken, TwoStep
from ragsite.audit.services import REFUSED, record
from ragsite.quotas.models import QuotaOverride

#: Fields of a user whose change is told by name; what they hold is not.
_WATCHED: Final = (
    *("username", "email", "first_name", "last_name"),
    *("is_active", "is_staff", "is_superuser"),
)
#: Rows whose every change is told below; the admin site's own log would repeat it.
_TOLD: Final = (User, Group, Collection, Membership, APIToken, TwoStep, QuotaOverride)
_NAMES: Final = {1: "added", 2: "changed", 3: "deleted"}


@receiver(user_logged_in)
def signed_in(sender: object, user: Any, **kwargs: object) -> None:  # noqa: ARG001
    """Somebody signed in."""
    record("sign_in", user=user, about=("user", user.pk))


@receiver(user_logged_out)
def signed_out(sender: object, user: Any, **kwargs: object) -> None:  # noqa: ARG001
    """Somebody signed out."""
    if user is not None:
        record("sign_out", user=user, about=("user", user.pk))


@receiver(user_login_failed)
def sign_in_failed(sender: object, credentials: Mapping[str, Any], **kwargs: object) -> None:  # noqa: ARG001
    """Name the account where there is one: what was typed instead may be a password."""
    found = User.objects.filter(username=str(credentials.get("username", ""))[:150]).first()
    about = ("user", found.pk) if found else ("user", "")
    record("sign_in", about=about, outcome=REFUSED)


@receiver(deed)
def done(sender: object, action: str, **told: Any) -> None:  # noqa: ARG001
    """An app tells of a deed."""
    about = (told["object_type"], told["object_id"])
    record(action, about=about, user=told.get("user"), detail=told.get("detail"))


# --- people -----------------------------------------------------------------------


@receiver(pre_save, sender=User)
def look_before(sender: object, instance: Any, raw: bool = False, **kwargs: Any) -> None:  # noqa: ARG001
    """Keep what the user was like, unless only the time of the sign-in is written."""
    fields = kwargs.get("update_fields")
    wanted = not raw and instance.pk and not (fields and set(fields) <= {"last_login"})
    instance.audited = User.objects.filter(pk=instance.pk).first() if wanted else None


@receiver(post_save, sender=User)
def user_saved(sender: object, instance: Any, created: bool, **kwargs: Any) -> None:  # noqa: ARG001
    """An account was made or changed; for a new password, that it is new."""
    if kwargs.get("raw"):
        return
    about = ("user", instance.pk)
    if created:
        rights = {name: True for name in ("is_staff", "is_superuser") if getattr(instance, name)}
        record("user.created", about=about, detail=rights)
        return
    before = getattr(instance, "audited", None)
    if before is None:
        return
    if changed := [name for name in _WATCHED if getattr(before, name) != getattr(instance, name)]:
        detail = {name: getattr(instance, name) for name in changed if name.startswith("is_")}
        record("user.changed", about=about, detail=detail | {"fields": changed})
    # A hash that is only renewed with newer parameters has no password beside it.
    if instance._password is not None and before.password != instance.password:  # noqa: SLF001
        record("user.password_changed", about=about)


@receiver(post_delete, sender=User)
def user_deleted(sender: object, instance: Any, **kwargs: object) -> None:  # noqa: ARG001
    """An account is gone."""
    record("user.deleted", about=("user", instance.pk))


@receiver(m2m_changed, sender=User.groups.through)
@receiver(m2m_changed, sender=User.user_permissions.through)
@receiver(m2m_changed, sender=Group.permissions.through)
def rights_changed(sender: type[models.Model], instance: Any, action: str, **kwargs: Any) -> None:
    """Groups or permissions were given or taken."""
    if action.startswith("post_"):
        kind = instance._meta.model_name  # noqa: SLF001
        which = sorted(kwargs.get("pk_set") or ())
        names = {"what": sender._meta.model_name, action.removeprefix("post_"): which}  # noqa: SLF001
        record(f"{kind}.rights_changed", about=(kind, instance.pk), detail=names)


@receiver(post_save, sender=Group)
def group_saved(sender: object, instance: Any, created: bool, **kwargs: object) -> None:  # noqa: ARG001
    """A group was made, or its name changed."""
    record("group.created" if created else "group.changed", about=("group", instance.pk))


@receiver(post_delete, sender=Group)
def group_deleted(sender: object, instance: Any, **kwargs: object) -> None:  # noqa: ARG001
    """A group is gone."""
    record("group.deleted", about=("group", instance.pk))


# --- collections, tokens, quotas ---------------------------------------------------


@receiver(post_save, sender=Collection)
def collection_saved(sender: object, instance: Any, created: bool, **kwargs: Any) -> None:  # noqa: ARG001
    """A collection was made or renamed."""
    if set(kwargs.get("update_fields") or ()) == {"default_of"}:
        return
    action = "created" if created else "renamed"
    record(f"collection.{action}", about=("collection", instance.pk))


@receiver(post_delete, sender=Collection)
def collection_deleted(sender: object, instance: Any, **kwargs: object) -> None:  # noqa: ARG001
    """A collection is gone."""
    record("collection.deleted", about=("collection", instance.pk))


@receiver(post_save, sender=Membership)
def member_set(sender: object, instance: Any, **kwargs: object) -> None:  # noqa: ARG001
    """Somebody has a role in a collection, or another one."""
    detail = {"user": instance.user_id, "role": str(instance.role)}
    record("collection.member_set", about=("collection", instance.collection_id), detail=detail)


@receiver(post_delete, sender=Membership)
def member_removed(sender: object, instance: Any, **kwargs: object) -> None:  # noqa: ARG001
    """Somebody lost their role in a collection, by whatever way."""
    about = ("collection", instance.collection_id)
    record("collection.member_removed", about=about, detail={"user": instance.user_id})


@receiver(post_save, sender=APIToken)
def token_made(sender: object, instance: Any, created: bool, **kwargs: object) -> None:  # noqa: ARG001
    """A token was made. Its owner stands for who made it at the command line."""
    if created:
        detail = {"user": instance.user_id, "scope": str(instance.scope)}
        record("token.created", about=("token", instance.pk), user=instance.user, detail=detail)


@receiver(post_delete, sender=APIToken)
def token_revoked(sender: object, instance: Any, **kwargs: object) -> None:  # noqa: ARG001
    """A token is gone: revoked, or with its user."""
    record("token.revoked", about=("token", instance.pk), detail={"user": instance.user_id})


@receiver(post_save, sender=QuotaOverride)
@receiver(post_delete, sender=QuotaOverride)
def quota_changed(sender: object, instance: Any, **kwargs: object) -> None:  # noqa: ARG001
    """Somebody has quotas of their own, or no more."""
    record("quota.changed", about=("user", instance.user_id))


@receiver(post_save, sender=LogEntry)
def administered(sender: object, instance: LogEntry, **kwargs: object) -> None:  # noqa: ARG001
    """Write down what was done on the admin site to anything that is not told above."""
    model = instance.content_type.model_class() if instance.content_type else None
    if model is None or issubclass(model, _TOLD):
        return
    about = (str(model._meta.model_name), instance.object_id or "")  # noqa: SLF001
    detail = {"fields": _fields(instance.change_message)}
    record(f"admin.{_NAMES.get(instance.action_flag, 'done')}", about=about, detail=detail)


def _fields(message: str) -> list[str]:
    """Return the names of the fields that the admin site's log tells of; never a value."""
    try:
        parts = json.loads(message or "[]")
    except ValueError:
        return []
    told = [part.get("changed", {}) for part in parts if isinstance(part, dict)]
    return sorted({str(name) for change in told for name in change.get("fields", ())})
