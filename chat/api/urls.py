"""Addresses of this app's part of the API, below ``/api/``."""

from django.urls import path

from chat.api import exports, views
from chat.api.ask import ask

_CONVERSATION = "conversations/<str:conversation_id>"

urlpatterns = [
    path("chat", ask, name="api_chat"),
    path("conversations", views.ConversationListView.as_view()),
    path(_CONVERSATION, views.ConversationView.as_view()),
    path(f"{_CONVERSATION}/export.md", exports.MarkdownExportView.as_view()),
    path(f"{_CONVERSATION}/export.json", exports.JSONExportView.as_view()),
    path("messages/<str:message_id>", views.MessageView.as_view()),
    path("messages/<str:message_id>/feedback", views.FeedbackView.as_view()),
]
