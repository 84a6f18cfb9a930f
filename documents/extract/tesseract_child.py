"""Starts tesseract under limits: ``python -m documents.extract.tesseract_child ARGUMENTS LIMITS``.

The limits hold for what this process becomes. It takes one thread, gives way to
everything else, and ends with its parent.
"""

from __future__ import annotations

import json
import os
import sys

from documents.extract.confinement import confine, die_with


def main(arguments: list[str]) -> None:
    """Become tesseract with the arguments in the JSON list ``arguments[0]``."""
    command, limits = json.loads(arguments[0]), json.loads(arguments[1])
    os.nice(10)
    die_with(int(limits["parent"]))
    confine(int(limits["memory"]), int(limits["cpu"]))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    os.execve(command[0], command, environment | {"OMP_THREAD_LIMIT": "1"})  # noqa: S606 - that is what it is for


if __name__ == "__main__":
    main(sys.argv[1:])
