"""Counting what users use, and stopping them where it is enough.

Each count is made under a lock on the user's row of the day, inside the transaction of the
deed: of many at the same time exactly as many pass as the quota allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from documents.errors import QuotaReached, StorageQuotaReached
from documents.models import DocumentVersion
from ragsite.quotas.models import DailyUse, QuotaOverride

#: Days that counts are kept for.
KEPT_DAYS: Final = 40
_SENTENCES: Final = {
    "stored_files": "You have {used} here and may have {limit}. Delete something first.",
    "stored_bytes": "You have {used} stored here and may have {limit}. Delete something first.",
    "files_a_day": "You may add {limit} a day, and none is left. The day ends in {wait}.",
    "bytes_a_day": "You may add {limit} a day, and this would be more. The day ends in {wait}.",
    "questions_a_day": "You may ask {limit} a day, and none is left. The day ends in {wait}.",
    "tokens_a_day": (
        "Answers may cost {limit} a day for you, and this one may cost more than is left. "
        "The day ends in {wait}."
    ),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota of a user: ``limit`` is nothing where there is none."""

    name: str
    limit: int | None
    used: int

    @property
    def left(self) -> int | None:
        """Return what may still be used; nothing where there is no end."""
        return None if self.limit is None else max(self.limit - self.used, 0)


def limits_of(user_id: int) -> dict[str, int | None]:
    """Return the user's quotas by name; nothing where there is no limit."""
    named: dict[str, int] = settings.QUOTAS
    override = QuotaOverride.objects.filter(user_id=user_id).values(*named).first() or {}
    own = {name: value for name, value in override.items() if value is not None}
    return {name: limit or None for name, limit in (named | own).items()}


def quotas_of(user: User) -> list[Quota]:
    """Return every quota of a user with what is used of it."""
    limits = limits_of(user.pk)
    row = DailyUse.objects.filter(user=user, day=_today()).first() or DailyUse(user=user)
    used = _stored(user.pk) | {
        f"{name}_a_day": getattr(row, name) for name in ("files", "bytes", "questions", "tokens")
    }
    return [Quota(name, limits[name], used[name]) for name in settings.QUOTAS]


def upload_count(user: User, size: int, is_bounded: bool = True) -> None:
    """Count a file of ``size`` bytes. Raises ``QuotaReached``; then it is not counted."""
    limits = limits_of(user.pk) if is_bounded else {}
    with transaction.atomic():
        row = _row(user.pk)
        if limits.get("stored_files") is not None or limits.get("stored_bytes") is not None:
            stored = _stored(user.pk)
            _bound("stored_files", limits, stored["stored_files"], 1)
            _bound("stored_bytes", limits, stored["stored_bytes"], size)
        _bound("files_a_day", limits, row.files, 1)
        _bound("bytes_a_day", limits, row.bytes, size)
        row.files, row.bytes = row.files + 1, row.bytes + size
        row.save(update_fields=["files", "bytes"])


class Accounts:
    """What users ask and what their answers cost: the ledger of the chat."""

    def question(self, user_id: int) -> None:
        """Count one question. Raises ``QuotaReached``."""
        limits = limits_of(user_id)
        with transaction.atomic():
            row = _row(user_id)
            _bound("questions_a_day", limits, row.questions, 1)
            row.questions += 1
            row.save(update_fields=["questions"])

    def reserve(self, user_id: int, tokens: int) -> None:
        """Count tokens before they are spent. Raises ``QuotaReached``; then none are."""
        limits = limits_of(user_id)
        with transaction.atomic():
            row = _row(user_id)
            _bound("tokens_a_day", limits, row.tokens, tokens)
            row.tokens += tokens
            row.save(update_fields=["tokens"])

    def settle(self, user_id: int, tokens: int) -> None:
        """Add what was used beyond what was reserved; less where it is negative."""
        if not tokens or not User.objects.filter(pk=user_id).exists():
            return
        with transaction.atomic():
            row = _row(user_id)
            # After midnight what was reserved stands with the day before.
            row.tokens = max(row.tokens + tokens, 0)
            row.save(update_fields=["tokens"])


def forget_old() -> int:
    """Remove the counts of days long past. Returns how many rows went."""
    before = _today() - timedelta(days=KEPT_DAYS)
    return int(DailyUse.objects.filter(day__lt=before).delete()[0])


def seconds_left() -> int:
    """Return the whole seconds until the day ends, in UTC; at least one."""
    tomorrow = datetime.combine(_today() + timedelta(days=1), time(), UTC)
    return max(int((tomorrow - timezone.now()).total_seconds()) + 1, 1)


def _today() -> date:
    return timezone.now().astimezone(UTC).date()


def _row(user_id: int) -> DailyUse:
    """Return the user's row of today, locked until the transaction ends."""
    row, _ = DailyUse.objects.select_for_update().get_or_create(user_id=user_id, day=_today())
    return row


def _stored(user_id: int) -> dict[str, int]:
    """Return what of this user's uploads is here, in files and bytes."""
    theirs = DocumentVersion.objects.filter(uploaded_by_id=user_id, document__deleting=False)
    return theirs.aggregate(stored_files=Count("pk"), stored_bytes=Coalesce(Sum("size"), 0))


def _bound(name: str, limits: dict[str, int | None], used: int, more: int) -> None:
    limit = limits.get(name)
    if limit is None or used + more <= limit:
        return
    kind: type[QuotaReached] = QuotaReached if name.endswith("_a_day") else StorageQuotaReached
    error = kind(sentence(name, limit, used))
    error.retry_after = seconds_left() if kind is QuotaReached else None
    error.extra = {"quota": name, "limit": limit, "used": used}
    raise error


def sentence(name: str, limit: int, used: int) -> str:
    """Return what a person is told whose quota is used up."""
    shown = {"limit": _amount(name, limit), "used": _amount(name, used)}
    return _SENTENCES[name].format(**shown, wait=_in_words(seconds_left())).replace("\xa0", " ")


def _amount(name: str, amount: int) -> str:
    """Return an amount as it is said: ``1.0 MB``, or ``2 files``."""
    if "bytes" in name:
        return str(filesizeformat(amount))
    unit = next(unit for unit in ("file", "question", "token") if unit in name)
    return f"{amount:,} {unit}{'s' if amount != 1 else ''}"


def _in_words(seconds: int) -> str:
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    if hours:
        return f"{hours} hour{'s' if hours != 1 else ''}"
    return f"{minutes + 1} minute{'s' if minutes else ''}"
