"""Addresses of this app's part of the API, below ``/api/``."""

from django.urls import path

from chat.api import views
from chat.api.ask import ask
from chat.api.why import WhyView

urlpatterns = [
    path("chat", ask, name="api_chat"),
    path("conversations", views.ConversationListView.as_view()),
    path("conversations/<str:conversation_id>", views.ConversationView.as_view()),
    path("messages/<str:message_id>", views.MessageView.as_view()),
    path("messages/<str:message_id>/feedback", views.FeedbackView.as_view()),
    path("messages/<str:message_id>/why", WhyView.as_view()),
]
