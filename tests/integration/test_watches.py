"""Watched answers, from the upload of a version to the notice: told once, and only of a change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from chat.llm.scripted import ScriptedModel
from chat.models import Message, Notice, Watch
from chat.services import checking, running, watching
from chat.services.notices import notices_mail
from chat.services.questions import default_set, question_save
from chat.services.running import AnswerBroke
from documents.models import Collection, Document, Membership
from documents.services.documents import document_delete, document_retire, document_update
from tests.integration.factories import WREN, Api, person, shelf, work

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("one_transaction", "no_broker"),
]

QUESTION = "How many eggs does the wren lay in April?"
EIGHT = WREN.replace(b"seven eggs", b"eight eggs")
#: Says the same of the eggs, and something else of the keeper.
KEEPER = WREN.replace(b"Odalys Brennt", b"Ines Brennt")


@pytest.fixture(autouse=True)
def _at_once(settings: Any) -> None:
    settings.WATCH_DELAY = 0


@pytest.fixture
def document(ada: Api) -> str:
    return str(ada.ready()["id"])


@pytest.fixture
def watch(ada: Api, document: str) -> Watch:
    answer = ada.ask(QUESTION).json()
    assert "seven eggs" in answer["answer"]
    return watching.message_watch(user=ada.user, message=Message.objects.get(pk=answer["id"]))


def _new_version(ada: Api, document: str, data: bytes) -> None:
    assert ada.add_version(document, "wren.txt", data).status_code == 202
    work()


def _notices() -> int:
    return int(Notice.objects.count())


def test_a_change_of_the_answer_gives_exactly_one_notice(
    ada: Api, document: str, watch: Watch
) -> None:
    _new_version(ada, document, EIGHT)
    assert checking.watches_check() == 1
    notice = Notice.objects.get()
    assert "seven eggs" in notice.before["answer"]
    assert "eight eggs" in notice.after["answer"]
    assert (notice.user, notice.text) == (ada.user, QUESTION)


def test_a_change_of_the_document_that_leaves_the_answer_gives_none(
    ada: Api, document: str, watch: Watch
) -> None:
    _new_version(ada, document, KEEPER)
    assert checking.watches_check() == 1
    watch.refresh_from_db()
    assert (_notices(), watch.due_at) == (0, None)


def test_another_check_gives_no_second_notice(ada: Api, document: str, watch: Watch) -> None:
    _new_version(ada, document, EIGHT)
    checking.watches_check()
    assert checking.watches_check() == 0
    Watch.objects.update(due_at=timezone.now())
    assert checking.watches_check() == 1
    assert _notices() == 1


def test_two_checks_of_the_same_change_at_once_give_one_notice(
    ada: Api, document: str, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    _new_version(ada, document, EIGHT)
    asked = running.draft_of

    def slow(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(checking, "draft_of", asked)
        Watch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        checking.watches_check()  # another worker, which takes the first one for dead
        return asked(*args, **kwargs)

    monkeypatch.setattr(checking, "draft_of", slow)
    checking.watches_check()
    assert _notices() == 1


def test_a_check_whose_worker_died_is_made_again(
    ada: Api, document: str, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    _new_version(ada, document, EIGHT)

    def killed(*args: Any, **kwargs: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(checking, "draft_of", killed)
        with pytest.raises(KeyboardInterrupt):
            checking.watches_check()
    assert checking.watches_due() == 0  # the lease still holds
    Watch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert checking.watches_check() == 1
    assert _notices() == 1


def test_changing_back_is_news_again(ada: Api, document: str, watch: Watch) -> None:
    for data in (EIGHT, WREN):
        _new_version(ada, document, data)
        checking.watches_check()
    assert _notices() == 2


def test_three_changes_in_a_row_lead_to_one_check_after_the_last(
    ada: Api, document: str, watch: Watch, settings: Any
) -> None:
    settings.WATCH_DELAY = 60
    for eggs in (b"eight", b"nine", b"ten"):
        _new_version(ada, document, WREN.replace(b"seven", eggs))
    assert checking.watches_check() == 0
    Watch.objects.update(due_at=timezone.now())
    assert checking.watches_check() == 1
    assert "ten eggs" in Notice.objects.get().after["answer"]


def test_a_document_that_never_rests_is_looked_at_all_the_same(
    watch: Watch, document: str, settings: Any
) -> None:
    settings.WATCH_DELAY = 60
    Watch.objects.update(changed_at=timezone.now() - timedelta(minutes=10))
    watching.document_changed(document)
    watch.refresh_from_db()
    assert watch.due_at is not None
    assert watch.due_at <= timezone.now()


def test_a_change_during_the_check_makes_the_watch_due_again(
    ada: Api, document: str, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    _new_version(ada, document, KEEPER)
    asked = running.draft_of

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        draft = asked(*args, **kwargs)
        monkeypatch.setattr(checking, "draft_of", asked)
        _new_version(ada, document, EIGHT)
        return draft

    monkeypatch.setattr(checking, "draft_of", meanwhile)
    assert checking.watches_check() == 2
    assert _notices() == 1


def test_a_deleted_document_is_told_without_its_words(
    ada: Api, document: str, watch: Watch
) -> None:
    document_delete(user=ada.user, document=Document.objects.get(pk=document))
    checking.watches_check()
    notice = Notice.objects.get()
    assert notice.after["refused"]
    assert "seven" not in str(notice.before)
    watch.refresh_from_db()
    assert "seven" not in str(watch.answer)


def test_a_deletion_takes_the_words_out_of_earlier_notices(
    ada: Api, document: str, watch: Watch
) -> None:
    _new_version(ada, document, EIGHT)
    checking.watches_check()
    document_delete(user=ada.user, document=Document.objects.get(pk=document))
    first = Notice.objects.order_by("pk")[0]
    assert "eggs" not in f"{first.before} {first.after}"


def test_a_retired_document_makes_its_watches_due(watch: Watch, document: str) -> None:
    document_retire(Document.objects.get(pk=document))
    assert checking.watches_check() == 1
    assert Notice.objects.get().after["refused"]


def test_an_answer_that_was_refused_is_told_once_there_is_one(ada: Api, document: str) -> None:
    answer = ada.ask("Which colour has the kingfisher's breast?").json()
    assert answer["refused"]
    message = Message.objects.get(pk=answer["id"])
    watching.message_watch(user=ada.user, message=message)
    ada.ready("king.txt", b"The kingfisher\n\nThe breast of the kingfisher has an orange colour.")
    checking.watches_check()
    assert "orange" in Notice.objects.get().after["answer"]


def test_who_lost_access_hears_nothing(ada: Api, document: str) -> None:
    bob = Api(person("bob"))
    collection = Collection.objects.get()
    Membership.objects.create(collection=collection, user=bob.user, role="viewer")
    message = Message.objects.get(pk=bob.ask(QUESTION).json()["id"])
    watching.message_watch(user=bob.user, message=message)
    Membership.objects.filter(user=bob.user).delete()
    _new_version(ada, document, EIGHT)
    checking.watches_check()
    assert _notices() == 0


def test_a_document_moved_out_of_reach_is_not_told_as_a_change(ada: Api, document: str) -> None:
    bob = Api(person("bob"))
    Membership.objects.create(collection=Collection.objects.get(), user=bob.user, role="viewer")
    message = Message.objects.get(pk=bob.ask(QUESTION).json()["id"])
    watching.message_watch(user=bob.user, message=message)
    elsewhere = shelf(ada.user, "Elsewhere")
    document_update(user=ada.user, document=Document.objects.get(pk=document), collection=elsewhere)
    assert checking.watches_check() == 1
    assert _notices() == 0


def test_a_deactivated_owner_hears_nothing(ada: Api, document: str, watch: Watch) -> None:
    _new_version(ada, document, EIGHT)
    ada.user.is_active = False
    ada.user.save()
    checking.watches_check()
    assert _notices() == 0


def test_a_model_that_fails_is_asked_again_later(
    ada: Api, document: str, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    _new_version(ada, document, EIGHT)

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise AnswerBroke("The language model cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(checking, "draft_of", broken)
        checking.watches_check()
    watch.refresh_from_db()
    assert watch.problem == "The language model cannot be reached."
    assert watch.due_at is not None
    Watch.objects.update(due_at=timezone.now())
    checking.watches_check()
    assert _notices() == 1


def test_a_model_that_puts_it_otherwise_each_time_is_no_news(
    ada: Api, document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _spoken(monkeypatch, "The wren lays seven eggs in April [1].")
    message = Message.objects.get(pk=ada.ask(QUESTION).json()["id"])
    watching.message_watch(user=ada.user, message=message)
    _spoken(monkeypatch, "In April it lays 7 eggs [1].")
    _new_version(ada, document, KEEPER)
    assert checking.watches_check() == 1
    assert _notices() == 0


def test_a_model_that_says_something_else_of_a_new_version_is_news(
    ada: Api, document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _spoken(monkeypatch, "The wren lays seven eggs in April [1].")
    message = Message.objects.get(pk=ada.ask(QUESTION).json()["id"])
    watching.message_watch(user=ada.user, message=message)
    _spoken(monkeypatch, "The wren lays eight eggs in April [1].")
    _new_version(ada, document, EIGHT)
    checking.watches_check()
    assert "eight" in Notice.objects.get().after["answer"]


def _spoken(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Have a language model give this answer from now on."""
    for module in ("chat.services.answering", "chat.services.checking"):
        monkeypatch.setattr(f"{module}.configured_model", lambda: ScriptedModel([answer]))


def test_the_same_question_asked_again_is_watched_already(ada: Api, watch: Watch) -> None:
    again = Message.objects.get(pk=ada.ask(QUESTION).json()["id"])
    assert watching.watch_of_message(ada.user, again) == watch


def test_watching_an_answer_twice_is_one_watch(ada: Api, watch: Watch) -> None:
    again = watching.message_watch(user=ada.user, message=Message.objects.get())
    assert again.pk == watch.pk


def test_an_answer_that_is_outdated_already_is_asked_at_once(ada: Api, document: str) -> None:
    message = Message.objects.get(pk=ada.ask(QUESTION).json()["id"])
    _new_version(ada, document, EIGHT)
    watching.message_watch(user=ada.user, message=message)
    assert checking.watches_check() == 1
    assert _notices() == 1


def test_the_first_answer_of_a_saved_question_is_no_news(ada: Api, document: str) -> None:
    saved = default_set(ada.user, Collection.objects.get())
    question = question_save(user=ada.user, question_set=saved, text=QUESTION)
    watching.question_watch(user=ada.user, question=question)
    assert checking.watches_check() == 1
    assert _notices() == 0
    _new_version(ada, document, EIGHT)
    checking.watches_check()
    assert _notices() == 1


def test_a_letter_goes_out_once_and_names_the_question_alone(
    ada: Api, document: str, watch: Watch, settings: Any
) -> None:
    ada.user.email = "ada@example.org"
    ada.user.save()
    settings.EMAIL_URL, settings.PUBLIC_URL = "smtp://mail:25", "https://library.example.org"
    _new_version(ada, document, EIGHT)
    checking.watches_check()
    assert (notices_mail(), notices_mail()) == (1, 0)
    letter = mail.outbox[0]
    assert letter.to == ["ada@example.org"]
    assert QUESTION in letter.body
    assert "https://library.example.org/notices/" in letter.body
    assert "eight eggs" not in letter.body


def test_no_letter_goes_out_unless_a_server_is_set(ada: Api, document: str, watch: Watch) -> None:
    ada.user.email = "ada@example.org"
    ada.user.save()
    _new_version(ada, document, EIGHT)
    checking.watches_check()
    assert (notices_mail(), mail.outbox) == (0, [])
