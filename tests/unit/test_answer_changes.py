"""What counts as a change of an answer, and what does not."""

from __future__ import annotations

from chat.answer.changes import Said, facts, is_changed
from chat.llm.factory import EXTRACTIVE

SEVEN, EIGHT = "It lays seven eggs in April.", "It lays eight eggs in April."


def quoted(*quotes: str) -> Said:
    return Said(" ".join(quotes), refused=False, model=EXTRACTIVE, quotes=quotes)


def written(answer: str, *quotes: str) -> Said:
    return Said(answer, refused=False, model="a-model", quotes=quotes)


REFUSED = Said("There is no answer.", refused=True, model=EXTRACTIVE, quotes=())


def test_the_same_quotes_are_the_same_answer() -> None:
    assert not is_changed(quoted(SEVEN), quoted(SEVEN))


def test_other_white_space_is_no_change() -> None:
    assert not is_changed(quoted("It lays  seven\neggs."), quoted("It lays seven eggs."))


def test_the_order_of_quotes_is_no_change() -> None:
    assert not is_changed(quoted("One.", "Two."), quoted("Two.", "One."))


def test_another_quote_is_a_change() -> None:
    assert is_changed(quoted(SEVEN), quoted(EIGHT))


def test_one_quote_more_is_a_change() -> None:
    assert is_changed(quoted(SEVEN), quoted(SEVEN, "Both parents feed the young."))


def test_a_refusal_that_comes_or_goes_is_a_change() -> None:
    assert is_changed(quoted(SEVEN), REFUSED)
    assert is_changed(REFUSED, quoted(SEVEN))


def test_two_refusals_are_the_same_however_they_are_put() -> None:
    other = Said("Nothing was found.", refused=True, model="a-model", quotes=())
    assert not is_changed(REFUSED, other)


def test_other_wording_of_a_model_is_no_change() -> None:
    before, after = written("Seven eggs.", SEVEN), written("The wren lays 7 eggs.", SEVEN)
    assert not is_changed(before, after)


def test_more_talk_of_a_model_over_the_same_documents_is_no_change() -> None:
    more = written("Seven eggs, fed for eighteen days.", SEVEN, "They feed them for eighteen days.")
    assert not is_changed(written("Seven eggs.", SEVEN), more)


def test_evidence_that_is_gone_with_its_words_is_a_change() -> None:
    before, after = written("Seven eggs.", SEVEN), written("Eight eggs.", EIGHT)
    assert is_changed(before, after, gone=[SEVEN], fresh=[EIGHT])


def test_a_word_that_turns_the_evidence_round_is_a_change() -> None:
    yes, no = "The plan was approved by the council.", "The plan was rejected by the council."
    assert is_changed(written("It was.", yes), written("It was.", no), gone=[yes], fresh=[no])


def test_evidence_that_was_only_put_otherwise_is_no_change() -> None:
    before, after = "The fee is 40 euro.", "The fee amounts to 40 euro."
    assert not is_changed(
        written("It is 40 euro.", before), written("40 euro.", after), gone=[before], fresh=[after]
    )


def test_fresh_evidence_with_other_facts_is_a_change() -> None:
    late = "From 2027 on it is 45 euro."
    before = written("It is 40 euro.", "The fee is 40 euro.")
    after = written("It is 40 euro, and 45 from 2027.", "The fee is 40 euro.", late)
    assert is_changed(before, after, fresh=[late])


def test_fresh_evidence_for_the_same_facts_is_no_change() -> None:
    before = written("It is 40 euro.", "The fee is 40 euro.")
    after = written("40 euro.", "The fee is 40 euro.", "Members pay 40 euro.")
    assert not is_changed(before, after, fresh=["Members pay 40 euro."])


def test_facts_are_numbers_names_and_denials() -> None:
    assert facts("Yes, it opens at 9.") != facts("Yes, it opens at 10.")
    assert facts("The keeper is Odalys Brennt.") != facts("The keeper is Ines Brennt.")
    assert facts("It may be entered.") != facts("It may not be entered.")


def test_a_capital_at_the_start_of_a_sentence_makes_no_name() -> None:
    assert facts("Eggs: seven. Wrens lay them.") == facts("It is seven.")
