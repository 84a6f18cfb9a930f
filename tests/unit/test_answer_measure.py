"""Measuring verdicts on labelled claims."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chat.answer.measure import BadLine, area, measured, read_labelled, signals_of
from chat.types import Verdict

TEXT = "The museum opened in 1998. It was designed by Renzo Piano."


def row(label: str, claim: str, key: str = "", evidence: Any = (TEXT,)) -> dict[str, Any]:
    return {"label": label, "claim": claim, "evidence": evidence, "meta": {"id": key or claim}}


ROWS = [
    row("supported", "The museum opened in 1998."),
    row("partially_supported", "The museum opened in May 1989."),
    row("not_supported", "Bananas grow in the tropics."),
]


def file_of(folder: Path, *rows: Any) -> Path:
    path = folder / "claims.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in rows), encoding="utf-8")
    return path


def test_an_area_counts_pairs_in_order_and_half_the_ties() -> None:
    assert area(np.array([3.0, 2.0]), np.array([1.0, 2.0])) == 0.875
    assert area(np.array([1.0]), np.array([2.0])) == 0.0


def test_an_area_of_nothing_is_no_number() -> None:
    assert math.isnan(area(np.array([]), np.array([1.0])))


def test_claims_are_read_with_their_labels(tmp_path: Path) -> None:
    claims = read_labelled(file_of(tmp_path, *ROWS))
    assert [one.label for one in claims] == [
        Verdict.SUPPORTED,
        Verdict.PARTIAL,
        Verdict.UNSUPPORTED,
    ]


def test_lines_of_one_claim_are_joined(tmp_path: Path) -> None:
    rows = [row("supported", "A.", "1", ["x"]), row("supported", "A.", "1", "y")]
    (claim,) = read_labelled(file_of(tmp_path, *rows))
    assert claim.evidence == (("x",), ("y",))


@pytest.mark.parametrize(
    "bad",
    ["no object", {"claim": "A."}, {"claim": "A.", "evidence": [], "label": "maybe"}, [1], None],
)
def test_a_bad_line_is_named(tmp_path: Path, bad: Any) -> None:
    with pytest.raises(BadLine, match="Line 2"):
        read_labelled(file_of(tmp_path, ROWS[0], bad))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadLine, match="no claims"):
        read_labelled(file_of(tmp_path))


def test_a_measurement_has_areas_counts_and_times(tmp_path: Path) -> None:
    found = measured(read_labelled(file_of(tmp_path, *ROWS)))
    assert (found.claims, found.supported, found.unsupported) == (3, 1.0, 1.0)
    assert all(found.verdicts[label][label] == 1 for label in Verdict)
    assert 0 < found.milliseconds[0] <= found.milliseconds[1]


def test_the_best_evidence_of_a_claim_counts(tmp_path: Path) -> None:
    rows = [row("supported", ROWS[0]["claim"], "1", evidence) for evidence in (["No."], [TEXT])]
    found = measured(read_labelled(file_of(tmp_path, *rows)))
    assert found.verdicts[Verdict.SUPPORTED][Verdict.SUPPORTED] == 1


def test_signals_have_a_row_for_each_set_of_evidence(tmp_path: Path) -> None:
    rows = [row("supported", "A b.", "1", ["b"]), row("supported", "A b.", "1", ["c"]), ROWS[0]]
    assert signals_of(read_labelled(file_of(tmp_path, *rows))).shape == (2, 2, 5)
