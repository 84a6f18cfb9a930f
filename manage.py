#!/usr/bin/env python3
"""The command line of the product."""

from __future__ import annotations

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError


def main() -> int:
    """Run one command; a configuration that cannot work is told in one line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragsite.settings")
    try:
        settings.configured or settings.SECRET_KEY  # noqa: B018  # loads the settings
    except ImproperlyConfigured as error:
        sys.stderr.write(f"Configuration: {error}\n")
        return 1
    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        if "no such table" not in str(error):
            raise
        sys.stderr.write("The database is not set up yet: run manage.py migrate first.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
