"""A small library with its people, as browsers see it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse

from documents.models import Collection, Document
from documents.services.documents import document_upload
from documents.types import Role
from tests.integration.factories import WREN, person, shelf, work


def browser(user: Any = None, *, csrf: bool = False) -> Client:
    """Return a browser in which this user, or nobody, is signed in."""
    client = Client(enforce_csrf_checks=csrf)
    if user is not None:
        client.force_login(user)
    return client


@dataclass(frozen=True, slots=True)
class Library:
    """One collection with one document, its owner, a viewer, and a stranger."""

    owner: Any
    viewer: Any
    stranger: Any
    collection: Collection
    document: Document

    def url(self, name: str, *more: object) -> str:
        """Return the address of a page about the document."""
        return reverse(name, args=[self.document.pk, *more])

    def browsers(self) -> dict[str, Client]:
        """Return a browser for each person, and one for nobody."""
        return {
            "owner": browser(self.owner),
            "viewer": browser(self.viewer),
            "stranger": browser(self.stranger),
            "anonymous": browser(),
        }

    def statuses(self, url: str, method: str = "get", **data: Any) -> dict[str, int]:
        """Return what each person gets at an address."""
        return {
            name: getattr(client, method)(url, data or None).status_code
            for name, client in self.browsers().items()
        }


def library(name: str = "wren.txt", data: bytes = WREN, **fields: Any) -> Library:
    """Return a library whose document has been read."""
    owner, viewer, stranger = person("olga"), person("vera"), person("sten")
    collection = shelf(owner, "Birds", vera=(viewer, Role.VIEWER))
    upload = document_upload(user=owner, data=data, filename=name, collection=collection, **fields)
    work()
    document: Document = Document.objects.with_newest().get(pk=upload.document.pk)
    return Library(owner, viewer, stranger, collection, document)


def html_of(response: Any) -> str:
    """Return the source of a page, its runs of space made single."""
    return " ".join(response.content.decode().split())


def text_of(response: Any) -> str:
    """Return what a reader sees of a page: no tags, entities resolved, spaces single."""
    body = response.content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
