"""Addresses of the pages of this app."""

from __future__ import annotations

from django.urls import path

from chat.views import answers, asking, conversations, explaining

_CONVERSATION = "chat/<uuid:conversation_id>"
_MESSAGE = "chat/messages/<uuid:message_id>"

urlpatterns = [
    path("", asking.home, name="home"),
    path("chat/", asking.conversations, name="conversations"),
    path(f"{_MESSAGE}/", answers.message, name="message"),
    path(f"{_MESSAGE}/why/", explaining.why, name="why"),
    path(f"{_MESSAGE}/feedback/", answers.feedback, name="feedback"),
    path(f"{_CONVERSATION}/", asking.conversation, name="conversation"),
    path(f"{_CONVERSATION}/rename/", conversations.rename, name="conversation_rename"),
    path(f"{_CONVERSATION}/delete/", conversations.remove, name="conversation_delete"),
]
