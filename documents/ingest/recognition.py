"""Pages without text, recognised from their pictures, when nothing else waits.

A file with such pages is read in two goes. The first finds them and puts the version
into the second lane; the second recognises page after page, keeps each as soon as it is
done, and gives way whenever another file waits. The version becomes ready once, whole.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.conf import settings
from django.db import transaction

from documents import storage
from documents.errors import NoPicture, NoText, NotFound
from documents.extract import recognition
from documents.extract.naming import named_pages
from documents.extract.pages import draw_page
from documents.extract.recognition import RecognisedText, RecognitionFailed
from documents.ingest.lease import Lease, LeaseLost
from documents.models import DocumentVersion, RecognisedPage
from documents.types import ExtractedPage, Extraction, MediaType, Notice, Stage, Status

#: Share of a version's whole work that is done once its text is known.
SHARE: Final = 0.4
#: Seconds after which a version gives way to the next in its lane.
_TURN: Final = 240.0
_SILENT: Final = "pages_without_text"


class Postponed(Exception):
    """The rest of the work is for the second lane, later."""


def completed(version: DocumentVersion, extraction: Extraction, lease: Lease) -> Extraction:
    """Return the extraction with the pages recognised that have no text.

    Notes on ``version`` which they are. Raises ``Postponed`` when it is not the time for
    it, ``NoText`` when there is no text in the end, and ``LeaseLost``.
    """
    if version.media_type != MediaType.PDF:
        return extraction
    silent = [page.number for page in extraction.pages if page.number and not page.blocks]
    obstacle = _obstacle() if silent else ""
    most = settings.RECOGNITION_MAX_PAGES
    wanted = [] if obstacle else silent[:most]
    if len(silent) > most and not obstacle:
        obstacle = f"Only {most} pages of a file are recognised."
    if wanted and not version.needs_recognition:
        raise Postponed
    read = _read(version, wanted, lease) if wanted else {}
    found = {number: text for number, text in read.items() if text.words}
    version.recognised_pages = sorted(found)
    merged = replace(
        extraction,
        pages=tuple(_with(page, found) for page in extraction.pages),
        notices=_notices(extraction.notices, silent, sorted(found), obstacle),
    )
    if not any(page.blocks for page in merged.pages):
        raise NoText(_no_text(obstacle))
    return merged


def _obstacle() -> str:
    """Return why nothing can be recognised here, nothing when it can."""
    if settings.RECOGNITION == "off":
        return "Recognition of scans is switched off here."
    lacking = recognition.missing(settings.RECOGNITION_LANGUAGES)
    if not lacking:
        return ""
    return f"To have scans recognised, install {lacking} on the server and upload it again."


def _read(
    version: DocumentVersion, wanted: Sequence[int], lease: Lease
) -> dict[int, RecognisedText]:
    """Return what is on the pages, with what an earlier go has kept."""
    rows = RecognisedPage.objects.filter(version=version, number__in=wanted)
    read = {row.number: recognition.unpacked(row.content) for row in rows}
    data, begun = storage.original_read(version.original), time.monotonic()
    for number in wanted:
        if number in read:
            continue
        if _must_give_way(begun):
            raise Postponed
        lease.renew(stage=Stage.RECOGNISING, progress=SHARE * len(read) / len(wanted))
        read[number] = _page(data, number, lease)
        _keep(version, number, read[number], lease)
    return read


def _must_give_way(begun: float) -> bool:
    """Whether a file of the first lane waits, or this one has had its turn."""
    if time.monotonic() - begun > _TURN:
        return True
    first = DocumentVersion.objects.filter(
        status=Status.QUEUED, needs_recognition=False, document__deleting=False
    )
    return bool(first.exists())


def _page(data: bytes, number: int, lease: Lease) -> RecognisedText:
    """Return the text of one page; none when it cannot be drawn or read in time."""
    try:
        picture = draw_page(data, number, dpi=recognition.DPI)
        lease.renew()
        return recognition.recognise(picture, settings.RECOGNITION_LANGUAGES)
    except (NoPicture, NotFound, RecognitionFailed):
        return RecognisedText(1, 1)


@transaction.atomic
def _keep(version: DocumentVersion, number: int, text: RecognisedText, lease: Lease) -> None:
    if not lease.held().exists():  # deleted, or another's: nothing must be left behind
        raise LeaseLost
    RecognisedPage.objects.update_or_create(
        version=version, number=number, defaults={"content": recognition.packed(text)}
    )


def _with(page: ExtractedPage, found: dict[int, RecognisedText]) -> ExtractedPage:
    text = found.get(page.number or 0)
    return ExtractedPage(page.number, recognition.blocks_of(text.words)) if text else page


def _notices(
    given: Sequence[Notice], silent: Sequence[int], found: Sequence[int], obstacle: str
) -> tuple[Notice, ...]:
    """Return the notices of the version; what was silent and now speaks is told of anew."""
    notices = [notice for notice in given if notice.code != _SILENT]
    if found:
        verb, them = ("was", "it") if len(found) == 1 else ("were", "them")
        told = f"{named_pages(found)} {verb} recognised from pictures; check quotes against"
        notices.append(Notice("recognised", f"{told} {them}."))
    rest = sorted(set(silent) - set(found))
    if rest and len(notices) < len(given) + bool(found):
        verb = "has" if len(rest) == 1 else "have"
        told = f"{named_pages(rest)} {verb} no text; perhaps a scan. {obstacle}".strip()
        notices.append(Notice(_SILENT, told))
    return tuple(notices)


def _no_text(obstacle: str) -> str:
    if obstacle:
        return f"No text was found. This may be a scan. {obstacle}"
    return "No text was found, neither in the file nor on the pictures of its pages."
