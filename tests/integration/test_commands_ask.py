"""``manage.py search``, ``ask``, ``create_token`` and ``evaluate``."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from chat.errors import ModelBusy
from chat.llm.scripted import ScriptedModel
from chat.models import Message
from documents.models import Document
from ragsite.accounts.models import APIToken
from tests.integration.factories import Api, assert_problem, person, shelf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

EGGS = "How many eggs does the wren lay?"


def _run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


# --- search ---------------------------------------------------------------------------


def test_search_gives_what_the_api_gives(ada: Api) -> None:
    ada.ready()
    said = json.loads(_run("search", "eggs in April", "--user", "ada", "--json"))
    api = ada.get("/api/search", q="eggs in April").json()
    assert said | {"took_ms": 0} == api | {"took_ms": 0}


def test_search_for_people_names_the_place(ada: Api) -> None:
    ada.ready()
    said = _run("search", "eggs in April")
    assert "wren, version 1" in said
    assert "1 passages in" in said


def test_search_sees_what_its_user_sees(ada: Api, bob: Api) -> None:
    ada.ready()
    assert json.loads(_run("search", "eggs", "--user", "bob", "--json"))["results"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["eggs", "--limit", "0"], 2),
        (["eggs", "--limit", "101"], 2),
        (["eggs", "--user", "nobody"], 2),
        (["eggs", "--collection", "nowhere"], 1),
        (["  "], 1),
    ],
)
def test_search_refuses_with_a_sentence(ada: Api, arguments: list[str], code: int) -> None:
    with pytest.raises(CommandError) as caught:
        _run("search", *arguments)
    assert caught.value.returncode == code
    assert str(caught.value).endswith(".")


# --- ask ------------------------------------------------------------------------------


def test_ask_gives_an_answer_with_its_citations(ada: Api) -> None:
    ada.ready()
    answer = json.loads(_run("ask", EGGS, "--user", "ada", "--json"))
    assert "seven eggs" in answer["answer"]
    assert ada.get(f"/api/messages/{answer['id']}").json() == answer


def test_ask_for_people_lists_the_sources(ada: Api) -> None:
    ada.ready()
    said = _run("ask", EGGS)
    assert "seven eggs" in said
    assert "[1] wren, version 1" in said


def test_ask_may_be_limited_to_a_collection(ada: Api) -> None:
    ada.ready()
    shelf(ada.user, "Empty")
    assert json.loads(_run("ask", EGGS, "--collection", "empty", "--json"))["refused"]


def test_ask_ends_with_1_when_the_model_fails(ada: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    ada.ready()
    model = ScriptedModel([], error=ModelBusy())
    monkeypatch.setattr("chat.services.answering.configured_model", lambda: model)
    with pytest.raises(SystemExit) as caught:
        _run("ask", EGGS)
    assert caught.value.code == 1
    assert Message.objects.get().state == "failed"


@pytest.mark.parametrize("arguments", [[""], [EGGS, "--collection", "nowhere"]])
def test_ask_refuses_with_a_sentence(ada: Api, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        _run("ask", *arguments)
    assert not Message.objects.exists()


# --- create_token ---------------------------------------------------------------------


def test_create_token_prints_the_secret_alone(db: None) -> None:
    ada = person("ada")
    secret = _run("create_token", "ada", "--scope", "read", "--days", "3").removesuffix("\n")
    api = Api()
    assert api.send("GET", "/api/documents", Authorization=f"Bearer {secret}").status_code == 200
    refused = api.send("POST", "/api/collections", {"name": "x"}, Authorization=f"Bearer {secret}")
    assert_problem(refused, 403)
    assert APIToken.objects.get().user == ada


def test_a_token_is_stored_as_a_digest_only(db: None) -> None:
    person("ada")
    secret = _run("create_token", "ada").strip()
    row = APIToken.objects.values().get()
    assert secret not in str(row)
    assert len(secret) >= 43


def test_an_expired_token_opens_nothing(ada: Api) -> None:
    from django.utils import timezone  # noqa: PLC0415

    APIToken.objects.update(expires_at=timezone.now())
    assert_problem(ada.get("/api/documents"), 401)


def test_a_revoked_token_opens_nothing(ada: Api) -> None:
    (token,) = ada.get("/api/tokens").json()["results"]
    assert ada.delete(f"/api/tokens/{token['id']}").status_code == 204
    assert_problem(ada.get("/api/documents"), 401)


# --- evaluate -------------------------------------------------------------------------

BIRDS = {
    "wren": ("The wren", "It nests in ivy and lays seven eggs in April."),
    "heron": ("The heron", "It stands in the shallow water and eats eels and frogs."),
    "kite": ("The kite", "It circles above the road and eats carrion."),
}
ASKED = {"q1": ("Which bird eats eels?", "heron"), "q2": ("Which one nests in ivy?", "wren")}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A labelled set of three texts and two questions, in BEIR's form."""
    corpus = [{"_id": k, "title": t, "text": x} for k, (t, x) in BIRDS.items()]
    queries = [{"_id": key, "text": text} for key, (text, _) in ASKED.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    rows = [f"{key}\t{answer}\t1" for key, (_, answer) in ASKED.items()]
    (tmp_path / "qrels.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]))
    return tmp_path


@pytest.mark.django_db(transaction=True)
def test_evaluate_measures_each_mode(dataset: Path) -> None:
    said = json.loads(_run("evaluate", str(dataset), "--json"))
    assert said["dataset"] == dataset.name
    assert [row["mode"] for row in said["modes"]] == ["hybrid", "keyword", "semantic"]
    keyword = said["modes"][1]
    assert (keyword["queries"], keyword["ndcg_10"], keyword["mrr_10"]) == (2, 1.0, 1.0)
    assert (keyword["recall_10"], keyword["recall_100"]) == (1.0, 1.0)


@pytest.mark.django_db(transaction=True)
def test_evaluate_leaves_the_library_as_it_was(ada: Api, dataset: Path) -> None:
    document, name = ada.ready(), connection.settings_dict["NAME"]
    _run("evaluate", str(dataset))
    assert connection.settings_dict["NAME"] == name
    assert [str(pk) for pk in Document.objects.values_list("pk", flat=True)] == [document["id"]]
    assert ada.found("eggs in April")[0]["document"]["id"] == document["id"]


Damage = Callable[[Path], Any]
DAMAGES: dict[str, Damage] = {
    "no corpus": lambda folder: (folder / "corpus.jsonl").rename(folder / "elsewhere"),
    "no json": lambda folder: (folder / "queries.jsonl").write_text("nothing"),
    "no text": lambda folder: (folder / "corpus.jsonl").write_text('{"_id": "1"}'),
    "a list": lambda folder: (folder / "corpus.jsonl").write_text("[1]"),
    "no grade": lambda folder: (folder / "qrels.tsv").write_text("a\tb\tc\nq1\twren\thigh"),
    "not utf-8": lambda folder: (folder / "qrels.tsv").write_bytes(b"a\tb\tc\n\xff\t\t"),
    "no folder": lambda folder: folder.rename(folder.with_name("elsewhere")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_evaluate_refuses_what_is_no_dataset_with_2(dataset: Path, damage: str) -> None:
    DAMAGES[damage](dataset)
    with pytest.raises(CommandError, match=r"does not hold corpus\.jsonl") as caught:
        _run("evaluate", str(dataset))
    assert caught.value.returncode == 2


def test_ask_tells_how_sure_the_answer_is(ada: Api) -> None:
    ada.ready()
    answer = json.loads(_run("ask", EGGS, "--json"))
    percent = round(100 * answer["confidence"])
    assert f"Confidence: {answer['confidence_label']} ({percent} %)" in _run("ask", EGGS)


def test_ask_offers_what_is_near_a_refusal(ada: Api, settings: LazySettings) -> None:
    settings.SIMILARITY_THRESHOLD = 0.99
    ada.ready()
    said = _run("ask", EGGS)
    assert "Not an answer, but near:\n- wren: It lays seven eggs in April." in said
    assert "Confidence" not in said
