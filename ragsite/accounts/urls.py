"""Addresses of the pages about accounts."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from ragsite.accounts import account_views, views

urlpatterns = [
    path("login/", views.SignInView.as_view(), name="login"),
    path("login/code/", views.CodeView.as_view(), name="login_code"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("setup/<str:secret>/", views.setup, name="setup"),
    path("password/reset/", account_views.reset, name="password_reset"),
    path(
        "password/reset/<uidb64>/<token>/",
        account_views.ResetView.as_view(),
        name="password_reset_confirm",
    ),
    path("account/", account_views.account, name="account"),
    path("account/password/", account_views.password, name="password"),
    path("account/sessions/end/", account_views.sessions, name="sessions_end"),
    path("account/two-step/", account_views.second_step, name="two_step"),
    path("account/two-step/off/", account_views.second_step_off, name="two_step_off"),
    path("account/two-step/codes/", account_views.recovery_codes, name="recovery_codes"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", views.token_revoke, name="token_revoke"),
]
