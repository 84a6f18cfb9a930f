"""Addresses of this app's part of the API, below ``/api/``."""

from django.urls import path

from chat.api import exports, quality_views, question_files, question_views, views
from chat.api.ask import ask
from chat.api.why import WhyView

_CONVERSATION = "conversations/<str:conversation_id>"

_SET = "question-sets/<int:set_id>"
_QUESTION = "questions/<int:question_id>"

urlpatterns = [
    path("chat", ask, name="api_chat"),
    path("conversations", views.ConversationListView.as_view()),
    path(_CONVERSATION, views.ConversationView.as_view()),
    path(f"{_CONVERSATION}/export.md", exports.MarkdownExportView.as_view()),
    path(f"{_CONVERSATION}/export.json", exports.JSONExportView.as_view()),
    path("messages/<str:message_id>", views.MessageView.as_view()),
    path("messages/<str:message_id>/feedback", views.FeedbackView.as_view()),
    path("messages/<str:message_id>/why", WhyView.as_view()),
    path("question-sets", question_views.QuestionSetListView.as_view()),
    path(_SET, question_views.QuestionSetView.as_view()),
    path(f"{_SET}/export.jsonl", question_files.QuestionFileView.as_view()),
    path(f"{_SET}/import", question_files.QuestionImportView.as_view()),
    path(f"{_SET}/questions", question_views.SavedQuestionListView.as_view()),
    path(f"{_SET}/comparisons", quality_views.ComparisonListView.as_view()),
    path(_QUESTION, question_views.SavedQuestionView.as_view()),
    path(f"{_QUESTION}/judgements", question_views.JudgementListView.as_view()),
    path("judgements/<int:judgement_id>", question_views.JudgementView.as_view()),
    path("comparisons/<int:comparison_id>", quality_views.ComparisonView.as_view()),
    path("watches", quality_views.WatchListView.as_view()),
    path("watches/<int:watch_id>", quality_views.WatchView.as_view()),
    path("notices", quality_views.NoticeListView.as_view()),
    path("notices/<int:notice_id>/seen", quality_views.NoticeSeenView.as_view()),
]
