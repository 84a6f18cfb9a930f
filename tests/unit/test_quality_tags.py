"""How measures, differences and ranks are put into words."""

from __future__ import annotations

import pytest

from chat.answer.judging import quote_key
from chat.templatetags.quality import difference, grade_of, measure, ranks


def test_a_measure_has_three_digits_or_a_dash() -> None:
    assert (measure(0.63094), measure(None)) == ("0.631", "–")


@pytest.mark.parametrize(
    ("other", "live", "words"),
    [(0.7, 0.5, "+0.200"), (0.5, 0.7, "-0.200"), (0.5, 0.5, "same"), (None, 0.5, "–")],
)
def test_a_difference_has_its_sign(other: float | None, live: float | None, words: str) -> None:
    assert difference(other, live) == words


def test_ranks_are_told_in_words() -> None:
    assert ranks({"right": [2, None], "wrong": [1]}) == (
        "right passage at 2, not found; wrong passage at 1"
    )
    assert ranks({"right": [], "wrong": []}) == "nothing judged"


def test_a_grade_is_found_by_the_words_of_a_passage() -> None:
    said = {quote_key("seven eggs"): 0}
    assert (grade_of(said, "Seven\neggs"), grade_of(said, "eight")) == (0, None)
