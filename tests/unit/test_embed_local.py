"""The built-in embedder: loading, limits, threads."""

from __future__ import annotations

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from documents.embed import local
from documents.embed.local import MAX_CHARACTERS, LocalEmbedder
from documents.errors import EmbeddingFailed


def test_models_and_clients_are_imported_only_when_used() -> None:
    code = (
        "import sys, documents.embed.factory as f\n"
        "f.make_embedder(f.EmbedderConfig())\n"
        "sys.exit(bool({'wordllama', 'openai'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_threads_share_one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    load = Mock(wraps=local._load)
    monkeypatch.setattr(local, "_loaded", None)
    monkeypatch.setattr(local, "_load", load)
    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(LocalEmbedder().embed_query, ["harbour"] * 16))
    assert load.call_count == 1
    assert all(np.array_equal(vector, vectors[0]) for vector in vectors)


def test_loading_leaves_the_root_logger_alone() -> None:
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    local._import_wordllama()
    assert (logging.getLogger().handlers, logging.getLogger().level) == (handlers, level)


def test_a_missing_model_is_an_error_with_a_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> None:
        raise ImportError

    monkeypatch.setattr(local, "_loaded", None)
    monkeypatch.setattr(local, "_import_wordllama", nothing)
    with pytest.raises(EmbeddingFailed, match="Install the requirements"):
        LocalEmbedder().embed_query("x")


def test_text_beyond_the_limit_does_not_count() -> None:
    start = "harbour " * (MAX_CHARACTERS // 8)
    long, longer = LocalEmbedder().embed_documents([start, start + "tax report " * 9000])
    assert np.allclose(long, longer, atol=1e-5)


def test_the_model_lies_inside_its_package() -> None:
    folder = Path(local._import_wordllama().__file__).parent
    assert (folder / "weights" / "l2_supercat_256.safetensors").exists()


def test_meaning_counts_beyond_shared_words() -> None:
    near, far = LocalEmbedder().embed_documents(["the physician treated him", "stock prices fell"])
    query = LocalEmbedder().embed_query("doctor")
    assert query @ near > query @ far
