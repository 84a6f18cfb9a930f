"""Running the product: serving, checking, keeping it safe."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "ragsite.ops"
    label = "ops"
    verbose_name = "Operations"
