"""A sentence that stands in its evidence word for word."""

from __future__ import annotations

import pytest

from chat.answer.quotation import quotation

TEXT = "The drug is not approved for children.\n\nIt  costs\nfour euros a day. It is white."


def test_a_whole_sentence_is_a_quotation() -> None:
    source, start, end = quotation("It costs four euros a day.", ["Other.", TEXT]) or (0, 0, 0)
    assert (source, TEXT[start:end]) == (1, "It  costs\nfour euros a day.")


def test_so_are_several() -> None:
    assert quotation("It costs four euros a day. It is white.", [TEXT])


@pytest.mark.parametrize(
    "claim",
    ["approved for children.", "The drug is not approved for", "It is white.", "It costs five."],
)
def test_a_part_a_word_or_another_text_is_none(claim: str) -> None:
    assert quotation(claim, [TEXT]) is None


def test_without_evidence_there_is_none() -> None:
    assert quotation("The drug is not approved for children.", []) is None
