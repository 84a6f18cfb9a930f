"""What changed between two texts."""

from __future__ import annotations

import random

import pytest

from documents.errors import TooComplex
from documents.text import diff
from documents.text.diff import Change, Kind, WordKind, compare, passages, reworded

FERRY = """Timetable

Ferries leave at nine in the morning. They arrive at ten.

- bicycles travel free
- dogs need a ticket

Who | Price
Adult | 5
Child | 3

The harbour master of the island is called Ilse Tamm."""


def _kinds(before: str, after: str) -> list[Kind]:
    return [change.kind for change in compare(before, after)]


def _only(before: str, after: str) -> Change:
    """The one change that is none of nothing."""
    (change,) = (c for c in compare(before, after) if c.kind is not Kind.UNCHANGED)
    return change


def _cut(text: str, span: tuple[int, int] | None) -> str:
    return text[slice(*span)] if span else ""


def _words(before: str, after: str) -> list[tuple[str, str]]:
    change = _only(before, after)
    assert change.before
    assert change.after
    return [
        (run.kind.value, _cut(after, run.after) or _cut(before, run.before))
        for run in reworded(before, after, change.before, change.after)
    ]


# --- passages ------------------------------------------------------------------------


def test_headings_paragraphs_items_and_rows_are_passages() -> None:
    found = [FERRY[slice(*span)] for span in passages(FERRY)]
    assert found[0] == "Timetable"
    assert "- dogs need a ticket" in found
    assert "Adult | 5" in found
    assert len(found) == 8


def test_passages_have_no_space_at_their_ends() -> None:
    text = "  one  \n\n\t two\n   \nthree \n"
    assert [text[slice(*span)] for span in passages(text)] == ["one", "two", "three"]


def test_a_very_long_line_is_cut_into_its_sentences() -> None:
    text = "This is a sentence of some length. " * 100
    spans = passages(text)
    assert len(spans) == 100
    assert all(text[slice(*span)] == "This is a sentence of some length." for span in spans)


# --- changes -------------------------------------------------------------------------


def test_a_text_compared_with_itself_has_not_changed() -> None:
    assert set(_kinds(FERRY, FERRY)) == {Kind.UNCHANGED}


@pytest.mark.parametrize(("before", "after"), [("", ""), ("", "New."), ("Old.", ""), (" \n", "")])
def test_empty_texts_are_compared_too(before: str, after: str) -> None:
    wanted = [Kind.ADDED] * bool(after.strip()) + [Kind.REMOVED] * bool(before.strip())
    assert _kinds(before, after) == wanted


def test_an_added_passage_has_its_place_in_the_new_text() -> None:
    after = FERRY.replace("Child | 3", "Child | 3\nSenior | 4")
    change = _only(FERRY, after)
    assert (change.kind, change.before) == (Kind.ADDED, None)
    assert _cut(after, change.after) == "Senior | 4"


def test_a_removed_passage_has_its_place_in_the_old_text() -> None:
    change = _only(FERRY, FERRY.replace("- dogs need a ticket\n", ""))
    assert (change.kind, change.after) == (Kind.REMOVED, None)
    assert _cut(FERRY, change.before) == "- dogs need a ticket"


def test_a_reworded_passage_has_a_place_in_both() -> None:
    after = FERRY.replace("at nine", "at eight")
    change = _only(FERRY, after)
    assert change.kind is Kind.REWORDED
    assert _cut(FERRY, change.before).startswith("Ferries leave at nine")
    assert _cut(after, change.after).startswith("Ferries leave at eight")


def test_one_cell_of_a_table_rewords_its_row_alone() -> None:
    after = FERRY.replace("Adult | 5", "Adult | 6")
    change = _only(FERRY, after)
    assert (change.kind, _cut(after, change.after)) == (Kind.REWORDED, "Adult | 6")


def test_a_passage_that_says_something_else_is_not_reworded() -> None:
    after = FERRY.replace(
        "The harbour master of the island is called Ilse Tamm.",
        "In winter the crossing is closed whenever there is ice.",
    )
    kinds = _kinds(FERRY, after)
    assert (kinds.count(Kind.REMOVED), kinds.count(Kind.ADDED)) == (1, 1)


def test_a_passage_that_stands_elsewhere_has_moved() -> None:
    last = FERRY.rsplit("\n\n", 1)[1]
    after = f"{last}\n\n{FERRY.removesuffix(last)}"
    change = _only(FERRY, after)
    assert change.kind is Kind.MOVED
    assert _cut(FERRY, change.before) == _cut(after, change.after) == last


def test_a_short_passage_elsewhere_is_not_called_moved() -> None:
    assert Kind.MOVED not in _kinds(
        "A\n\nfirst thing\n\nlast thing", "first thing\n\nlast thing\n\nA"
    )


def test_another_layout_of_the_same_words_is_no_change() -> None:
    assert set(_kinds("One  two\nthree four five.", "One two\n\nthree   four five.")) == {
        Kind.UNCHANGED
    }


def test_a_paragraph_that_a_page_now_divides_is_no_change() -> None:
    before = "The ferry leaves the harbour at nine and arrives on the island at ten."
    after = before.replace("harbour at", "harbour\n\nat")
    assert _kinds(before, after) == [Kind.UNCHANGED]


def test_a_paragraph_divided_and_reworded_is_one_change() -> None:
    before = "The ferry leaves the harbour at nine and arrives on the island at ten."
    after = before.replace("harbour at nine", "harbour\n\nat eight")
    change = _only(before, after)
    assert (change.kind, _cut(after, change.after)) == (Kind.REWORDED, after)


def test_chinese_is_compared_by_the_character() -> None:
    assert _words("渡轮九点离开港口。", "渡轮八点离开港口。") == [
        ("same", "渡轮"),
        ("removed", "九"),
        ("added", "八"),
        ("same", "点离开港口。"),
    ]


# --- words ---------------------------------------------------------------------------


def test_the_words_that_changed_are_told_with_their_kind() -> None:
    assert _words(FERRY, FERRY.replace("at nine in", "at half past eight in")) == [
        ("same", "Ferries leave at "),
        ("removed", "nine "),
        ("added", "half past eight "),
        ("same", "in the morning. They arrive at ten."),
    ]


def test_a_word_kept_between_long_changes_is_part_of_the_change() -> None:
    rest = "nothing, says the old notice board at the gate by the northern pier."
    before = f"Guests of the house on the hill pay {rest}"
    after = f"Nobody who came by ship or of late pays {rest}"
    kinds = [kind for kind, _ in _words(before, after)]
    assert kinds == ["removed", "added", "same"]


def _random_text(rng: random.Random) -> str:
    words = ["alpha", "beta", "gamma", "delta", "the", "of", "7", "8,5", "渡轮", "–", "e\u0301"]
    ends = [" ", " ", " ", "\n", "\n\n", "  "]
    return "".join(rng.choice(words) + rng.choice(ends) for _ in range(rng.randrange(40)))


def test_changes_cover_both_texts_in_order_without_gaps() -> None:
    rng = random.Random(7)
    for _ in range(150):
        before, after = _random_text(rng), _random_text(rng)
        changes = compare(before, after)
        new = [c.after for c in changes if c.after]
        assert "".join("".join(_cut(after, s).split()) for s in new) == "".join(after.split())
        old = sorted(c.before for c in changes if c.before)
        assert "".join("".join(_cut(before, s).split()) for s in old) == "".join(before.split())


def test_runs_of_words_fill_their_passages_on_both_sides() -> None:
    rng = random.Random(8)
    for _ in range(150):
        before, after = f"x {_random_text(rng)}".strip(), f"x {_random_text(rng)}".strip()
        runs = list(reworded(before, after, (0, len(before)), (0, len(after))))
        assert "".join(_cut(before, run.before) for run in runs) == before
        assert "".join(_cut(after, run.after) for run in runs) == after


def test_equal_runs_have_equal_words() -> None:
    rng = random.Random(9)
    for _ in range(100):
        before, after = f"x {_random_text(rng)}".strip(), f"x {_random_text(rng)}".strip()
        for run in reworded(before, after, (0, len(before)), (0, len(after))):
            if run.kind is WordKind.SAME:
                assert _cut(before, run.before).split() == _cut(after, run.after).split()


# --- bounds --------------------------------------------------------------------------


def test_a_text_beyond_all_bounds_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(diff, "MAX_CHARACTERS", 100)
    with pytest.raises(TooComplex, match=r"cannot be compared here\.$"):
        compare("x" * 101, "x")


def test_beyond_the_budget_of_words_passages_are_old_or_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(diff, "_WORDS", 3)
    assert _kinds("one two three four", "one two three five") == [Kind.REMOVED, Kind.ADDED]


def test_a_thousand_equal_lines_are_compared_at_once() -> None:
    kinds = _kinds("same\n" * 1000, "same\n" * 990)
    assert (kinds.count(Kind.UNCHANGED), kinds.count(Kind.REMOVED)) == (990, 10)
