"""Addresses of the pages of this app."""

from __future__ import annotations

from django.urls import path

from chat.views import answers, asking, conversations, listing

_CONVERSATION = "chat/<uuid:conversation_id>"
_MESSAGE = "chat/messages/<uuid:message_id>"

urlpatterns = [
    path("", asking.home, name="home"),
    path("chat/", listing.conversations, name="conversations"),
    path(f"{_MESSAGE}/", answers.message, name="message"),
    path(f"{_MESSAGE}/again/", asking.again, name="message_again"),
    path(f"{_MESSAGE}/export.md", answers.export, name="message_export"),
    path(f"{_MESSAGE}/feedback/", answers.feedback, name="feedback"),
    path(f"{_CONVERSATION}/", asking.conversation, name="conversation"),
    path(f"{_CONVERSATION}/rename/", conversations.rename, name="conversation_rename"),
    path(f"{_CONVERSATION}/share/", conversations.share, name="conversation_share"),
    path(f"{_CONVERSATION}/export.md", conversations.export_markdown, name="conversation_markdown"),
    path(f"{_CONVERSATION}/export.json", conversations.export_json, name="conversation_json"),
    path(f"{_CONVERSATION}/delete/", conversations.remove, name="conversation_delete"),
]
