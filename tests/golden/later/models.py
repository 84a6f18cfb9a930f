"""What a later release keeps: a label for each passage."""

from __future__ import annotations

from django.db import models

from documents.models import Chunk


class Label(models.Model):
    chunk = models.OneToOneField(Chunk, on_delete=models.CASCADE, related_name="+")
    words = models.PositiveIntegerField()
    text = models.CharField(max_length=40, default="")

    def __str__(self) -> str:
        return self.text
