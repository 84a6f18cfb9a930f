"""Addresses of the pages of this app."""

from __future__ import annotations

from django.urls import path

from chat import views

_CONVERSATION = "chat/<uuid:conversation_id>"
_MESSAGE = "chat/messages/<uuid:message_id>"

urlpatterns = [
    path("", views.home, name="home"),
    path("chat/", views.conversations, name="conversations"),
    path(f"{_MESSAGE}/", views.message, name="message"),
    path(f"{_MESSAGE}/feedback/", views.feedback, name="feedback"),
    path(f"{_CONVERSATION}/", views.conversation, name="conversation"),
    path(f"{_CONVERSATION}/rename/", views.rename, name="conversation_rename"),
    path(f"{_CONVERSATION}/delete/", views.remove, name="conversation_delete"),
]
