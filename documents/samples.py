"""A small library to try the product with: four papers of a ferry line that does not exist."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.contrib.auth.models import User

from documents.models import Collection, Document
from documents.services.collections import collection_create
from documents.services.documents import document_upload

FOLDER: Final = Path(__file__).parent / "sample_files"
NAME: Final = "Sample library"
#: Questions that the sample files answer, each from another file or from two.
QUESTIONS: Final = (
    "How many days of leave do new employees have?",
    "What does it cost to take a bicycle on board?",
    "When is a sailing cancelled because of the wind?",
    "Why is the island's harbour built on the north side?",
)


def sample_collection(user: User) -> Collection | None:
    """Return the sample library among the collections of this user, if it is there."""
    found: Collection | None = Collection.objects.owned_by(user).filter(name=NAME).first()
    return found


def samples_upload(*, user: User) -> list[Document]:
    """Upload the sample files to a collection of their own. Doing it again adds nothing."""
    collection = sample_collection(user) or collection_create(user=user, name=NAME)
    return [
        document_upload(
            user=user, data=path.read_bytes(), filename=path.name, collection=collection
        ).document
        for path in sorted(FOLDER.iterdir())
        if path.suffix in {".md", ".txt"}
    ]
