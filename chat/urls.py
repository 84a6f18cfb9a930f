"""Addresses of the pages of this app."""

from __future__ import annotations

from django.urls import path

from chat.views import (
    answers,
    asking,
    comparisons,
    conversations,
    explaining,
    keeping,
    listing,
    notices,
    questions,
)

_CONVERSATION = "chat/<uuid:conversation_id>"
_MESSAGE = "chat/messages/<uuid:message_id>"
_SET = "questions/sets/<int:set_id>"
_QUESTION = "questions/<int:question_id>"
_COMPARISON = "questions/comparisons/<int:comparison_id>"

urlpatterns = [
    path("", asking.home, name="home"),
    path("chat/", listing.conversations, name="conversations"),
    path(f"{_MESSAGE}/", answers.message, name="message"),
    path(f"{_MESSAGE}/again/", asking.again, name="message_again"),
    path(f"{_MESSAGE}/export.md", answers.export, name="message_export"),
    path(f"{_MESSAGE}/why/", explaining.why, name="why"),
    path(f"{_MESSAGE}/feedback/", answers.feedback, name="feedback"),
    path(f"{_MESSAGE}/keep/", keeping.keep, name="keep"),
    path(f"{_MESSAGE}/save/", keeping.save, name="message_save"),
    path(f"{_MESSAGE}/judge/", keeping.judge, name="message_judge"),
    path(f"{_MESSAGE}/watch/", keeping.watch, name="message_watch"),
    path("questions/", questions.sets, name="questions"),
    path(f"{_SET}/", questions.question_set, name="question_set"),
    path(f"{_SET}/rename/", questions.set_rename, name="question_set_rename"),
    path(f"{_SET}/delete/", questions.set_delete, name="question_set_delete"),
    path(f"{_SET}/export/", questions.set_export, name="question_set_export"),
    path(f"{_SET}/import/", questions.set_import, name="question_set_import"),
    path(f"{_SET}/compare/", comparisons.new, name="comparison_new"),
    path(f"{_QUESTION}/", questions.question, name="question"),
    path(f"{_QUESTION}/remove/", questions.question_remove, name="question_remove"),
    path(f"{_QUESTION}/judge/", questions.judge, name="question_judge"),
    path(f"{_QUESTION}/watch/", notices.question_watch, name="question_watch"),
    path(
        "questions/judgements/<int:judgement_id>/remove/",
        questions.judgement_remove,
        name="judgement_remove",
    ),
    path(f"{_COMPARISON}/", comparisons.comparison, name="comparison"),
    path(f"{_COMPARISON}/live/", comparisons.make_live, name="comparison_live"),
    path(f"{_COMPARISON}/again/", comparisons.again, name="comparison_again"),
    path("notices/", notices.notices, name="notices"),
    path("notices/seen/", notices.see_all, name="notices_seen"),
    path("notices/<int:notice_id>/seen/", notices.see, name="notice_seen"),
    path("watches/<int:watch_id>/stop/", notices.watch_stop, name="watch_stop"),
    path(f"{_CONVERSATION}/", asking.conversation, name="conversation"),
    path(f"{_CONVERSATION}/rename/", conversations.rename, name="conversation_rename"),
    path(f"{_CONVERSATION}/share/", conversations.share, name="conversation_share"),
    path(f"{_CONVERSATION}/export.md", conversations.export_markdown, name="conversation_markdown"),
    path(f"{_CONVERSATION}/export.json", conversations.export_json, name="conversation_json"),
    path(f"{_CONVERSATION}/delete/", conversations.remove, name="conversation_delete"),
]
