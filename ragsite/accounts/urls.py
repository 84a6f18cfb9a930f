"""Addresses of the pages about accounts."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from ragsite.accounts import views

urlpatterns = [
    path("login/", views.SignInView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("setup/<str:secret>/", views.setup, name="setup"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", views.token_revoke, name="token_revoke"),
]
