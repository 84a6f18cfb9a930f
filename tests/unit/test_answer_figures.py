"""Numbers and dates in one form, whoever writes them how."""

from __future__ import annotations

import pytest

from chat.answer.figures import claimed, figure_keys, share_stated


def keys(text: str) -> set[str]:
    return {figure.key for figure in claimed(text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("twenty-one people", {"#21"}),
        ("four hundred and five rooms", {"#405"}),
        ("two thousand", {"#2000"}),
        ("the third of ten", {"#3", "#10"}),
        ("one of the first", set()),
        ("5–4 and 5-4", {"#5", "#4"}),
        ("the 2018–19 season", {"#2018", "#2019"}),
        ("at -5 degrees", {"#-5"}),
        ("COVID-19", {"#19"}),
        ("in the 1970s", {"#1970"}),
        ("3 May 1998", {"#3", "#1998", "m5", "d5-3"}),
        ("May 3rd, 1998", {"#3", "#1998", "m5", "d5-3"}),
        ("Sept. 2020", {"#2020", "m9"}),
        ("you may march", set()),
        ("am 3. Oktober 2020", {"#3", "#2020", "m10", "d10-3"}),
    ],
)
def test_figures_of_a_claim_have_one_form(text: str, expected: set[str]) -> None:
    assert keys(text) == expected


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("On 10 November 2018.", "Nov 10, 2018 at 8:26 PM"),
        ("On 10 November 2018.", "2018-11-10T08:00"),
        ("On 10 November 2018.", "11/10/2018"),
        ("On 10 November 2018.", "10.11.2018"),
        ("On 12 February 2019.", "Fri 12 Feb 19"),
        ("On 5 March 1998.", "1998年3月5日"),
        ("In the 2018–19 season.", "The 2018-2019 academic year"),
        ("In the 1970s.", "Hits of the 70s"),
        ("Three floors.", "3 floors"),
        ("The 9th of them.", "the ninth"),
        ("It cost 4,200,000.", "It cost 4.2 million."),
        ("It cost 4.2 million.", "It cost 4,200,000."),
        ("It cost 5 euros.", "US$5"),
    ],
)
def test_evidence_states_them_in_its_own_way(claim: str, evidence: str) -> None:
    assert share_stated(claim, [evidence]) == 1.0


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("On October 27.", "October 28, see page 27"),
        ("In November.", "In October"),
        ("On 10 November 2018.", "2018-10-11, 11 pages"),
        ("In 1998.", "In 1989"),
        ("Twenty-one.", "20 and 1"),
        ("At -5 degrees.", "at 5 degrees"),
    ],
)
def test_another_figure_does_not_state_it(claim: str, evidence: str) -> None:
    assert share_stated(claim, [evidence]) < 1.0


def test_a_day_needs_its_own_month() -> None:
    assert "d5-3" not in figure_keys("3 June and 4 May")


def test_figures_keep_the_words_that_give_them() -> None:
    assert [figure.text for figure in claimed("On 3 May there were forty.")] == [
        "3",
        "3 May",
        "May",
        "forty",
    ]


def test_digits_of_any_script_are_numbers() -> None:
    assert "#1998" in figure_keys("١٩٩٨")


def test_a_date_that_cannot_be_is_none() -> None:
    assert not any(key.startswith(("d", "m")) for key in figure_keys("45/67/2019"))


def test_a_number_is_shown_as_it_is_written() -> None:
    assert [figure.text for figure in claimed("It had 42,000 visitors and 1.5 floors.")] == [
        "42,000",
        "1.5",
    ]
