"""The app that a later release has."""

from django.apps import AppConfig


class LaterConfig(AppConfig):
    name = "tests.golden.later"
    label = "later"
