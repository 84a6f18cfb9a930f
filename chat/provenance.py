"""How an answer stands to the library as it is now: what it rests on, and what came since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

#: The title of a source that the reader may not see, or that is gone.
UNREADABLE = "A source you can no longer read"


class SourceState(StrEnum):
    """What became of a version that an answer rests on.

    ``DELETED`` is also what one is told who may no longer read the document.
    """

    CURRENT = "current"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Standing:
    """A document that the reader sees: the version it answers from, its newest one, its title."""

    current: int | None
    newest: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One version that an answer cites; without a standing it cannot be read any more."""

    document_id: object
    title: str
    version: int
    standing: Standing | None

    @property
    def state(self) -> SourceState:
        """What became of it."""
        if self.standing is None:
            return SourceState.DELETED
        is_old = self.standing.current is not None and self.standing.current > self.version
        return SourceState.SUPERSEDED if is_old else SourceState.CURRENT

    def age(self) -> dict[str, Any]:
        """Return what a citation says of its version, in the shape of the API."""
        return {
            "current_version": self.standing.current if self.standing else None,
            "versions": self.standing.newest if self.standing else None,
            "outdated": self.state is not SourceState.CURRENT,
        }

    def shown(self) -> dict[str, Any]:
        """Return the version as an answer lists it, in the shape of the API."""
        age = self.age()
        return {
            "document_id": str(self.document_id) if self.standing else None,
            "title": self.title,
            "version": self.version,
            "current_version": age["current_version"],
            "versions": age["versions"],
            "state": self.state.value,
        }


def provenance(sources: Iterable[Source], scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``as_of``, ``based_on`` and ``outdated`` of an answer, in the shape of the API.

    ``scope`` is where it was asked, as its message keeps it. An answer that was asked
    of the library as it was is not outdated by newer versions: none was wanted.
    """
    as_of = (scope.get("as_of") or {}).get("asked")
    listed = list(dict.fromkeys(sources))
    states = {source.state for source in listed}
    return {
        "as_of": as_of,
        "based_on": [source.shown() for source in listed],
        "outdated": SourceState.DELETED in states
        or (as_of is None and SourceState.SUPERSEDED in states),
    }
