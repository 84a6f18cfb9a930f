"""What is in a volume: two people with a stranger, documents with versions, questions, settings.

Everything comes in through the doors that people have, so that each release fills its own.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from documents.models import Collection, Document
from documents.services.documents import document_retire
from documents.types import Role
from ragsite.quotas.models import QuotaOverride
from tests.golden.place import PASSWORD
from tests.integration.factories import READ, Api, person, shelf, work
from tests.samples import docx_bytes, pdf_bytes

LIGHTHOUSE: Final = (
    "The lighthouse of Skarn Point\n\n"
    "The lamp of Skarn Point was lit on 4 May {year} by Henrike Solveg. Its beam reaches {miles} "
    "sea miles. The keeper climbs 212 steps each evening.\n\n"
    "In fog a horn sounds every forty seconds. The horn is tested on the first Monday of a month."
)
FERRY: Final = (
    "# The ferry to Ormsay\n\n## Times\n\nThe ferry leaves Skarn at 7:40 and at 16:15. On Sundays "
    "it does not sail.\n\n## Fares\n\nA crossing costs 12 crowns. Bicycles travel free of charge."
)
TIDES: Final = ["The tide gauge was set in 1911.", "The highest tide measured 5.3 metres in 1953."]
LEDGER: Final = ["The ledger of the harbour", "In 1962 the harbour took 41,880 crowns in fees."]
PRIVATE: Final = "Ingmar keeps bees behind the chapel. He sold nineteen jars of honey in August."
QUESTIONS: Final = (
    "Who lit the lamp of Skarn Point?",
    "What does a crossing cost?",
    "How high was the highest tide?",
    "What did the harbour take in fees in 1962?",
)
SEARCHES: Final = ("horn in fog", "bicycles on the ferry", "tide gauge", "harbour fees 1962")


def fill() -> dict[str, Any]:
    """Fill this empty installation; return the secrets that open it."""
    henrike, ingmar, sten = (
        Api(person(name, password=PASSWORD, email=f"{name}@example.org"))
        for name in ("henrike", "ingmar", "sten")
    )
    shelf(henrike.user, "Harbour", ingmar=(ingmar.user, Role.VIEWER))
    light = _upload(henrike, "lighthouse.txt", LIGHTHOUSE.format(year=1871, miles=17))
    _upload(henrike, "ferry.md", FERRY)
    henrike.upload(("tides.pdf", pdf_bytes(TIDES)), collection="harbour")
    henrike.upload(("ledger.docx", docx_bytes(LEDGER)), collection="harbour", title="Ledger")
    ingmar.upload(("bees.txt", PRIVATE.encode()))
    ingmar.upload(("scan.pdf", pdf_bytes([""])))
    work()
    first = [henrike.ask(question).json() for question in QUESTIONS]
    second = LIGHTHOUSE.format(year=1872, miles=19).encode()
    henrike.add_version(light, "lighthouse.txt", second).json()
    work()
    _converse(henrike, ingmar, first)
    _set_up(henrike, sten)
    reading = Api(henrike.user, scope=READ)
    people = {"henrike": henrike, "ingmar": ingmar, "sten": sten, "reading": reading}
    return {name: api.headers["Authorization"] for name, api in people.items()}


def _upload(api: Api, name: str, text: str) -> str:
    sent = api.upload((name, text.encode()), collection="harbour")
    return str(sent.json()["documents"][0]["id"])


def _converse(henrike: Api, ingmar: Api, first: list[dict[str, Any]]) -> None:
    """Go on, rate, share, watch, save a question, ask in the past, be refused."""
    conversation = first[0]["conversation_id"]
    henrike.ask("And how far does its beam reach?", conversation_id=conversation)
    henrike.ask(QUESTIONS[0], as_of=date(2000, 1, 1).isoformat())
    henrike.patch(f"/api/conversations/{conversation}", {"shared_with": "harbour"})
    henrike.post(f"/api/messages/{first[1]['id']}/feedback", {"rating": 1, "comment": "Right."})
    henrike.post("/api/watches", {"message_id": first[1]["id"]})
    ingmar.ask("How many jars of honey were sold?")
    ingmar.ask("What is the capital of Mongolia?")


def _set_up(henrike: Api, sten: Api) -> None:
    """Leave a retired document, an own quota, and an account that is closed."""
    henrike.upload(("gone.txt", b"The old pier was taken down."), collection="harbour")
    work()
    document_retire(Document.objects.get(title="gone"))
    QuotaOverride.objects.create(user=henrike.user, files_a_day=1000)
    Collection.objects.filter(slug="harbour").update(name="Harbour and ferry")
    sten.user.is_active = False
    sten.user.save()
