"""The settings of the product, with the app that makes it a later release."""

from ragsite.settings import *  # noqa: F403
from ragsite.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.golden.later.apps.LaterConfig"]
