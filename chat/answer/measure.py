"""How good the verdicts are, on claims that people have labelled."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from numpy.typing import NDArray

from chat.answer.facts import evidence_of, holding
from chat.answer.verify import support
from chat.answer.weighing import signals
from chat.types import Verdict

#: The labels of WiCE (Kamoi et al., 2023) and our own words for them.
LABELS = {
    "supported": Verdict.SUPPORTED,
    "partially_supported": Verdict.PARTIAL,
    "partial": Verdict.PARTIAL,
    "not_supported": Verdict.UNSUPPORTED,
    "unsupported": Verdict.UNSUPPORTED,
}
RESAMPLES = 300
GRADES = (Verdict.UNSUPPORTED, Verdict.PARTIAL, Verdict.SUPPORTED)


class BadLine(ValueError):
    """A line of a file that is no labelled claim. The message names it."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One claim with its label, and one or more sets of texts that may carry it."""

    claim: str
    label: Verdict
    evidence: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Measurement:
    """``supported``: area under the ROC curve for supported against the rest.

    ``unsupported``: the same for not supported against the rest. ``errors`` are the standard
    errors of the two, from ``RESAMPLES`` samples of the claims with replacement.
    ``verdicts[label][verdict]`` counts claims. ``milliseconds`` are the median and the 95th
    percentile of the processor time that one sentence takes with evidence not seen before.
    """

    claims: int
    supported: float
    unsupported: float
    errors: tuple[float, float]
    verdicts: Mapping[Verdict, Mapping[Verdict, int]]
    milliseconds: tuple[float, float]


def read_labelled(path: Path) -> list[Labelled]:
    """The claims of a file with one JSON object a line: ``claim``, ``evidence``, ``label``.

    Lines that share ``meta.id`` are one claim with several sets of evidence, of which the
    best counts. Raises ``BadLine``, and ``OSError`` where the file cannot be read.
    """
    with path.open(encoding="utf-8") as file:
        rows = [_row(line, n) for n, line in enumerate(file, start=1) if line.strip()]
    if not rows:
        raise BadLine("The file holds no claims.")
    return [_together(list(group)) for _, group in groupby(rows, key=lambda row: row[0])]


def _row(line: str, n: int) -> tuple[str, Labelled]:
    try:
        row = json.loads(line)
        key = str((row.get("meta") or {}).get("id", n))
        evidence = row["evidence"]
        texts = (evidence,) if isinstance(evidence, str) else tuple(map(str, evidence))
        return key, Labelled(str(row["claim"]), LABELS[row["label"]], (texts,))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadLine(
            f'Line {n} is not {{"claim", "evidence", "label"}} with a label of '
            f"{', '.join(LABELS)}: {error!r}"
        ) from None


def _together(rows: Sequence[tuple[str, Labelled]]) -> Labelled:
    first = rows[0][1]
    return Labelled(first.claim, first.label, tuple(row.evidence[0] for _, row in rows))


def measured(claims: Sequence[Labelled]) -> Measurement:
    """The verdicts of the product on ``claims``, against their labels."""
    scores, times = [], []
    counts = {label: dict.fromkeys(GRADES, 0) for label in GRADES}
    evidence_of.cache_clear()
    for one in claims:
        found = []
        for texts in one.evidence:
            began = time.process_time()
            found.append(support(one.claim, texts))
            times.append((time.process_time() - began) * 1000)
        best = max(found, key=lambda judged: judged.score)
        scores.append(best.score)
        counts[one.label][best.verdict] += 1
    values, grades = np.array(scores), grades_of(claims)
    late = quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    found_areas, errors = areas(values, grades), _errors(values, grades)
    return Measurement(len(claims), *found_areas, errors, counts, (median(times), late))


def _errors(scores: NDArray[np.float64], grades: NDArray[np.int64]) -> tuple[float, float]:
    """The bootstrap's standard errors of both areas (Efron, 1979); the same at every call."""
    generator = np.random.default_rng(0)
    drawn = (generator.integers(len(grades), size=len(grades)) for _ in range(RESAMPLES))
    found = np.array([areas(scores[rows], grades[rows]) for rows in drawn])
    defined = found[~np.isnan(found).any(axis=1)]
    if not len(defined):
        return float("nan"), float("nan")
    supported, unsupported = defined.std(axis=0)
    return float(supported), float(unsupported)


def grades_of(claims: Iterable[Labelled]) -> NDArray[np.int64]:
    """0 unsupported, 1 partial, 2 supported, shape ``(claims,)``."""
    return np.array([GRADES.index(one.label) for one in claims])


def signals_of(claims: Sequence[Labelled]) -> NDArray[np.float64]:
    """What ``weighing.signals`` gives, shape ``(claims, sets of evidence, 5)``.

    A claim with fewer sets than another has its first one repeated.
    """
    most = max(len(one.evidence) for one in claims)
    return np.array(
        [
            [
                signals(holding(one.claim, evidence_of(texts)))
                for texts in one.evidence + one.evidence[:1] * (most - len(one.evidence))
            ]
            for one in claims
        ]
    )


def areas(scores: NDArray[np.float64], grades: NDArray[np.int64]) -> tuple[float, float]:
    """Areas for supported against the rest, and for not supported against the rest."""
    return area(scores[grades == 2], scores[grades < 2]), area(
        scores[grades > 0], scores[grades == 0]
    )


def area(higher: NDArray[np.float64], lower: NDArray[np.float64]) -> float:
    """How often a score of ``higher`` is above one of ``lower``, a tie counting half.

    The area under the ROC curve (Hanley and McNeil, 1982); NaN where one is empty.
    """
    if not len(higher) or not len(lower):
        return float("nan")
    above = (higher[:, None] > lower[None, :]).mean()
    ties = (higher[:, None] == lower[None, :]).mean()
    return float(above + ties / 2)
