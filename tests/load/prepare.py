"""Fills an installation for a load test, and writes down who may ask and what.

Run beside a server on the same ``DATA_DIR``, whose worker reads the documents:
``python -m tests.load.prepare --people 32 --documents 200 --out fixture.json``.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import django


def main() -> int:
    """Fill it. Exit code 1 where not every document became ready."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.prepare", description=__doc__)
    parser.add_argument("--people", type=int, default=32)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--out", type=Path, required=True, help="gets tokens: keep it to yourself")
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragsite.settings")
    django.setup()
    # Models can be imported only now.
    from tests.load.filling import NotRead, fill  # noqa: PLC0415

    try:
        fixture = fill(people=given.people, documents=given.documents)
    except NotRead as error:
        sys.stderr.write(f"{error}\n")
        return 1
    fixture.save(given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
