"""Measures of whether a confidence means what it says."""

from __future__ import annotations

import pytest

from chat.answer.curve import reliability_svg
from chat.answer.gold import holds_one, normalised
from chat.answer.reliability import (
    area,
    at_threshold,
    calibration_error,
    equal_mass,
    equal_width,
)

HONEST = [(0.75, True)] * 3 + [(0.75, False)] + [(0.25, False)] * 3 + [(0.25, True)]


def test_what_comes_true_as_often_as_said_has_no_error() -> None:
    assert calibration_error(equal_width(HONEST)) == pytest.approx(0)


def test_the_error_is_the_mean_gap_by_answers() -> None:
    # Nine answers said .95 of which none is right, one said .05 that is right.
    judged = [(0.95, False)] * 9 + [(0.05, True)]
    assert calibration_error(equal_width(judged)) == pytest.approx(0.9 * 0.95 + 0.1 * 0.95)


def test_no_answers_have_no_error() -> None:
    assert calibration_error(equal_width([])) == 0
    assert calibration_error(equal_mass([])) == 0


def test_certainty_falls_into_the_last_bin() -> None:
    assert equal_width([(1.0, True)])[-1].count == 1


def test_every_answer_is_in_exactly_one_bin() -> None:
    judged = [(i / 97, i % 2 == 0) for i in range(97)]
    assert sum(each.count for each in equal_width(judged, 15)) == 97
    assert [each.count for each in equal_mass(judged, 10)] == [10, 9, 10, 10, 9, 10, 10, 10, 9, 10]


def test_bins_of_equal_mass_do_not_hide_what_crowds_together() -> None:
    judged = [(0.91, False)] * 50 + [(0.99, True)] * 50
    wide, dense = equal_width(judged), equal_mass(judged, 2)
    assert calibration_error(wide) < 0.5 < calibration_error(dense) + 0.1


def test_the_area_is_one_apart_a_half_together_and_zero_reversed() -> None:
    assert area([0.8, 0.9], [0.1, 0.2]) == 1
    assert area([0.5], [0.5]) == 0.5
    assert area([0.1], [0.9]) == 0


def test_the_area_counts_pairs() -> None:
    assert area([1, 3], [2, 2, 0]) == pytest.approx((1 + 3) / 6)


def test_an_area_needs_both_sides() -> None:
    with pytest.raises(ValueError, match="both sides"):
        area([], [0.5])


def test_a_threshold_refuses_what_lies_below_it() -> None:
    own = [(0.9, True), (0.6, False), (0.3, True), (0.0, False)]
    found = at_threshold(0.5, own, [0.7, 0.1, 0.0])
    assert found.answered == 0.5
    assert found.precision == pytest.approx(1 / 3)
    assert found.recall == 0.25
    assert found.off_topic_refused == pytest.approx(2 / 3)


def test_what_was_refused_is_answered_at_no_threshold() -> None:
    found = at_threshold(0.0, [(0.0, False)], [0.0])
    assert (found.answered, found.precision, found.off_topic_refused) == (0, 1, 1)


# --- what counts as right -------------------------------------------------------------


def test_case_punctuation_and_articles_do_not_matter() -> None:
    assert normalised("The  Duke, of “Normandy”!") == "duke of normandy"


def test_an_answer_is_held_as_whole_words() -> None:
    assert holds_one(["It opened in 1998."], ["1998"])
    assert not holds_one(["It opened in 19985."], ["1998"])


def test_one_of_several_answers_in_one_of_several_texts_is_enough() -> None:
    assert holds_one(["Nothing.", "It was in the 10th century."], ["11th", "10th century"])


def test_an_answer_is_not_put_together_from_two_texts() -> None:
    assert not holds_one(["in the 10th", "century"], ["10th century"])


@pytest.mark.parametrize("gold", [[], [""], ["the"], ["..."]])
def test_an_empty_answer_is_held_by_nothing(gold: list[str]) -> None:
    assert not holds_one(["the end ..."], gold)


# --- the curve ------------------------------------------------------------------------


def test_the_curve_tells_its_numbers_in_words_too() -> None:
    svg = reliability_svg(equal_width(HONEST), "Kept & measured")
    assert "<title>Kept &amp; measured</title>" in svg
    assert "75 % said, 75 % right of 4" in svg


def test_the_curve_has_a_dot_for_each_bin_that_holds_something() -> None:
    assert reliability_svg(equal_width(HONEST), "x").count("<circle") == 2


def test_the_curve_needs_no_style_and_no_script() -> None:
    svg = reliability_svg(equal_width(HONEST), "x")
    assert "style" not in svg
    assert "script" not in svg
