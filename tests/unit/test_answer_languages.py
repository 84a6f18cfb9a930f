"""Whether two texts can be compared word by word."""

from __future__ import annotations

import pytest

from chat.answer.languages import comparable

ENGLISH = "The museum was opened in the year 1998 and it has three floors."
GERMAN = "Das Museum wurde im Jahr 1998 eröffnet und hat drei Stockwerke."
CHINESE = "这座博物馆于1998年开放，共有三层。"


@pytest.mark.parametrize("text", [ENGLISH, GERMAN, CHINESE])
def test_a_text_can_be_compared_with_its_own_language(text: str) -> None:
    assert comparable(text, [text])


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [(GERMAN, ENGLISH), (ENGLISH, GERMAN), (CHINESE, ENGLISH), (ENGLISH, CHINESE)],
)
def test_another_language_or_script_cannot(claim: str, evidence: str) -> None:
    assert not comparable(claim, [evidence])


def test_one_text_in_the_same_language_is_enough() -> None:
    assert comparable(GERMAN, [ENGLISH, GERMAN])


@pytest.mark.parametrize("claim", ["Paris", "1998", "Renzo Piano", ""])
def test_a_text_too_short_to_tell_is_compared(claim: str) -> None:
    assert comparable(claim, [GERMAN])
