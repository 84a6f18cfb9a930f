"""The report of a calibration: halves fitted and measured on each other, and what is shipped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from chat.answer.confidence import WEIGHTS, Grounds, Weights, calibrated
from chat.answer.regression import Example, fitted
from chat.answer.reliability import (
    AtThreshold,
    Bin,
    Judged,
    area,
    at_threshold,
    calibration_error,
    equal_mass,
    equal_width,
)

#: What all off-topic questions together count in a fit, as a share of the answers.
OFF_TOPIC_SHARE = 0.1
#: Confidences for which precision and recall are told.
LEVELS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
SHIPPED = Path(__file__).with_name("calibration.json")


class Kind(StrEnum):
    """What a question is to the library it is asked of."""

    ANSWERABLE = "answerable"
    UNANSWERABLE = "unanswerable"
    OFF_TOPIC = "off_topic"


@dataclass(frozen=True, slots=True)
class Case:
    """A question that was asked, by kind: its answer's grounds, ``None`` where refused.

    ``at`` lists thresholds of relevance with whether it was answered there, and rightly.
    """

    kind: Kind
    group: str
    right: bool
    grounds: Grounds | None
    at: tuple[tuple[float, bool, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Errors:
    """Expected calibration errors: ten bins of equal width, fifteen, ten of equal mass."""

    width_10: float
    width_15: float
    mass_10: float

    @classmethod
    def of(cls, judged: Sequence[Judged]) -> Errors:
        """Those of ``judged``."""
        bins = (equal_width(judged), equal_width(judged, 15), equal_mass(judged))
        return cls(*(round(calibration_error(each), 4) for each in bins))


@dataclass(frozen=True, slots=True)
class Measured:
    """What one set of weights does on some groups of questions.

    ``errors`` and ``bins`` are of the answers to answerable questions; ``with_refused``
    counts those that were refused as well, with a confidence of 0; ``mixed`` takes in
    the unanswerable questions as they come. The areas compare confidences, refusals
    being 0: right answers with wrong ones, and answerable questions with others.
    """

    groups: tuple[str, ...]
    weights: Weights
    questions: int
    refused: int
    right: float
    errors: Errors
    with_refused: Errors
    mixed: Errors
    bins: tuple[Bin, ...]
    area_right: float | None
    area_unanswerable: float | None
    area_off_topic: dict[str, float]


@dataclass(frozen=True, slots=True)
class Report:
    """A calibration: the halves, each by the weights of the other; and what is shipped.

    ``fitted`` are the weights that all questions together give.
    """

    dataset: str
    model: str
    halves: tuple[Measured, ...]
    shipped: Measured
    fitted: Weights
    by_relevance: tuple[AtThreshold, ...]
    by_confidence: tuple[AtThreshold, ...]


def report(dataset: str, model: str, cases: Sequence[Case]) -> Report:
    """Calibrate on each half of the groups, taken in turn, and measure on the other.

    Raises ``ValueError`` where there are less than two groups, or too few answers.
    """
    groups = sorted({case.group for case in cases if case.kind != Kind.OFF_TOPIC})
    if len(groups) < 2:
        raise ValueError("A calibration needs questions about at least two groups of texts.")
    halves = (groups[::2], groups[1::2])
    return Report(
        dataset=dataset,
        model=model,
        halves=tuple(
            _measured(cases, halves[1 - i], fitted(_examples(cases, halves[i]))) for i in (0, 1)
        ),
        shipped=_measured(cases, groups, WEIGHTS),
        fitted=fitted(_examples(cases, groups)),
        by_relevance=_by_relevance(cases),
        by_confidence=_by_confidence(cases),
    )


def _examples(cases: Sequence[Case], groups: Sequence[str]) -> list[Example]:
    """The answers of ``groups``, and off-topic ones that together count a tenth of them."""
    own = [
        Example(case.grounds, case.right)
        for case in cases
        if case.kind == Kind.ANSWERABLE and case.group in groups and case.grounds
    ]
    foreign = [case for case in cases if case.kind == Kind.OFF_TOPIC]
    weight = OFF_TOPIC_SHARE * len(own) / len(foreign) if foreign else 0.0
    return own + [Example(case.grounds, False, weight) for case in foreign if case.grounds]


def _measured(cases: Sequence[Case], groups: Sequence[str], weights: Weights) -> Measured:
    mine = [case for case in cases if case.group in groups and case.kind != Kind.OFF_TOPIC]
    own = _judged((case for case in mine if case.kind == Kind.ANSWERABLE), weights)
    other = _judged((case for case in mine if case.kind == Kind.UNANSWERABLE), weights)
    given = [(sure, right) for sure, right in own if sure > 0]
    return Measured(
        groups=tuple(groups),
        weights=weights,
        questions=len(own),
        refused=len(own) - len(given),
        right=round(sum(right for _, right in given) / len(given), 4) if given else 0.0,
        errors=Errors.of(given),
        with_refused=Errors.of(own),
        mixed=Errors.of([*given, *((sure, False) for sure, _ in other if sure > 0)]),
        bins=equal_width(given),
        area_right=_area([x for x, right in given if right], [x for x, y in given if not y]),
        area_unanswerable=_area([x for x, _ in own], [x for x, _ in other]),
        area_off_topic=_off_topic(cases, [x for x, _ in own], weights),
    )


def _judged(cases: Iterable[Case], weights: Weights) -> list[Judged]:
    """Confidence and rightness of each; 0 and wrong for one that was refused."""
    return [
        (calibrated(case.grounds, weights).value if case.grounds else 0.0, case.right)
        for case in cases
    ]


def _area(wanted: Sequence[float], other: Sequence[float]) -> float | None:
    return round(area(wanted, other), 4) if wanted and other else None


def _off_topic(cases: Sequence[Case], own: Sequence[float], weights: Weights) -> dict[str, float]:
    foreign = [case for case in cases if case.kind == Kind.OFF_TOPIC]
    areas = {}
    for name in sorted({case.group for case in foreign}):
        theirs = _judged((case for case in foreign if case.group == name), weights)
        if (found := _area(own, [x for x, _ in theirs])) is not None:
            areas[name] = found
    return areas


def _by_relevance(cases: Sequence[Case]) -> tuple[AtThreshold, ...]:
    """What each threshold of relevance does; every answer was made again for it."""
    levels = sorted({level for case in cases for level, *_ in case.at})
    found = []
    for level in levels:
        at = [(case.kind, next((x for x in case.at if x[0] == level), None)) for case in cases]
        own = [(float(x[1]), x[2]) for kind, x in at if x and kind == Kind.ANSWERABLE]
        foreign = [float(x[1]) for kind, x in at if x and kind == Kind.OFF_TOPIC]
        found.append(_renamed(at_threshold(1.0, own, foreign), level))
    return tuple(found)


def _renamed(found: AtThreshold, level: float) -> AtThreshold:
    return AtThreshold(**(asdict(found) | {"threshold": level}))


def _by_confidence(cases: Sequence[Case]) -> tuple[AtThreshold, ...]:
    own = _judged((case for case in cases if case.kind == Kind.ANSWERABLE), WEIGHTS)
    foreign = _judged((case for case in cases if case.kind == Kind.OFF_TOPIC), WEIGHTS)
    return tuple(at_threshold(level, own, [x for x, _ in foreign]) for level in LEVELS)


def cases_written(cases: Iterable[Case]) -> str:
    """Cases as lines of JSON, to be read again by ``cases_read``."""
    return "".join(f"{json.dumps(asdict(case))}\n" for case in cases)


def cases_read(text: str) -> list[Case]:
    """The cases that ``cases_written`` wrote. Raises ``ValueError`` for anything else."""
    try:
        return [_case(json.loads(line)) for line in text.splitlines()]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"These are not the cases of a calibration: {error!r}") from None


def _case(row: dict[str, Any]) -> Case:
    grounds = Grounds(**row["grounds"]) if row["grounds"] else None
    at = tuple((float(level), bool(was), bool(right)) for level, was, right in row["at"])
    return Case(Kind(row["kind"]), str(row["group"]), bool(row["right"]), grounds, at)


def as_json(found: Report) -> dict[str, Any]:
    """The report as JSON holds it, numbers rounded."""
    rounded: dict[str, Any] = json.loads(
        json.dumps(asdict(found)), parse_float=lambda text: round(float(text), 4)
    )
    return rounded


@lru_cache(maxsize=1)
def shipped() -> dict[str, Any]:
    """The report of the calibration that the product ships with."""
    loaded: dict[str, Any] = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return loaded
