"""The port through which an installation bounds questions and the tokens of a model.

What a user has used up is known above this app. Whoever keeps that account connects a
``Ledger`` here; without one nothing is bounded.
"""

from __future__ import annotations

from typing import Protocol


class Ledger(Protocol):
    """Keeps what each user has used. ``user_id`` is the primary key of a user."""

    def question(self, user_id: int) -> None:
        """Count one question. Raises ``QuotaReached`` where that is one too many.

        Called inside the transaction that keeps the question.
        """
        ...

    def reserve(self, user_id: int, tokens: int) -> None:
        """Count ``tokens`` before a model is called. Raises ``QuotaReached``, then counts none."""
        ...

    def settle(self, user_id: int, tokens: int) -> None:
        """Add ``tokens``, which may be negative: what a call used beyond what was reserved."""
        ...


class _Unbounded:
    """Counts nothing."""

    def question(self, user_id: int) -> None:
        """Let every question through."""

    def reserve(self, user_id: int, tokens: int) -> None:
        """Let every call through."""

    def settle(self, user_id: int, tokens: int) -> None:
        """Forget what was used."""


_ledger: Ledger = _Unbounded()


def connect(ledger: Ledger) -> None:
    """Have ``ledger`` count from now on."""
    global _ledger  # noqa: PLW0603  # the one place where it is set, when the apps are ready
    _ledger = ledger


def ledger() -> Ledger:
    """Return who counts."""
    return _ledger
