"""What every index must do, whatever keeps it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from django.db.utils import ConnectionHandler

from documents.embed.base import Vectors
from documents.errors import EmbeddingFailed
from documents.index.base import Frequencies, Index, IndexCounts
from documents.index.memory import MemoryIndex
from documents.index.schema import create_keyword_table, create_vector_table, drop_vector_table
from documents.index.sqlite import SqliteIndex
from documents.text.terms import query_terms
from documents.types import IndexEntry, Scope

DIMENSIONS = 8
OURS = Scope(frozenset({1}))

WEIRD_QUERIES = [
    '"', "a AND", "NEAR(", "owner:1", "*", "(", "-x", "secret-x", "C++", "user@host", "10:30",
    "\0", "a\0b", "", "   ", "title:alpha", "{title heading}: x", "^alpha", "x" * 100_000,
    "alpha beta " * 10_000, "👩‍👩‍👧", "\ud800", "'; DROP TABLE chunk_scope; --", "%s %d %",
    "the of and", "ﷺ", "狗", "e" + "\u0301" * 5000,
]  # fmt: skip


@pytest.fixture
def sqlite_index(django_db_blocker: pytest.FixtureRequest) -> Iterator[SqliteIndex]:
    """An index in a database of its own, in memory."""
    settings = {"default": {"ENGINE": "ragsite.db", "NAME": ":memory:"}}
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connection = ConnectionHandler(settings)["default"]
        create_keyword_table(connection)
        create_vector_table(connection, "vectors_test", DIMENSIONS)
        yield SqliteIndex(connection, vector_table="vectors_test", dimensions=DIMENSIONS)
        connection.close()


@pytest.fixture(params=["memory", "sqlite"])
def index(request: pytest.FixtureRequest) -> Index:
    if request.param == "memory":
        return MemoryIndex(DIMENSIONS)
    found: Index = request.getfixturevalue("sqlite_index")
    return found


def towards(*values: float) -> Vectors:
    """A unit vector whose first values are these."""
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def entry(
    chunk_id: int,
    text: str = "alpha",
    *,
    version: int = 1,
    collection: int = 1,
    title: str = "",
    vector: Vectors | None = None,
) -> IndexEntry:
    vector = towards(1.0, chunk_id / 100) if vector is None else vector
    return IndexEntry(chunk_id, version, collection, title, "", text, vector.tolist())


def found_by_words(index: Index, query: str, scope: Scope = OURS, limit: int = 10) -> list[int]:
    return [hit.chunk_id for hit in index.keyword(query, scope, limit)]


def found_by_vector(index: Index, scope: Scope = OURS, limit: int = 10) -> list[int]:
    return [hit.chunk_id for hit in index.semantic(towards(1.0), scope, limit)]


# --- finding ---------------------------------------------------------------------


def test_words_find_by_stem_whatever_the_case_and_accents(index: Index) -> None:
    index.add([entry(1, "Cafés were running late"), entry(2, "nothing of it")], current=True)
    assert found_by_words(index, "CAFE runs") == [1]


def test_a_word_of_the_title_counts_more_than_one_of_the_text(index: Index) -> None:
    filler = [entry(n, "beta gamma") for n in range(3, 9)]
    ours = [entry(1, "alpha beta", title="delta"), entry(2, "delta beta", title="alpha")]
    index.add([*ours, *filler], current=True)
    assert found_by_words(index, "alpha") == [2, 1]


def test_the_chunk_with_the_rarer_word_comes_first(index: Index) -> None:
    rows = [entry(n, "common words everywhere") for n in range(2, 9)]
    index.add([*rows, entry(1, "rare words everywhere"), entry(9, "other")], current=True)
    assert found_by_words(index, "rare words")[0] == 1


def test_chinese_is_found_without_spaces(index: Index) -> None:
    index.add([entry(1, "黑豹队的防守丢了308分"), entry(2, "天气很好")], current=True)
    assert found_by_words(index, "防守") == [1]


@pytest.mark.parametrize("query", ["小", "狗"])
def test_a_single_character_finds_the_words_it_begins_or_ends(index: Index, query: str) -> None:
    index.add([entry(1, "小狗。"), entry(2, "天气")], current=True)
    assert found_by_words(index, query) == [1]


def test_hindi_words_are_whole(index: Index) -> None:
    index.add([entry(1, "यह किताब है"), entry(2, "यह कमल है")], current=True)
    assert found_by_words(index, "किताब") == [1]


def test_a_question_of_stop_words_only_is_still_asked(index: Index) -> None:
    index.add([entry(1, "to be or not to be"), entry(2, "alpha")], current=True)
    assert found_by_words(index, "to be") == [1]


def test_vectors_come_nearest_first_with_their_cosine(index: Index) -> None:
    far, near = towards(0.6, 0.8), towards(1.0)
    index.add([entry(1, vector=far), entry(2, vector=near)], current=True)
    hits = index.semantic(towards(1.0), OURS, 10)
    assert [hit.chunk_id for hit in hits] == [2, 1]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.6], abs=1e-5)


def test_vectors_need_not_be_of_length_one(index: Index) -> None:
    index.add([entry(1, vector=towards(1.0) * 7)], current=True)
    assert index.semantic(towards(1.0) * 3, OURS, 1)[0].score == pytest.approx(1.0, abs=1e-5)


def test_scores_of_words_fall(index: Index) -> None:
    rows = [entry(n, "alpha " * n + "beta " * (12 - n)) for n in range(1, 10)]
    index.add([*rows, *(entry(n, "gamma") for n in range(20, 40))], current=True)
    scores = [hit.score for hit in index.keyword("alpha", OURS, 10)]
    assert len(scores) == 9
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0


@pytest.mark.parametrize("limit", [0, 1, 3, 5000])
def test_no_more_than_the_limit_comes_back(index: Index, limit: int) -> None:
    index.add([entry(n) for n in range(1, 6)], current=True)
    assert len(found_by_words(index, "alpha", limit=limit)) == min(limit, 5)
    assert len(found_by_vector(index, limit=limit)) == min(limit, 5)


@pytest.mark.parametrize("query", WEIRD_QUERIES, ids=range(len(WEIRD_QUERIES)))
def test_any_string_is_a_query(index: Index, query: str) -> None:
    index.add([entry(1, "alpha"), entry(2, "unrelated")], current=True)
    assert set(found_by_words(index, query)) <= {1, 2}


def test_a_column_name_in_a_query_is_a_word(index: Index) -> None:
    index.add([entry(1, "beta", title="alpha"), entry(2, "the title of it")], current=True)
    assert sorted(found_by_words(index, "title:beta")) == [1, 2]


@pytest.mark.parametrize("text", ["secret-x", "C++ and C", "user@host", "at 10:30", "a_b"])
def test_text_with_punctuation_finds_itself(index: Index, text: str) -> None:
    index.add([entry(1, text), entry(2, "unrelated")], current=True)
    assert found_by_words(index, text) == [1]


# --- scope -----------------------------------------------------------------------


def test_only_the_collections_in_scope_are_found(index: Index) -> None:
    index.add([entry(1), entry(2, collection=2, version=2)], current=True)
    for collection, expected in [(1, [1]), (2, [2]), (3, [])]:
        scope = Scope(frozenset({collection}))
        assert found_by_words(index, "alpha", scope) == expected
        assert found_by_vector(index, scope) == expected


@pytest.mark.parametrize("versions", [1, 30])
def test_the_versions_in_scope_are_found_current_or_not(index: Index, versions: int) -> None:
    index.add([entry(n, version=n) for n in range(1, 41)], current=False)
    scope = Scope(frozenset({1}), frozenset(range(1, versions + 1)))
    expected = list(range(1, versions + 1))
    assert sorted(found_by_words(index, "alpha", scope, 40)) == expected
    assert found_by_vector(index, scope, 40) == expected  # the nearest has the lowest id


def test_versions_of_a_collection_out_of_scope_are_not_found(index: Index) -> None:
    index.add([entry(1, version=1), entry(2, version=2, collection=2)], current=True)
    scope = Scope(frozenset({1}), frozenset({1, 2}))
    assert found_by_words(index, "alpha", scope) == [1]
    assert found_by_vector(index, scope) == [1]


def test_an_empty_scope_finds_nothing(index: Index) -> None:
    index.add([entry(1)], current=True)
    for scope in (Scope(frozenset()), Scope(frozenset({1}), frozenset())):
        assert found_by_words(index, "alpha", scope) == []
        assert found_by_vector(index, scope) == []


def test_chunks_that_are_not_current_are_found_only_by_their_version(index: Index) -> None:
    index.add([entry(1, version=1)], current=False)
    index.add([entry(2, version=2)], current=True)
    old = Scope(frozenset({1}), frozenset({1}))
    assert found_by_words(index, "alpha") == found_by_vector(index) == [2]
    assert found_by_words(index, "alpha", old) == found_by_vector(index, old) == [1]


def test_a_version_outside_the_collections_stays_hidden(index: Index) -> None:
    index.add([entry(1, version=7, collection=2)], current=True)
    scope = Scope(frozenset({1}), frozenset({7}))
    assert found_by_words(index, "alpha", scope) == []
    assert found_by_vector(index, scope) == []


def test_three_own_chunks_come_back_from_among_5000_nearer_foreign_ones(index: Index) -> None:
    foreign = [
        entry(
            n, "alpha alpha alpha", version=2 + n % 40, collection=2 + n % 300, vector=towards(1.0)
        )
        for n in range(1, 5001)
    ]
    own = [entry(n, "alpha and more words", vector=towards(0.1, 1.0)) for n in (6001, 6002, 6003)]
    index.add(foreign, current=True)
    index.add(own, current=True)
    assert found_by_words(index, "alpha", limit=5) == [6001, 6002, 6003]
    assert found_by_vector(index, limit=5) == [6001, 6002, 6003]
    by_version = Scope(frozenset({1}), frozenset({1}))
    assert found_by_vector(index, by_version, limit=5) == [6001, 6002, 6003]


def test_hundreds_of_collections_and_versions_fit_in_a_scope(index: Index) -> None:
    index.add([entry(n, version=n, collection=n) for n in range(1, 901)], current=True)
    wide = Scope(frozenset(range(301, 2000)), frozenset(range(1, 1500)))
    assert len(found_by_words(index, "alpha", wide, limit=1000)) == 600
    assert len(found_by_vector(index, wide, limit=1000)) == 600


# --- changing --------------------------------------------------------------------


def test_setting_a_version_current_shows_and_hides_it(index: Index) -> None:
    index.add([entry(1), entry(2)], current=False)
    index.set_current(1, current=True)
    assert found_by_words(index, "alpha") == found_by_vector(index) == [1, 2]
    index.set_current(1, current=False)
    assert found_by_words(index, "alpha") == found_by_vector(index) == []


def test_moved_chunks_are_found_in_their_new_collection_only(index: Index) -> None:
    index.add([entry(1, version=1), entry(2, version=2), entry(3, version=3)], current=True)
    index.move([1, 2, 99], 5)
    there = Scope(frozenset({5}))
    assert found_by_words(index, "alpha") == found_by_vector(index) == [3]
    assert found_by_words(index, "alpha", there) == found_by_vector(index, there) == [1, 2]


def test_removed_chunks_are_gone_from_both_channels(index: Index) -> None:
    index.add([entry(1, version=1), entry(2, version=2)], current=True)
    index.remove([1, 77])
    assert found_by_words(index, "alpha") == found_by_vector(index) == [2]
    assert index.counts() == IndexCounts(1, 1)


def test_some_chunks_of_a_version_are_forgotten_and_the_rest_stays(index: Index) -> None:
    index.add([entry(1), entry(2), entry(3), entry(4, version=2)], current=True)
    some = index.chunks_of(1, 2)
    assert len(some) == 2
    index.forget([*some, 77])
    left = sorted({1, 2, 3, 4} - set(some))
    assert sorted(found_by_words(index, "alpha")) == sorted(found_by_vector(index)) == left
    assert index.chunks_of(1, 10) == [left[0]]
    assert index.chunks_of(3, 10) == []


def test_adding_a_chunk_again_replaces_it(index: Index) -> None:
    index.add([entry(1, "alpha")], current=True)
    index.add([entry(1, "beta", version=2, collection=2, vector=towards(0.0, 1.0))], current=True)
    there = Scope(frozenset({2}))
    assert found_by_words(index, "alpha", there) == []
    assert found_by_words(index, "beta", there) == [1]
    assert found_by_vector(index) == []
    assert index.counts() == IndexCounts(1, 1)


def test_a_chunk_that_comes_twice_in_one_call_is_kept_once(index: Index) -> None:
    index.add([entry(1, "alpha"), entry(1, "beta")], current=True)
    assert found_by_words(index, "alpha beta") == [1]
    assert index.counts() == IndexCounts(1, 1)


def test_an_id_used_again_does_not_revive_the_old_vector(index: Index) -> None:
    index.add([entry(1, vector=towards(1.0))], current=True)
    index.remove([1])
    index.add([entry(1, version=2, vector=towards(0.0, 1.0))], current=True)
    assert index.semantic(towards(1.0), OURS, 1)[0].score == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        np.full(DIMENSIONS, math.nan),
        np.full(DIMENSIONS, math.inf),
        np.zeros(DIMENSIONS),
        np.ones(DIMENSIONS + 1),
        np.ones((1, DIMENSIONS)),
    ],
    ids=["nan", "infinite", "zero", "too long", "a matrix"],
)
def test_a_bad_vector_is_refused_before_anything_is_written(index: Index, wrong: Vectors) -> None:
    with pytest.raises(EmbeddingFailed):
        index.add([entry(1), entry(2, vector=wrong)], current=True)
    assert index.counts() == IndexCounts(0, 0)
    with pytest.raises(EmbeddingFailed):
        index.semantic(wrong, OURS, 1)


def test_adding_nothing_changes_nothing(index: Index) -> None:
    index.add([], current=True)
    assert index.counts() == IndexCounts(0, 0)


# --- what only the tables can get wrong ------------------------------------------


def test_both_indexes_give_the_same_bm25(sqlite_index: SqliteIndex) -> None:
    texts = [
        "alpha beta",
        "alpha alpha gamma",
        "delta",
        "beta " * 30,
        "小狗跑",
        "assembly possibly",
    ]
    rows = [entry(n, text, title="Alpha" if n == 3 else "") for n, text in enumerate(texts)]
    memory = MemoryIndex(DIMENSIONS)
    for index in (memory, sqlite_index):
        index.add(rows, current=True)
    for query in ("alpha beta", "gamma", "狗", "跑", "assembled", "possible delta"):
        expected = [(hit.chunk_id, hit.score) for hit in memory.keyword(query, OURS, 9)]
        actual = [(hit.chunk_id, hit.score) for hit in sqlite_index.keyword(query, OURS, 9)]
        assert [n for n, _ in actual] == [n for n, _ in expected]
        assert [s for _, s in actual] == pytest.approx([s for _, s in expected], rel=1e-4)


def test_few_vectors_and_many_are_ranked_alike(
    sqlite_index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [entry(n, version=n % 7, vector=towards(1.0, n / 50, -n / 90)) for n in range(1, 200)]
    sqlite_index.add(rows, current=True)
    scope = Scope(frozenset({1}), frozenset({2, 3, 5}))
    asked = towards(0.7, 0.5, 0.1)
    one_by_one = sqlite_index.semantic(asked, scope, 20)
    monkeypatch.setattr("documents.index.sqlite.MOST_BY_ONE", 10)
    by_the_table = sqlite_index.semantic(asked, scope, 20)
    assert [hit.chunk_id for hit in one_by_one] == [hit.chunk_id for hit in by_the_table]
    scores = [hit.score for hit in by_the_table]
    assert [hit.score for hit in one_by_one] == pytest.approx(scores, abs=1e-6)


def test_a_failed_write_leaves_no_trace(sqlite_index: SqliteIndex) -> None:
    too_large = IndexEntry(1, 2**70, 1, "", "", "alpha", towards(1.0).tolist())
    with pytest.raises(Exception, match="too large"):
        sqlite_index.add([entry(2), too_large], current=True)
    assert sqlite_index.counts() == IndexCounts(0, 0)


def test_a_write_joins_the_transaction_that_is_open(sqlite_index: SqliteIndex) -> None:
    cursor = sqlite_index._connection.cursor()
    sqlite_index._connection.in_atomic_block = True  # what transaction.atomic() sets
    cursor.execute("BEGIN IMMEDIATE")
    sqlite_index.add([entry(1)], current=True)
    cursor.execute("ROLLBACK")
    sqlite_index._connection.in_atomic_block = False
    assert sqlite_index.counts() == IndexCounts(0, 0)


def test_deletes_count_as_dead_until_a_rebuild(sqlite_index: SqliteIndex) -> None:
    rows = [entry(n, f"alpha word{n}", version=n % 2) for n in range(1, 2101)]
    sqlite_index.add(rows, current=True)
    assert sqlite_index.dead_ratio() == 0.0
    sqlite_index.remove([0])
    assert sqlite_index.dead_ratio() == pytest.approx(0.5)
    before = sqlite_index.keyword("word77", OURS, 5), found_by_vector(sqlite_index)
    sqlite_index.rebuild()
    assert sqlite_index.dead_ratio() == 0.0
    assert sqlite_index.counts() == IndexCounts(1050, 1050)
    assert [hit.chunk_id for hit in sqlite_index.keyword("word77", OURS, 5)] == [
        hit.chunk_id for hit in before[0]
    ]
    assert found_by_vector(sqlite_index) == before[1]


@pytest.mark.parametrize("name", ["x; DROP TABLE y", "", "Upper", "1st", 'a"b'])
def test_a_table_name_that_is_no_identifier_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a table"):
        SqliteIndex(None, vector_table=name, dimensions=DIMENSIONS)  # type: ignore[arg-type]


@pytest.mark.parametrize("dimensions", [0, -1, 8193])
def test_impossible_dimensions_are_refused(dimensions: int) -> None:
    with pytest.raises(ValueError, match="dimensions"):
        create_vector_table(None, "vectors_x", dimensions)  # type: ignore[arg-type]


def test_a_dropped_vector_table_can_be_dropped_again(sqlite_index: SqliteIndex) -> None:
    connection = sqlite_index._connection
    drop_vector_table(connection, "vectors_test")
    drop_vector_table(connection, "vectors_test")
    assert "vectors_test" not in connection.introspection.table_names()


# --- how common words are ----------------------------------------------------------


def test_it_tells_how_many_chunks_hold_each_word(index: Index) -> None:
    index.add([entry(1, "alpha beta"), entry(2, "alphas alpha", title="beta")], current=True)
    index.add([entry(3, "gamma", collection=9)], current=False)
    found = index.frequencies(query_terms("alpha beta gamma delta"))
    assert found == Frequencies(holding=(2, 2, 1, 0), total=3)


def test_it_tells_how_common_nothing_is(index: Index) -> None:
    assert index.frequencies([]) == Frequencies((), 0)


@pytest.mark.parametrize("query", WEIRD_QUERIES)
def test_no_word_breaks_the_count(index: Index, query: str) -> None:
    terms = query_terms(query)
    assert len(index.frequencies(terms).holding) == len(terms)


def test_it_tells_where_a_phrase_stands(index: Index) -> None:
    index.add([entry(1, "best buy now"), entry(2, "the best buys")], current=True)
    index.add([entry(3, "buy the best", version=2), entry(4, "Best Buy", version=3)], current=True)
    index.add([entry(5, "best buy", version=4, collection=9)], current=True)
    assert index.spread("Best Buy", OURS) == {1: 2, 3: 1}


def test_a_phrase_in_a_title_alone_stands_nowhere(index: Index) -> None:
    index.add([entry(1, "gamma", title="best buy")], current=True)
    assert index.spread("best buy", OURS) == {}


@pytest.mark.parametrize("query", WEIRD_QUERIES)
def test_no_phrase_breaks_it(index: Index, query: str) -> None:
    index.add([entry(1)], current=True)
    assert isinstance(index.spread(query, OURS), dict)
