"""The table of vectors that new chunks go to."""

from __future__ import annotations

from django.db import connection, transaction

from documents.embed.base import Embedder
from documents.index.schema import create_vector_table
from documents.models import EmbeddingSpace
from documents.selectors import (
    active_space,
    configured_embedder,
    configured_model,
    space_embedder,
)

State = EmbeddingSpace.State


def space_ensure() -> tuple[EmbeddingSpace, Embedder]:
    """Return the active space with its embedder; the first call makes it.

    A space stays with its model: when the settings name another one, new chunks
    still go where searches look until ``reindex`` has filled a new space.
    """
    space = active_space()
    if space is not None:
        return space, space_embedder(space)
    embedder = configured_embedder()
    dimensions = embedder.dimensions or len(embedder.embed_query("dimensions"))
    return space_create(embedder, dimensions, State.ACTIVE), embedder


@transaction.atomic
def space_create(embedder: Embedder, dimensions: int, state: str) -> EmbeddingSpace:
    """Make a space and its table, or return the one there is for this model and size.

    The weight of the model's channel is kept with it: a search goes by what was
    right when the vectors were made.
    """
    active = active_space()
    if state == State.ACTIVE and active is not None:
        return active  # another worker was faster
    space, made = EmbeddingSpace.objects.get_or_create(
        model=embedder.model,
        dimensions=dimensions,
        defaults={"state": state, "table": "pending", "dense_weight": embedder.dense_weight},
    )
    space.configured_model = configured_model()
    if made:
        space.table = f"vectors_{space.pk}"
        create_vector_table(connection, space.table, dimensions)
    space.save()
    return space
