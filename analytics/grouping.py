"""Questions that ask for the same thing, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from documents.text.words import all_stems, words

#: The share of all their words that two questions have in common, to be taken for alike
#: (Jaccard index). Higher, and rewordings fall apart; lower, and topics flow together.
ALIKE = 0.6
#: Questions looked at; beyond it the oldest are left out.
MOST = 5000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was asked, and how its answer did."""

    question: str
    refused: bool = False
    confidence: float = 0.0
    rating: int = 0

    @property
    def is_unsolved(self) -> bool:
        """Whether whoever asked was left without an answer to rely on."""
        return self.refused or self.rating < 0


@dataclass(slots=True)
class Group:
    """Questions that are alike; ``question`` is how the first of them was put."""

    question: str
    members: list[Asked] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How often it was asked."""
        return len(self.members)

    @property
    def unsolved(self) -> int:
        """How often it was left unsolved."""
        return sum(member.is_unsolved for member in self.members)


def grouped(asked: Sequence[Asked]) -> list[Group]:
    """Return the questions in groups, the largest first; of equals, the earlier in ``asked``.

    Each question joins the first group whose own first question is alike: groups do not
    drift away from what they are called.
    """
    groups: list[Group] = []
    kernels: list[frozenset[str]] = []
    by_stem: dict[str, set[int]] = {}
    for each in asked[:MOST]:
        stems = _kernel(each.question)
        near = sorted({index for stem in stems for index in by_stem.get(stem, ())})
        found = next((index for index in near if _likeness(stems, kernels[index]) >= ALIKE), None)
        if found is None:
            found = len(groups)
            groups.append(Group(each.question))
            kernels.append(stems)
            for stem in stems:
                by_stem.setdefault(stem, set()).add(found)
        groups[found].members.append(each)
    return sorted(groups, key=lambda group: -group.count)


def _kernel(question: str) -> frozenset[str]:
    """Return the content stems of a question; all of its stems when it has no others."""
    content = frozenset(word.stem for word in words(question) if word.is_content)
    return content or frozenset(all_stems(question)) or frozenset({question.strip().lower()})


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
