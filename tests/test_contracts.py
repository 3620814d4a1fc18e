"""What is recorded, and what is asked, agrees with the official OpenAPI documents, where there are any."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jsonschema
import pytest

from tests import provider_fixtures as recorded
from tests.store_batches import NOW
from tokentui.billing import Account
from tokentui.sources.providers import rows
from tokentui.sources.providers.errors import ProviderError
from tokentui.sources.providers.http import Client

FOLDER = Path(__file__).parent / "contracts"
CONTRACTS = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
ELSEWHERE = {"openai-api": ("models",), "github-copilot": ("/user",)}
"""Addresses that are asked only to find out whose key it is."""

SERVICES = pytest.mark.parametrize("service", sorted(CONTRACTS))


def of(service: str, path: str) -> dict[str, Any]:
    """What the document says of an address, with or without its base."""
    contract = CONTRACTS[service]
    wanted = "/" + path.removeprefix(contract["base"]).lstrip("/")
    for pattern, said in contract["paths"].items():
        if re.fullmatch(re.escape(pattern).replace(r"\{\}", "[^/]+"), wanted):
            found: dict[str, Any] = said
            return found
    raise AssertionError(f"{service} has no {wanted}")


def wrong_in(query: list[tuple[str, str]], allowed: dict[str, Any]) -> list[str]:
    """What the document does not know of a question."""
    told = [f"{name} is missing" for name in allowed["required"] if name not in dict(query)]
    for name, value in query:
        if name not in allowed["known"]:
            told.append(f"{name} is not known")
            continue
        schema = allowed["known"][name]
        if not jsonschema.Draft202012Validator(schema).is_valid(value):
            told.append(f"{name}={value} is not allowed")
        elif "most" in schema and not 1 <= int(value) <= schema["most"]:
            told.append(f"{name}={value} is beyond {schema['most']}")
    return told


@SERVICES
def test_recorded_answers_are_such_as_the_document_allows(service: str) -> None:
    checked = 0
    for answer in recorded.answers(service):
        if answer["path"] in ELSEWHERE.get(service, ()) or answer.get("status", 200) != 200:
            continue
        schema = of(service, answer["path"])["response"]
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
    asked = [each for each in seen if each.url.path not in ELSEWHERE.get(service, ())]
    assert len(asked) >= 2
    for request in asked:
        assert request.method == "GET"
        query = parse_qsl(request.url.query.decode())
        assert wrong_in(query, of(service, request.url.path)["query"]) == [], request.url


PERSONAL = {"github-copilot": (Account("github-copilot", options={"user": "kay"}),)}
"""Accounts whose questions go elsewhere than those of the recorded one."""


@SERVICES
def test_a_contract_says_where_it_is_from(service: str) -> None:
    contract = CONTRACTS[service]
    assert contract["licence"] in ("MIT", "Apache-2.0")
    assert contract["document"]
    assert contract["read_from"]
    for said in contract["paths"].values():
        jsonschema.Draft202012Validator.check_schema(said["response"])


def test_the_check_can_fail() -> None:
    allowed = of("openai-api", "/v1/organization/usage/embeddings")["query"]
    query = [("limit", "500"), ("group_by", "bogus"), ("colour", "red")]
    assert wrong_in(query, allowed) == [
        "start_time is missing",
        "limit=500 is beyond 31",
        "group_by=bogus is not allowed",
        "colour is not known",
    ]
    schema = of("openrouter", "/api/v1/credits")["response"]
    assert not jsonschema.Draft202012Validator(schema).is_valid({"data": {"total_credits": "5"}})
