"""People with a collection each, who share nothing: ``python -m tests.drill.people NAME…``.

Run with an installation's own environment; prints their tokens and sessions as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragsite.settings")
    django.setup()
    # Models can be imported only when Django is set up.
    from django.contrib.auth.models import User

    from documents.services.collections import collection_create
    from tests.load.filling import person

    made = {}
    for name in sys.argv[1:]:
        user = User.objects.create_user(username=name)
        collection_create(user=user, name=f"Library of {name}")
        made[name] = asdict(person(user))
    json.dump(made, sys.stdout)
