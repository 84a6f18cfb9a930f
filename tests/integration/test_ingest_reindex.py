"""Another embedding model: searches go on, and everything is found in the new space."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from documents.ingest.reindex import is_due, reindex
from documents.models import Embedding, EmbeddingSpace
from documents.search.hybrid import search
from documents.selectors import active_space, search_index
from documents.services.documents import document_upload
from documents.types import Mode
from tests.integration.factories import person, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner(db: None) -> User:
    user = person("rose")
    for name in ("heron", "otter"):
        document_upload(user=user, data=f"The {name} eats fish.".encode(), filename=f"{name}.txt")
    work()
    return user  # type: ignore[no-any-return]


def test_everything_is_found_in_the_new_space(owner: User) -> None:
    assert reindex("hashed-64")
    found = search(owner, "otter fish", mode=Mode.SEMANTIC).hits
    assert len(found) == 2
    space = active_space()
    assert space is not None
    assert space.dimensions == 64


def test_the_old_space_and_its_vectors_are_gone(owner: User) -> None:
    reindex("hashed-64")
    assert EmbeddingSpace.objects.count() == 1
    assert set(Embedding.objects.values_list("model", flat=True)) == {"hashed-64/64"}


def test_both_channels_hold_the_same_chunks_afterwards(owner: User) -> None:
    reindex("hashed-64")
    counts = search_index().counts()
    assert counts.keyword == counts.semantic == 2


def test_the_same_model_again_is_nothing_to_do(owner: User) -> None:
    assert not reindex()


def test_a_model_chosen_by_hand_stays(owner: User) -> None:
    reindex("hashed-64")
    assert not is_due()


def test_another_model_in_the_settings_is_due(owner: User, settings: Any) -> None:
    settings.EMBEDDING_MODEL = "hashed-32"
    assert is_due()
    reindex()
    assert not is_due()


def test_what_was_uploaded_meanwhile_is_found_too(owner: User) -> None:
    reindex("hashed-64")
    document_upload(user=owner, data=b"The badger digs.", filename="badger.txt")
    work()
    assert search(owner, "badger digs", mode=Mode.SEMANTIC).hits[0].document_title == "badger"


def test_nothing_is_done_before_the_first_document(db: None) -> None:
    assert not reindex("hashed-64")
    assert not is_due()
