"""What is recorded, and what is asked, agrees with the official OpenAPI documents, where there are any."""

from __future__ import annotations

from urllib.parse import parse_qsl

import httpx
import jsonschema
import pytest

from tests import provider_fixtures as recorded
from tests.contracts import documents
from tests.store_batches import NOW
from tokentui.billing import Account
from tokentui.sources.providers import rows
from tokentui.sources.providers.errors import ProviderError
from tokentui.sources.providers.http import Client

SERVICES = pytest.mark.parametrize("service", documents.SERVICES)


@SERVICES
def test_recorded_answers_are_such_as_the_document_allows(service: str) -> None:
    checked = 0
    base = documents.facts(service)["base"]
    for answer in recorded.answers(service):
        path = answer["path"] if answer["path"].startswith("/") else f"{base}/{answer['path']}"
        said = documents.operation(service, path)
        schema = documents.answer(said, answer.get("status", 200))
        errors = jsonschema.Draft202012Validator(schema).iter_errors(answer["body"])
        assert [error.message for error in errors] == [], answer["path"]
        checked += 1
    assert checked >= 3


@SERVICES
async def test_what_is_asked_is_what_the_document_knows(service: str) -> None:
    seen: list[httpx.Request] = []
    row = rows()[service]
    accounts = [recorded.account(service), *PERSONAL.get(service, ())]
    for account in accounts:
        handler = recorded.handler(recorded.answers(service), row, account, seen)
        client = Client.for_test(handler, row, account, recorded.CANARY, NOW)
        for fetch in row.load().FETCHES.values():
            try:
                await fetch(client, account, recorded.SPAN)
            except ProviderError:
                assert account is not accounts[0], "only answers of the account itself are recorded"
    assert len(seen) >= 2
    for request in seen:
        assert request.method == "GET"
        query = parse_qsl(request.url.query.decode())
        assert documents.wrong_in(query, documents.operation(service, request.url.path)) == [], request.url


PERSONAL = {
    "github-copilot": (Account("github-copilot", options={"user": "kay"}),),
    "openai-api": (Account("openai-api", project="proj_abc"),),
}
"""Accounts whose questions go elsewhere than those of the recorded one."""


@SERVICES
def test_a_contract_says_where_it_is_from(service: str) -> None:
    noted = documents.facts(service)
    assert noted["licence"] in ("MIT", "Apache-2.0")
    assert noted["document"]
    assert noted["read_from"]
    for said in documents.document((service,))["paths"].values():
        for status in said["get"]["responses"]:
            jsonschema.Draft202012Validator.check_schema(documents.answer(said["get"], int(status)))


def test_the_check_can_fail() -> None:
    said = documents.operation("openai-api", "/v1/organization/usage/embeddings")
    query = [("limit", "500"), ("group_by", "bogus"), ("group_by[]", "bogus"), ("colour", "red")]
    query += [("end_time", "x")]
    assert documents.wrong_in(query, said) == [
        "start_time is missing",
        "limit=500 is not allowed",
        "group_by=bogus is not allowed",
        "group_by[]=bogus is not allowed",
        "colour is not known",
        "end_time=x is not allowed",
    ]
    with pytest.raises(LookupError, match="has no /v1/organization/colours"):
        documents.operation("openai-api", "/v1/organization/colours")
    schema = documents.answer(documents.operation("openrouter", "/api/v1/credits"))
    assert not jsonschema.Draft202012Validator(schema).is_valid({"data": {"total_credits": "5"}})
