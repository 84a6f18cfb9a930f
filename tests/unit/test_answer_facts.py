"""What a sentence states, and which sentences of the evidence hold it."""

from __future__ import annotations

import pytest

from chat.answer.facts import Evidence, Holding, facts, fullest, holding
from chat.types import Missing, MissingKind

NAME, WORD, NUMBER, DATE = (
    MissingKind.NAME,
    MissingKind.WORD,
    MissingKind.NUMBER,
    MissingKind.DATE,
)


def held(claim: str, *texts: str) -> Holding:
    return holding(claim, Evidence(texts))


def kinds(claim: str) -> list[tuple[MissingKind, str]]:
    return [(fact.kind, fact.text) for fact in facts(claim)]


def test_a_claim_is_words_names_numbers_and_dates() -> None:
    assert kinds("On 3 May 1998 the bridge was opened by Ada Byron.") == [
        (NUMBER, "3"),
        (DATE, "3 May"),
        (DATE, "May"),
        (NUMBER, "1998"),
        (WORD, "bridge"),
        (WORD, "opened"),
        (NAME, "Ada"),
        (NAME, "Byron"),
    ]


def test_a_first_word_is_a_name_only_beside_another() -> None:
    assert kinds("Ada Byron wrote.")[0] == (NAME, "Ada")
    assert kinds("Bridges fall.")[0] == (WORD, "Bridges")


@pytest.mark.parametrize("claim", ["It fell. Bridges do.", "It said: “Bridges fall.”"])
def test_a_word_that_begins_a_sentence_is_no_name(claim: str) -> None:
    assert (WORD, "Bridges") in kinds(claim)


def test_a_word_behind_an_initial_is() -> None:
    assert (NAME, "Arnold") in kinds("It was Thomas K. Arnold.")


def test_german_nouns_and_lines_of_capitals_are_no_names() -> None:
    assert (NAME, "Brücke") not in kinds("Die Brücke wurde von der Stadt gebaut.")
    assert all(kind is WORD for kind, _ in kinds("THE BRIDGE OVER THE RIVER"))


@pytest.mark.parametrize("claim", ["", "?!", "The of and.", "Yes.", "No", "Ja.", "— … —"])
def test_what_says_nothing_has_no_facts(claim: str) -> None:
    assert facts(claim) == ()


def test_the_answer_in_front_is_no_fact() -> None:
    assert kinds("Yes, it opened.") == [(WORD, "opened")]


def test_what_nothing_holds_is_missing() -> None:
    found = held("The bridge opened in 1998.", "The bridge is long.", "It opened late.")
    assert found.missing == (Missing(NUMBER, "1998"),)
    assert found.coverage == 1.0


@pytest.mark.parametrize(
    ("claim", "text"),
    [("He went to Libya.", "The Libyan coast, he went."), ("A supremacy.", "Some supremacists.")],
)
def test_another_form_of_a_word_holds_it(claim: str, text: str) -> None:
    assert held(claim, text).missing == ()


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("He went to Austria.", "He went to Australia."),
        ("He met Paula.", "He met Pau."),
    ],
)
def test_a_mere_likeness_does_not(claim: str, text: str) -> None:
    assert len(held(claim, text).missing) == 1


def test_facts_are_close_in_one_sentence_or_its_neighbour() -> None:
    near = held("Red green blue.", "Red and green.", "Blue.")
    far = held("Red green blue.", "Red and green.", "Nothing.", "Nothing.", "Blue.")
    assert near.closeness == 1.0
    assert far.closeness == pytest.approx(1 / 3)


def test_the_best_run_has_no_sentence_that_adds_nothing() -> None:
    found = held("Red green.", "Filler. More filler. Red things. Green things. Filler.")
    assert (found.best_run.first, found.best_run.last) == (2, 4)
    assert found.best_run.coverage == 1.0


def test_a_run_is_bounded_in_words() -> None:
    filler = "word " * 70 + ". "
    found = held("Red green.", f"Red things. {filler}Green things.")
    assert found.best_run.coverage == 0.5


def test_a_sentence_longer_than_the_bound_is_read_whole() -> None:
    found = held("Red green.", "Red " + "word " * 90 + "green.")
    assert found.best_run.coverage == 1.0


def test_facts_of_two_rows_are_misplaced() -> None:
    table = "Country | People | Capital\nFrance | 67 million | Paris\nGermany | 83 million | Berlin"
    assert held("The capital of France is Berlin.", table).misplaced()
    assert held("Germany has 67 million people.", table).misplaced()


def test_facts_of_one_row_and_its_head_are_not() -> None:
    table = "Country | People | Capital\nFrance | 67 million | Paris\nGermany | 83 million | Berlin"
    assert not held("The capital of France is Paris.", table).misplaced()
    assert not held("The people of Germany are 83 million.", table).misplaced()
    assert not held("France has Paris, Germany has Berlin.", table).misplaced()


def test_text_without_a_table_is_never_misplaced() -> None:
    assert not held("Paris and Berlin.", "Paris is far.", "Berlin is near.").misplaced()


def test_without_evidence_nothing_is_held() -> None:
    found = held("The bridge opened in 1998.")
    assert (found.coverage, found.closeness, found.best_run.coverage) == (0.0, 0.0, 0.0)


def test_more_evidence_never_lowers_any_share() -> None:
    claim = "The bridge over the Tay fell in 1879."
    less = held(claim, "The bridge fell.")
    more = held(claim, "The bridge fell.", "It crossed the Tay until 1879.")
    assert more.coverage >= less.coverage
    assert more.closeness >= less.closeness
    assert more.best_run.coverage >= less.best_run.coverage


@pytest.mark.parametrize(
    ("masks", "best"),
    [([0b0110, 0b0100], (2, 2)), ([0b0110], (1, 1)), ([0, 0], (0, 0)), ([], (0, 0))],
)
def test_the_fullest_sentence_is_the_first_that_most_facts_are_in(
    masks: list[int], best: tuple[int, int]
) -> None:
    assert fullest(masks) == best


@pytest.mark.parametrize(
    ("claim", "text", "is_held"),
    [("About 2.1 million came.", "2,134,567 came.", True), ("2 came.", "2.1 million came.", False)],
)
def test_only_a_number_with_a_scale_is_met_by_one_that_rounds_to_it(
    claim: str, text: str, is_held: bool
) -> None:
    found = holding(claim, Evidence([text]))
    figures = [m for fact, m in zip(found.facts, found.masks, strict=True) if fact.is_figure]
    assert [bool(mask) for mask in figures] == [is_held]


def test_the_words_of_all_sentences_that_begin_alike_are_found() -> None:
    (mask,) = holding("Supremacy.", Evidence(["Supremacist. Nothing. A supremacists."])).masks
    assert mask == 0b101
