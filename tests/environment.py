"""Loaded before the settings: tests have an environment of their own.

Nothing of a developer's ``.env`` or shell may change what the tests see, and
nothing they write may land among real data.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

_FOLDER = tempfile.mkdtemp(prefix="ragsite-tests-")
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)

for _name in (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "REDIS_URL",
    "DATABASE_URL",
    "ALLOWED_HOSTS",
    "HTTPS_ONLY",
    "DEBUG",
    "CHAT_MODEL",
    "SIMILARITY_THRESHOLD",
    "MAX_FILE_SIZE",
):
    os.environ[_name] = ""
os.environ |= {
    "DATA_DIR": _FOLDER,
    "SECRET_KEY": "only-for-tests-" + "abcdefghij" * 5,
    "DATABASE_KEY": "00112233445566778899aabbccddeeff" * 2,
    "EMBEDDING_MODEL": "hashed",
    "LOG_LEVEL": "WARNING",
    "RECOGNITION": "off",
}
# One machine asks for everybody here; tests of the limits set their own.
os.environ["REQUEST_LOG_DAYS"] = os.environ["METRICS_DAYS"] = "0"
for _name in ("REQUESTS", "ANONYMOUS", "LOGIN", "ACCOUNT", "ASK", "SEARCH", "UPLOAD"):
    os.environ[f"RATE_LIMIT_{_name}"] = "off"
