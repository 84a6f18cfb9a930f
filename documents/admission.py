"""The port through which an installation bounds what is taken in.

Who answers for an installation may limit uploads; what counts against a limit is known
above this app. Whoever knows it registers a check here, and every upload passes all of
them in the transaction that writes its row: a check that raises keeps the row out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.models import User

#: Takes who uploads, the size in bytes, and whether the limits hold for this upload.
Check = Callable[[User, int, bool], None]

_checks: list[Check] = []
_is_bounded: ContextVar[bool] = ContextVar("uploads_are_bounded", default=True)


def register(check: Check) -> None:
    """Have every upload pass ``check``, which raises a ``QuotaReached`` to refuse it."""
    if check not in _checks:
        _checks.append(check)


def admit(user: User, size: int) -> None:
    """Count an upload of ``size`` bytes. Raises what a check raises, ``QuotaReached``."""
    for check in _checks:
        check(user, size, _is_bounded.get())


@contextmanager
def unbounded() -> Iterator[None]:
    """Let uploads through inside the block, whatever the limits: an operator brings them."""
    token = _is_bounded.set(False)
    try:
        yield
    finally:
        _is_bounded.reset(token)
