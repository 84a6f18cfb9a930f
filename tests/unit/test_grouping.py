"""Questions that ask for the same thing."""

from __future__ import annotations

from analytics.grouping import Asked, grouped


def counts(*questions: str) -> list[int]:
    return [group.count for group in grouped([Asked(question) for question in questions])]


def test_a_question_asked_twice_is_one() -> None:
    assert counts("How long is the warranty?", "how long is the WARRANTY") == [2]


def test_a_reworded_question_joins() -> None:
    assert counts("How long is the warranty of pumps?", "What is the pumps' warranty?") == [2]


def test_questions_about_other_things_stay_apart() -> None:
    assert counts("How long is the warranty?", "Who counts the nests?") == [1, 1]


def test_the_largest_group_comes_first() -> None:
    groups = grouped([Asked("Who counts nests?"), *[Asked("Which warranty holds?")] * 3])
    assert [(group.question, group.count) for group in groups] == [
        ("Which warranty holds?", 3),
        ("Who counts nests?", 1),
    ]


def test_questions_of_stop_words_alone_are_compared_too() -> None:
    assert counts("Who is it?", "who is it", "What is that?") == [2, 1]


def test_questions_without_a_word_do_no_harm() -> None:
    assert counts("???", "???", "!") == [2, 1]


def test_questions_without_spaces_are_grouped() -> None:
    assert counts("保修期多长", "保修期多长?") == [2]


def test_what_was_refused_or_disliked_is_unsolved() -> None:
    (group,) = grouped([Asked("a b"), Asked("a b", refused=True), Asked("a b", rating=-1)])
    assert group.unsolved == 2
