"""The pages of questions, comparisons, watches and notices: plain forms, and who sees what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from chat.models import Comparison, Judgement, Message, Notice, QuestionSet, SavedQuestion, Watch
from chat.services import checking, comparing, questions, watching
from chat.services.answering import answer_now
from chat.services.asking import question_ask
from documents.models import Document, EmbeddingSpace, Membership
from documents.services.documents import document_delete, version_add
from tests.integration.factories import WREN, shelf, work
from tests.integration.pages import Library, browser, html_of, library, text_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("one_transaction", "no_broker"),
]

QUESTION = "How many eggs does the wren lay in April?"
READERS = {"owner": 200, "viewer": 200, "stranger": 404, "anonymous": 302}


@pytest.fixture
def birds(db: None) -> Library:
    return library()


@pytest.fixture
def message(birds: Library) -> Message:
    return answer_now(question_ask(user=birds.owner, question=QUESTION))


@pytest.fixture
def saved(birds: Library) -> QuestionSet:
    made = questions.default_set(birds.owner, birds.collection)
    question = questions.question_save(
        user=birds.owner, question_set=made, text=QUESTION, expected="Seven eggs."
    )
    passage = questions.passage_find(birds.document, "lays seven eggs")
    questions.judgement_set(user=birds.owner, question=question, passage=passage, grade=1)
    return made


def _question() -> SavedQuestion:
    return SavedQuestion.objects.get()


def _comparison(birds: Library, saved: QuestionSet, **values: Any) -> Comparison:
    made = comparing.comparison_create(user=birds.owner, question_set=saved, **values)
    comparing.comparisons_run()
    return made


def _changed(birds: Library, message: Message, settings: Any) -> Notice:
    """Watch an answer, change it, and return the notice of it."""
    settings.WATCH_DELAY = 0
    watching.message_watch(user=birds.owner, message=message)
    data = WREN.replace(b"seven", b"eight")
    version_add(user=birds.owner, document=birds.document, data=data, filename="wren.txt")
    work()
    checking.watches_check()
    return Notice.objects.get()


# --- who sees what --------------------------------------------------------------------


def test_a_set_and_its_questions_are_there_for_members_alone(
    birds: Library, saved: QuestionSet
) -> None:
    for name, key in (
        ("question_set", saved.pk),
        ("question_set_export", saved.pk),
        ("question_set_delete", saved.pk),
        ("comparison_new", saved.pk),
        ("question", _question().pk),
    ):
        assert birds.statuses(reverse(name, args=[key])) == READERS, name


def test_a_comparison_is_there_for_members_alone(birds: Library, saved: QuestionSet) -> None:
    made = _comparison(birds, saved, threshold=0.9)
    assert birds.statuses(reverse("comparison", args=[made.pk])) == READERS


def test_a_strangers_list_of_sets_is_empty(birds: Library, saved: QuestionSet) -> None:
    page = text_of(browser(birds.stranger).get(reverse("questions")))
    assert "There is none yet." in page
    assert "Birds" not in page


@pytest.mark.parametrize("name", ["keep", "message_save", "message_judge", "message_watch"])
def test_nobody_else_touches_an_answer(birds: Library, message: Message, name: str) -> None:
    url = reverse(name, args=[message.pk])
    for who in (birds.viewer, birds.stranger):
        client = browser(who)
        response = client.get(url) if name == "keep" else client.post(url, {"n": 1, "grade": 0})
        assert response.status_code == 404
    assert not SavedQuestion.objects.exists()
    assert not Watch.objects.exists()


@pytest.mark.parametrize("name", ["question_judge", "question_watch", "question_remove"])
def test_a_stranger_does_nothing_to_a_question(
    birds: Library, saved: QuestionSet, name: str
) -> None:
    url = reverse(name, args=[_question().pk])
    assert browser(birds.stranger).post(url).status_code == 404


def test_a_viewer_changes_no_set(birds: Library, saved: QuestionSet) -> None:
    client = browser(birds.viewer)
    client.post(reverse("question_set", args=[saved.pk]), {"text": "Mine?"})
    client.post(reverse("question_set_rename", args=[saved.pk]), {"name": "Mine"})
    client.post(reverse("question_set_delete", args=[saved.pk]))
    client.post(reverse("question_remove", args=[_question().pk]))
    client.post(reverse("comparison_new", args=[saved.pk]), {"threshold": "0.9"})
    assert QuestionSet.objects.get().name == questions.FROM_FEEDBACK
    assert (SavedQuestion.objects.count(), Comparison.objects.count()) == (1, 0)


# --- from an answer into a set --------------------------------------------------------


def test_a_source_marked_wrong_is_found_in_the_set(birds: Library, message: Message) -> None:
    client = browser(birds.owner)
    url = reverse("message_judge", args=[message.pk])
    client.post(url, {"n": 1, "grade": 0})
    page = text_of(client.get(reverse("questions")))
    assert "From feedback" in page
    made = QuestionSet.objects.get()
    page = text_of(client.get(reverse("question_set", args=[made.pk])))
    assert QUESTION in page
    assert "Not this one" in page


def test_what_was_said_of_a_source_is_shown_under_it(birds: Library, message: Message) -> None:
    client = browser(birds.owner)
    conversation = reverse("conversation", args=[message.conversation_id])
    assert 'aria-pressed="true">Not this one' not in html_of(client.get(conversation))
    client.post(reverse("message_judge", args=[message.pk]), {"n": 1, "grade": 0})
    assert 'aria-pressed="true">Not this one' in html_of(client.get(conversation))


def test_judging_with_script_gives_the_form_back(birds: Library, message: Message) -> None:
    url = reverse("message_judge", args=[message.pk])
    response = browser(birds.owner).post(url, {"n": 1, "grade": 1}, headers={"HX-Request": "true"})
    assert html_of(response).startswith('<form class="judge"')
    assert 'aria-pressed="true">Right passage' in html_of(response)


@pytest.mark.parametrize("data", [{}, {"n": 1, "grade": 7}, {"n": "x", "grade": 1}])
def test_a_judgement_that_is_none_is_told(
    birds: Library, message: Message, data: dict[str, Any]
) -> None:
    url = reverse("message_judge", args=[message.pk])
    page = text_of(browser(birds.owner).post(url, data, follow=True))
    assert "nothing else was understood" in page
    assert not Judgement.objects.exists()


def test_a_rating_says_where_the_question_went(birds: Library, message: Message) -> None:
    url = reverse("feedback", args=[message.pk])
    page = text_of(browser(birds.owner).post(url, {"rating": -1}, follow=True))
    assert "The question is kept in From feedback" in page


def test_a_question_is_saved_into_a_new_set_and_then_into_one_there_is(
    birds: Library, message: Message
) -> None:
    client, url = browser(birds.owner), reverse("message_save", args=[message.pk])
    client.post(url, {"collection": birds.collection.pk, "name": "Eggs"})
    made = QuestionSet.objects.get(name="Eggs")
    assert made.questions.get().message == message
    page = text_of(client.post(url, {"question_set": made.pk}, follow=True))
    assert "Birds: Eggs" in page
    assert SavedQuestion.objects.count() == 1


def test_saving_without_a_set_asks_for_one(birds: Library, message: Message) -> None:
    url = reverse("message_save", args=[message.pk])
    page = text_of(browser(birds.owner).post(url, {}, follow=True))
    assert "Choose a set, or name a new one." in page


def test_a_question_cannot_be_saved_into_a_foreign_set(birds: Library, message: Message) -> None:
    foreign = questions.set_create(
        user=birds.stranger, collection=shelf(birds.stranger, "Theirs"), name="Theirs"
    )
    url = reverse("message_save", args=[message.pk])
    browser(birds.owner).post(url, {"question_set": foreign.pk})
    assert not foreign.questions.exists()


# --- a set and a question -------------------------------------------------------------


def test_a_set_is_made_renamed_and_deleted_by_forms(birds: Library) -> None:
    client = browser(birds.owner)
    client.post(reverse("questions"), {"collection": birds.collection.pk, "name": "Eggs"})
    made = QuestionSet.objects.get()
    client.post(reverse("question_set_rename", args=[made.pk]), {"name": "Nests"})
    made.refresh_from_db()
    assert made.name == "Nests"
    page = text_of(client.get(reverse("question_set_delete", args=[made.pk])))
    assert "Delete “Nests”?" in page
    client.post(reverse("question_set_delete", args=[made.pk]))
    assert not QuestionSet.objects.exists()


def test_a_question_page_shows_what_the_search_finds_to_be_judged(
    birds: Library, saved: QuestionSet
) -> None:
    client, url = browser(birds.viewer), reverse("question", args=[_question().pk])
    page = text_of(client.get(url))
    assert "The wren nests in the ivy" in page
    data = {"document": birds.document.pk, "quote": "nests in the ivy", "grade": 0}
    client.post(reverse("question_judge", args=[_question().pk]), data)
    made = Judgement.objects.get(by=birds.viewer)
    assert (made.quote, made.grade) == ("nests in the ivy", 0)
    assert "vera" in text_of(client.get(url))


def test_an_expected_answer_is_kept_by_a_form(birds: Library, saved: QuestionSet) -> None:
    url = reverse("question", args=[_question().pk])
    browser(birds.owner).post(url, {"expected": "Seven."})
    assert _question().expected == "Seven."
    browser(birds.viewer).post(url, {"expected": "Nine."})
    assert _question().expected == "Seven."


def test_a_set_goes_out_as_a_file_and_comes_in_again(birds: Library, saved: QuestionSet) -> None:
    client = browser(birds.owner)
    response = client.get(reverse("question_set_export", args=[saved.pk]))
    assert response["Content-Disposition"] == 'attachment; filename="from-feedback.jsonl"'
    assert json.loads(response.content)["question"] == QUESTION
    _question().delete()
    file = SimpleUploadedFile("set.jsonl", response.content)
    url = reverse("question_set_import", args=[saved.pk])
    page = text_of(client.post(url, {"file": file}, follow=True))
    assert "1 questions and 1 judgements were taken in" in page


def test_the_words_of_a_document_are_not_html(birds: Library, saved: QuestionSet) -> None:
    text = "<b onclick=alert(1)>Seven?</b>"
    client = browser(birds.owner)
    client.post(reverse("question_set", args=[saved.pk]), {"text": text, "expected": text})
    for url in (
        reverse("question_set", args=[saved.pk]),
        reverse("question", args=[SavedQuestion.objects.get(text=text).pk]),
    ):
        assert "<b onclick" not in html_of(client.get(url))


# --- comparisons ----------------------------------------------------------------------


def test_the_form_is_filled_with_what_is_live(birds: Library, saved: QuestionSet) -> None:
    page = html_of(browser(birds.owner).get(reverse("comparison_new", args=[saved.pk])))
    for value in ("0.3", "0.25", "1000", "200", "hashed-256"):
        assert f'value="{value}"' in page


def test_a_changed_weight_is_compared_and_shown_side_by_side(
    birds: Library, saved: QuestionSet
) -> None:
    client = browser(birds.owner)
    data = {
        "dense_weight": "0.9",
        "threshold": "0.25",
        "chunk_size": "1000",
        "chunk_overlap": "200",
        "embedding_model": "hashed-256",
    }
    response = client.post(reverse("comparison_new", args=[saved.pk]), data)
    assert "Waiting for a worker" in text_of(client.get(response["Location"]))
    comparing.comparisons_run()
    page = text_of(client.get(response["Location"]))
    assert "0.3 now, 0.9 compared" in page
    assert "nDCG@10" in page
    assert "right passage at 1" in page
    assert "It lays seven eggs in April." in page
    assert "1 the same" in page


def test_a_form_that_changes_nothing_says_so(birds: Library, saved: QuestionSet) -> None:
    data = {
        "dense_weight": "0.3",
        "threshold": "0.25",
        "chunk_size": "1000",
        "chunk_overlap": "200",
        "embedding_model": "hashed-256",
    }
    url = reverse("comparison_new", args=[saved.pk])
    page = text_of(browser(birds.owner).post(url, data))
    assert "Change something to compare it with what is live." in page


def test_a_comparison_that_failed_says_why_and_can_be_tried_again(
    birds: Library, saved: QuestionSet
) -> None:
    made = _comparison(birds, saved, threshold=0.9)
    Comparison.objects.filter(pk=made.pk).update(state="failed", reason="The reason.")
    client = browser(birds.owner)
    assert "The reason." in text_of(client.get(reverse("comparison", args=[made.pk])))
    client.post(reverse("comparison_again", args=[made.pk]))
    assert Comparison.objects.filter(state="queued", other__threshold=0.9).count() == 1


def test_settings_that_need_a_start_are_named(birds: Library, saved: QuestionSet) -> None:
    made = _comparison(birds, saved, threshold=0.9)
    page = text_of(browser(birds.owner).get(reverse("comparison", args=[made.pk])))
    assert "SIMILARITY_THRESHOLD=0.9" in page
    assert "Make this weight live" not in page


def test_an_administrator_makes_a_weight_live_after_a_question(
    birds: Library, saved: QuestionSet
) -> None:
    made = _comparison(birds, saved, dense_weight=0.9)
    birds.owner.is_staff = True
    birds.owner.save()
    client, url = browser(birds.owner), reverse("comparison_live", args=[made.pk])
    assert "Let searches go by 0.9?" in text_of(client.get(url))
    assert EmbeddingSpace.objects.get(state="active").dense_weight != 0.9
    client.post(url)
    assert EmbeddingSpace.objects.get(state="active").dense_weight == 0.9


def test_nobody_else_makes_a_weight_live(birds: Library, saved: QuestionSet) -> None:
    made = _comparison(birds, saved, dense_weight=0.9)
    url = reverse("comparison_live", args=[made.pk])
    assert birds.statuses(url, "post") == {
        "owner": 403,
        "viewer": 403,
        "stranger": 404,
        "anonymous": 302,
    }
    assert EmbeddingSpace.objects.get(state="active").dense_weight != 0.9


def test_a_comparison_shows_no_passage_of_a_document_that_is_gone(
    birds: Library, saved: QuestionSet
) -> None:
    made = _comparison(birds, saved, threshold=0.9)
    document_delete(user=birds.owner, document=birds.document)
    page = text_of(browser(birds.owner).get(reverse("comparison", args=[made.pk])))
    assert "seven eggs in April" not in page
    assert "A passage you can no longer read" in page


# --- watches and notices --------------------------------------------------------------


def test_an_answer_is_watched_and_let_go_by_the_same_form(birds: Library, message: Message) -> None:
    client, url = browser(birds.owner), reverse("message_watch", args=[message.pk])
    assert "You will hear when it changes." in text_of(client.post(url, follow=True))
    assert Watch.objects.get().message == message
    client.post(url)
    assert not Watch.objects.exists()


def test_a_notice_shows_both_answers_until_it_is_seen(
    birds: Library, message: Message, settings: Any
) -> None:
    notice = _changed(birds, message, settings)
    client = browser(birds.owner)
    page = text_of(client.get(reverse("notices")))
    assert page.index("It lays seven eggs") < page.index("It lays eight eggs")
    assert "Notices (1)" in page
    client.post(reverse("notice_seen", args=[notice.pk]))
    assert "Notices (1)" not in text_of(client.get(reverse("notices")))


def test_a_notice_is_for_its_owner_alone(birds: Library, message: Message, settings: Any) -> None:
    notice = _changed(birds, message, settings)
    assert "eight eggs" not in text_of(browser(birds.viewer).get(reverse("notices")))
    url = reverse("notice_seen", args=[notice.pk])
    assert browser(birds.viewer).post(url).status_code == 404
    stop = reverse("watch_stop", args=[Watch.objects.get().pk])
    assert browser(birds.viewer).post(stop).status_code == 404


def test_a_notice_hides_what_may_no_longer_be_read(
    birds: Library, message: Message, settings: Any
) -> None:
    _changed(birds, message, settings)
    Membership.objects.filter(user=birds.owner).delete()
    page = text_of(browser(birds.owner).get(reverse("notices")))
    assert "eggs in April." not in page
    assert "no longer read" in page


def test_all_notices_are_seen_at_once_and_watching_ends(
    birds: Library, message: Message, settings: Any
) -> None:
    _changed(birds, message, settings)
    client = browser(birds.owner)
    client.post(reverse("notices_seen"))
    assert not Notice.objects.filter(seen_at=None).exists()
    client.post(reverse("watch_stop", args=[Watch.objects.get().pk]))
    assert not Watch.objects.exists()
    assert "It lays eight eggs" in text_of(client.get(reverse("notices")))


def test_a_saved_question_is_watched_from_its_page(birds: Library, saved: QuestionSet) -> None:
    client = browser(birds.viewer)
    client.post(reverse("question_watch", args=[_question().pk]))
    watch = Watch.objects.get()
    assert (watch.user, watch.saved_question) == (birds.viewer, _question())
    assert "Watched" in text_of(client.get(reverse("question_set", args=[saved.pk])))
    assert "Watched" not in text_of(
        browser(birds.owner).get(reverse("question_set", args=[saved.pk]))
    )
    client.post(reverse("question_watch", args=[_question().pk]))
    assert not Watch.objects.exists()


def test_the_administration_shows_neither_questions_nor_answers(
    birds: Library, message: Message, settings: Any
) -> None:
    notice = _changed(birds, message, settings)
    birds.owner.is_staff = birds.owner.is_superuser = True
    birds.owner.save()
    client = browser(birds.owner)
    for url in (
        reverse("admin:chat_notice_changelist"),
        reverse("admin:chat_notice_change", args=[notice.pk]),
        reverse("admin:chat_watch_change", args=[Watch.objects.get().pk]),
    ):
        response = client.get(url)
        assert response.status_code == 200
        assert "eggs" not in text_of(response)


def test_a_page_of_many_questions_costs_no_more_queries(
    birds: Library, saved: QuestionSet, django_assert_max_num_queries: Any
) -> None:
    for number in range(15):
        question = questions.question_save(
            user=birds.owner, question_set=saved, text=f"Question {number}?"
        )
        passage = questions.passage_find(Document.objects.get(), "seven eggs")
        questions.judgement_set(user=birds.owner, question=question, passage=passage, grade=1)
    client = browser(birds.owner)
    with django_assert_max_num_queries(16):
        client.get(reverse("question_set", args=[saved.pk]))
