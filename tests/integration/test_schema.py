"""The published description of the API is true, complete and without warnings."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from chat.models import Notice, Watch
from chat.services.comparing import comparisons_run
from tests.integration.factories import Api, assert_problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]


@pytest.fixture
def schema(ada: Api) -> dict[str, Any]:
    response = ada.get("/openapi.json")
    assert response.status_code == 200
    return dict(response.json())


def _operations(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation
        for methods in schema["paths"].values()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def _assert_fits(schema: dict[str, Any], name: str, value: Any) -> None:
    """Fail unless the value has the shape that the schema publishes under this name."""
    whole = {"$ref": f"#/components/schemas/{name}", "components": schema["components"]}
    OAS31Validator(whole).validate(value)


def test_it_is_valid_openapi_3_1(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(schema).validate()


def test_it_is_made_without_a_warning(tmp_path: Path) -> None:
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "s.yml"),
        stderr=StringIO(),
    )  # fmt: skip


def test_every_operation_has_a_name_of_its_own(schema: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in _operations(schema)]
    assert len(names) == len(set(names))


def test_every_operation_says_what_it_does(schema: dict[str, Any]) -> None:
    for operation in _operations(schema):
        assert operation["description"].strip(), operation["operationId"]


def test_every_operation_but_health_names_the_token(schema: dict[str, Any]) -> None:
    scheme = schema["components"]["securitySchemes"]["token"]
    assert scheme == {"type": "http", "scheme": "bearer"}
    for operation in _operations(schema):
        names = {name for option in operation.get("security", []) for name in option}
        assert ("token" in names) is not operation["operationId"].startswith("health")


def test_every_operation_publishes_its_errors_as_problems(schema: dict[str, Any]) -> None:
    for operation in _operations(schema):
        for status in ("400", "401", "403", "404"):
            content = operation["responses"][status]["content"]
            reference = content["application/problem+json"]["schema"]["$ref"]
            assert reference == "#/components/schemas/Problem"


def _quality(ada: Api, answer: dict[str, Any]) -> dict[str, int]:
    """Rate and watch an answer, compare on its set, and return the ids of what came of it."""
    ada.post(f"/api/messages/{answer['id']}/feedback", {"rating": 1})
    watch = ada.post("/api/watches", {"message_id": answer["id"]}).json()["id"]
    saved = ada.get("/api/question-sets").json()["results"][0]["id"]
    question = ada.get(f"/api/question-sets/{saved}/questions").json()["results"][0]["id"]
    path = f"/api/question-sets/{saved}/comparisons"
    comparison = ada.post(path, {"dense_weight": 0.9}).json()["id"]
    comparisons_run()
    kept = Watch.objects.get().answer
    Notice.objects.create(
        user=ada.user, kind="answer_changed", text="Eggs", before=kept, after=kept
    )
    return {"set": saved, "question": question, "comparison": comparison, "watch": watch}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/documents", "PaginatedDocumentList"),
        ("/api/documents/{document}", "Document"),
        ("/api/documents/{document}/versions", "PaginatedVersionList"),
        ("/api/documents/{document}/versions/1", "Version"),
        ("/api/search?q=wren", "SearchResult"),
        ("/api/collections", "PaginatedCollectionList"),
        ("/api/collections/adas-documents", "Collection"),
        ("/api/collections/adas-documents/members", "PaginatedMemberList"),
        ("/api/conversations", "PaginatedConversationList"),
        ("/api/conversations/{conversation}", "ConversationDetail"),
        ("/api/messages/{message}", "Answer"),
        ("/api/messages/{message}/why", "Why"),
        ("/api/tokens", "PaginatedTokenList"),
        ("/api/question-sets", "PaginatedQuestionSetList"),
        ("/api/question-sets/{set}", "QuestionSet"),
        ("/api/question-sets/{set}/questions", "PaginatedSavedQuestionList"),
        ("/api/questions/{question}", "SavedQuestion"),
        ("/api/questions/{question}/judgements", "PaginatedJudgementList"),
        ("/api/question-sets/{set}/comparisons", "PaginatedComparisonList"),
        ("/api/comparisons/{comparison}", "ComparisonDetail"),
        ("/api/watches", "PaginatedWatchList"),
        ("/api/watches/{watch}", "Watch"),
        ("/api/notices", "PaginatedNoticeList"),
        ("/api/health", "Health"),
    ],
)
def test_an_answer_has_the_shape_that_is_published(
    ada: Api, schema: dict[str, Any], path: str, name: str
) -> None:
    document = ada.ready()["id"]
    answer = ada.ask("How many eggs does the wren lay?").json()
    ids = {"conversation": answer["conversation_id"], "message": answer["id"]} | _quality(
        ada, answer
    )
    response = ada.get(path.format(document=document, **ids))
    assert response.status_code == 200
    _assert_fits(schema, name, json.loads(response.content))


def test_a_problem_has_the_shape_that_is_published(ada: Api, schema: dict[str, Any]) -> None:
    _assert_fits(schema, "Problem", assert_problem(ada.get("/api/documents/x"), 404))


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_readers_load_nothing_from_another_host(ada: Api, path: str) -> None:
    ada.client.force_login(ada.user)
    html = ada.get(path).content.decode()
    assert "http://" not in html
    assert "https://" not in html


def test_what_stands_against_a_change_is_documented(schema: dict[str, Any]) -> None:
    for path, methods in schema["paths"].items():
        for method in {"post", "patch", "delete"} & methods.keys():
            assert "409" in methods[method]["responses"], (method, path)
    upload = schema["paths"]["/api/documents/upload"]["post"]["responses"]
    assert {"413", "415", "507"} <= upload.keys()


@pytest.mark.parametrize("size", ["null", "-1", "0", "1.5", "٣"])
def test_a_size_of_a_page_is_a_number(ada: Api, size: str) -> None:
    problem = assert_problem(ada.get("/api/documents", page_size=size), 400, "invalid")
    assert "page_size" in problem["errors"]


def test_a_page_larger_than_the_largest_is_the_largest(ada: Api) -> None:
    assert ada.get("/api/documents", page_size="9" * 30).status_code == 200
