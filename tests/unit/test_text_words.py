"""Words, stems and stop words."""

from __future__ import annotations

import pytest

from documents.text.stopwords import STOP_WORDS, guess_language
from documents.text.terms import MAX_TERMS, Term, query_terms
from documents.text.words import (
    _SIGNS,
    MAX_WORD,
    _folded,
    _Stems,
    all_stems,
    content_stems,
    fold,
    fold_words,
    index_text,
    words,
)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Running runs", "run RUN"),
        ("Café NAÏVE résumé", "cafe naive resume"),
        ("re\u0301sume\u0301", "résumé"),
        ("ﬁne ＡＢＣ ｶﾞ", "fine abc ガ"),
        ("Ёлка йод", "елка иод"),
        ("مُحَمَّد", "محمد"),
        ("assembly", "assemble"),
        ("psychology", "psychologi"),
    ],
)
def test_forms_of_a_word_share_a_stem(left: str, right: str) -> None:
    assert all_stems(left) == all_stems(right)


def test_offsets_are_those_of_the_word_as_written() -> None:
    text = "«Les élèves», re\u0301sume\u0301!"
    assert [text[word.start : word.end] for word in words(text)] == [
        "Les",
        "élèves",
        "re\u0301sume\u0301",
    ]


def test_the_vowel_signs_of_hindi_are_part_of_the_word() -> None:
    assert all_stems("हिन्दी में किताब") == ["हिन्दी", "में", "किताब"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("黑豹队", ["黑豹", "豹队"]),
        ("狗", ["狗"]),
        ("308分 IPv6协议", ["308", "分", "ipv6", "协议"]),
        ("한국어", ["한국", "국어"]),
        ("コンピュータ", ["コン", "ンピ", "ピュ", "ュー", "ータ"]),
        ("ภาษา", ["ภา", "าษ", "ษา"]),
    ],
)
def test_scripts_without_spaces_become_pairs(text: str, expected: list[str]) -> None:
    assert all_stems(text) == expected


def test_pairs_overlap_in_the_text() -> None:
    assert [(word.start, word.end) for word in words("a 黑豹队")] == [(0, 1), (2, 4), (3, 5)]


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("What is the World War?", ["world", "war"]),
        ("Wann war der Krieg?", ["krieg"]),
        ("¿Cuántos puntos para los Panthers?", ["punto", "panther"]),
        ("Quelle est la capitale de la France?", ["capital", "franc"]),
        ("Когда была война?", ["воина"]),
        ("The driver did not die", ["driver", "die"]),
        ("C++", ["c"]),
        ("ありがとうございます 東京", ["東京"]),
    ],
)
def test_stop_words_are_those_of_the_language_of_the_text(text: str, content: list[str]) -> None:
    assert content_stems(text) == content


def test_a_text_in_no_known_language_is_taken_for_english() -> None:
    assert guess_language(["xyzzy", "plugh"]) == guess_language([]) == "en"


@pytest.mark.parametrize("language", sorted(STOP_WORDS))
def test_stop_words_are_listed_as_they_are_compared(language: str) -> None:
    wrong = {word for word in STOP_WORDS[language] if fold(word) != word}
    assert wrong == set()


def test_words_of_one_and_two_letters_are_not_stemmed() -> None:
    assert all_stems("s as is") == ["s", "as", "is"]


def test_a_very_long_word_is_compared_by_its_beginning() -> None:
    [word] = words("a" * 10_000)
    assert (word.end, len(word.stem)) == (10_000, MAX_WORD)


@pytest.mark.parametrize("text", ["", "?!", "👩‍👧", "_", "\u0301", "\ud800", "\0"])
def test_text_without_letters_has_no_words(text: str) -> None:
    assert words(text) == []


def test_what_is_indexed_are_the_folded_words_and_the_last_character_of_a_run() -> None:
    assert index_text("Naïve Café: 小狗跑") == "naive cafe 小狗 狗跑 跑"


def test_a_query_asks_for_its_content_once_each() -> None:
    assert query_terms("the cat and the CAT of Rome") == [Term("cat"), Term("rome")]


def test_a_query_of_stop_words_only_keeps_them() -> None:
    assert query_terms("to be") == [Term("to"), Term("be")]


def test_a_single_character_of_chinese_is_asked_as_a_prefix() -> None:
    assert query_terms("狗 dog") == [Term("狗", is_prefix=True), Term("dog")]


def test_a_pasted_text_asks_for_a_bounded_number_of_terms() -> None:
    assert len(query_terms(" ".join(f"word{n}" for n in range(5000)))) == MAX_TERMS


def test_the_stems_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.text.words.MOST_STEMS", 3)
    kept = _Stems()
    assert [kept[f"words{n}s"] for n in range(9)] == [f"words{n}" for n in range(9)]
    assert len(kept) <= 3


def test_a_stem_that_is_kept_is_the_one_that_was_found() -> None:
    kept = _Stems()
    assert [kept["possibly"], kept["possibly"], kept["archaeology"]] == [
        "possibl", "possibl", "archaeolog",
    ]  # fmt: skip


@pytest.mark.parametrize("sign", [chr(code) for code in _SIGNS])
def test_a_sign_between_letters_parts_words_as_the_pattern_does(sign: str) -> None:
    text = f"Ice{sign}Cream {sign}9{sign} end{sign}"
    assert fold_words(text) == [word for _, _, word in _folded(text, with_last=False)]
    assert fold_words(f"{text} café") == ["ice", "cream", "9", "end", "cafe"]
