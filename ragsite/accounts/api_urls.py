"""Addresses of this app's part of the API, below ``/api/``."""

from django.urls import path

from ragsite.accounts import api

urlpatterns = [
    path("tokens", api.TokenListView.as_view()),
    path("tokens/<int:token_id>", api.TokenView.as_view()),
]
