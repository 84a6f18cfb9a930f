"""The second step of the sign-in: codes that an app makes every thirty seconds (TOTP, RFC 6238).

A code is taken once, within one step of the clock before and after. Recovery codes stand in
for an app that is lost; each works once, and only digests of them are kept.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from typing import Any, Final

import pyotp
import segno
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from documents.errors import InvalidInput
from ragsite.accounts.models import RecoveryCode, TwoStep
from ragsite.accounts.services import digest
from ragsite.audit.services import REFUSED, record

ISSUER: Final = "ragsite"
#: Steps of the clock by which an app may be late or early.
TOLERANCE: Final = 1
RECOVERY_CODES: Final = 10
#: Seconds within which the second step must follow the first.
WAITING_SECONDS: Final = 600
#: In a session: who has given the right password, since when, and that all steps are done.
WAITING: Final = "two_step_waiting"
PASSED: Final = "two_step_passed"
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class WrongCode(InvalidInput):
    code = "wrong_code"
    default_message = "This code is not right, or it was used already. Wait for the next one."


def is_on(user: Any) -> bool:
    """Whether the user's sign-in takes a second step."""
    return bool(TwoStep.objects.filter(user_id=user.pk).exclude(confirmed_at=None).exists())


def begin(user: User) -> TwoStep:
    """Return the secret to be put into an app; the same one until it is confirmed."""
    row, _ = TwoStep.objects.get_or_create(
        user=user, defaults={"secret": pyotp.random_base32(length=32)}
    )
    return row


def address_of(row: TwoStep) -> str:
    """Return the ``otpauth:`` address that an app reads from a picture."""
    name = row.user.get_username()
    return str(pyotp.TOTP(row.secret).provisioning_uri(name=name, issuer_name=ISSUER))


def picture(row: TwoStep) -> SafeString:
    """Return the address as a QR code: an SVG element without any style of its own."""
    code = segno.make(address_of(row), error="m", micro=False)
    drawn = code.svg_inline(border=2, dark="#000", light="#fff", omitsize=True)
    return mark_safe(drawn)  # noqa: S308  # paths and numbers alone: no text of anybody


@transaction.atomic
def confirm(*, user: User, code: str) -> list[str]:
    """Switch the second step on with a first code of the app. Returns the recovery codes.

    Raises ``WrongCode``.
    """
    row = TwoStep.objects.select_for_update().filter(user=user, confirmed_at=None).first()
    if row is None or not _take(row, code):
        raise WrongCode
    row.confirmed_at = timezone.now()
    row.save(update_fields=["confirmed_at"])
    record("two_step.on", about=("user", user.pk))
    return _recovery_codes(user)


@transaction.atomic
def recovery_renew(*, user: User, password: str, code: str) -> list[str]:
    """Return new recovery codes in the place of the old ones. Raises ``WrongCode``."""
    _prove(user, password, code)
    record("two_step.recovery_codes_renewed", about=("user", user.pk))
    return _recovery_codes(user)


@transaction.atomic
def switch_off(*, user: User, password: str, code: str) -> None:
    """Ask for no second step any more. Raises ``WrongCode`` without password and code."""
    _prove(user, password, code)
    forget(user)


def forget(user: User) -> None:
    """Take the second step away, with its recovery codes."""
    with transaction.atomic():
        TwoStep.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()
        record("two_step.off", about=("user", user.pk))


def verify(user: User, code: str) -> bool:
    """Take a code of the app, or a recovery code, and tell whether it is right. Each works once."""
    with transaction.atomic():
        row = TwoStep.objects.select_for_update().filter(user=user).first()
        if row is None or row.confirmed_at is None:
            return False
        if _take(row, code):
            return True
        used, _ = RecoveryCode.objects.filter(user=user, digest=_digest(code)).delete()
        if used:
            record("two_step.recovery_code_used", about=("user", user.pk), user=user)
        return bool(used)


def _prove(user: User, password: str, code: str) -> None:
    """Raise ``WrongCode`` unless both are right: whoever found a browser open has neither."""
    if not (user.check_password(password) and verify(user, code)):
        raise WrongCode("The password or the code is not right.")


def _take(row: TwoStep, code: str) -> bool:
    """Whether the code is right and new; then it, and all before it, are spent."""
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return False
    app, now = pyotp.TOTP(row.secret), int(time.time()) // 30
    for step in range(now - TOLERANCE, now + TOLERANCE + 1):
        if hmac.compare_digest(app.generate_otp(step), digits):
            # One statement: of two that send the same code at once, one is right.
            newer = TwoStep.objects.filter(pk=row.pk, last_step__lt=step)
            return bool(newer.update(last_step=step))
    return False


def _recovery_codes(user: User) -> list[str]:
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(12)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(c)) for c in codes)
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def _digest(code: str) -> str:
    # 59 random bits, a few tries a minute: a slow hash would add nothing.
    return digest(re.sub(r"[\s-]", "", code).lower())


# --- between the two steps ----------------------------------------------------------


def wait_for_code(request: HttpRequest, user: User) -> None:
    """Remember who has given the right password, for a while. They are not signed in."""
    request.session.cycle_key()
    request.session[WAITING] = [user.pk, int(time.time()), user.get_session_auth_hash()]


def waiting_user_id(request: HttpRequest) -> int | None:
    """Return who is half signed in, as long as that counts."""
    session = getattr(request, "session", None)
    user_id, since, _ = (session.get(WAITING) if session else None) or (None, 0, "")
    return user_id if user_id and 0 <= time.time() - since <= WAITING_SECONDS else None


def waiting_user(request: HttpRequest) -> User | None:
    """Return them, unless their password has changed or their account was closed since."""
    user_id = waiting_user_id(request)
    found = User.objects.filter(Q(is_active=True), pk=user_id).first() if user_id else None
    if found is None:
        return None
    is_same = hmac.compare_digest(found.get_session_auth_hash(), request.session[WAITING][2])
    return found if is_same else None


def refused(user: User) -> None:
    """Write down that a second step failed."""
    record("sign_in", about=("user", user.pk), outcome=REFUSED, detail={"step": "second"})
