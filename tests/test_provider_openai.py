"""OpenAI's figures are those of its bill: cached tokens are not counted twice, dollars are dollars."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from tests import provider_fixtures as recorded
from tests.provider_fixtures import CANARY, DAY, SPAN
from tokentui.billing import Account, Covered
from tokentui.sources.providers import openai, rows
from tokentui.sources.providers.errors import KeyRejected
from tokentui.sources.providers.http import Client

NAME = "openai-api"


async def test_cached_and_written_tokens_are_part_of_the_input_and_counted_once() -> None:
    found = await recorded.fetched(NAME, "history")
    shared = "project_id=proj_abc;service_tier=default"
    chat = [bucket for bucket in found.buckets if bucket.operation == "completions"]
    assert [
        (
            (bucket.start - SPAN.start) // DAY, bucket.model, bucket.dimensions, bucket.request_count,
            bucket.uncached_input_tokens, bucket.cache_read_input_tokens,
            bucket.cache_creation_5m_input_tokens, bucket.cache_creation_1h_input_tokens,
            bucket.output_tokens,
        )
        for bucket in chat
    ] == [
        (0, "gpt-5.5-2026-04-23", f"batch=false;{shared}", 12, 4200, 800, 0, 0, 1000),
        (0, "gpt-5.5-2026-04-23", f"batch=true;{shared}", 3, 3000, 0, 0, 0, 400),
        (2, "gpt-5.5-mini", "", 1, 825, 100, 50, 25, 7),
    ]  # fmt: skip


async def test_all_ten_kinds_of_usage_are_read_with_what_they_count() -> None:
    found = await recorded.fetched(NAME, "history")
    counted = {bucket.operation: bucket.quantity for bucket in found.buckets if bucket.quantity is not None}
    assert counted == {
        "images": 2, "audio_speeches": 45, "audio_transcriptions": 20, "vector_stores": 1024,
        "code_interpreter_sessions": 1, "file_search_calls": 4, "web_search_calls": 5,
    }  # fmt: skip
    assert {bucket.operation for bucket in found.buckets} == set(openai.KINDS)
    assert {each.operation for each in found.covered} == set(openai.KINDS)


async def test_costs_are_exact_dollars_by_line_item() -> None:
    found = await recorded.fetched(NAME, "cost")
    assert [(bucket.operation, bucket.cost) for bucket in found.buckets] == [
        ("gpt-5.5, input", 60_000_000), ("gpt-5.5, output", 123_456_789), ("Image models", 100),
    ]  # fmt: skip
    assert found.covered == (Covered("cost", SPAN.start, SPAN.end),)


async def test_the_spend_limit_is_in_cents_and_the_month_counts() -> None:
    (reading,) = (await recorded.fetched(NAME, "limits")).limits
    spent = Decimal("0.1834568890")
    assert reading.used_percent == pytest.approx(float(spent / 150 * 100), rel=1e-6)
    assert reading.limit_name == "month, of $150.00"


async def test_an_older_answer_that_says_result_is_read_too() -> None:
    given = recorded.answers(NAME)
    for answer in given:
        for day in answer["body"].get("data", []):
            if "results" in day:
                day["result"] = day.pop("results")
    assert await recorded.fetched(NAME, "cost", given) == await recorded.fetched(NAME, "cost")


async def test_a_kind_a_gateway_does_not_know_leaves_the_others() -> None:
    given = [each for each in recorded.answers(NAME) if not each["path"].endswith("images")]
    found = await recorded.fetched(NAME, "history", given)
    assert "images" not in {each.operation for each in found.covered}
    assert any("images" in note for note in found.notes)


async def test_a_project_key_is_told_what_is_missing() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/models":
            return httpx.Response(200, json={"object": "list", "data": []})
        return httpx.Response(403, json={"error": {"message": "Missing scopes: api.usage.read"}})

    row, account = rows()[NAME], Account(NAME)
    asking = Client.for_test(answer, row, account, CANARY)
    report = await openai.test(asking, account)
    assert "no admin key" in report.summary
    assert report.features == ()
    with pytest.raises(KeyRejected, match="OpenAI API rejected the key"):
        await openai.costs(asking, account, SPAN)


async def test_the_legacy_answer_is_read_and_marked() -> None:
    entry = {
        "aggregation_timestamp": 1795046400, "n_requests": 2, "operation": "completion",
        "snapshot_id": "gpt-4-0613", "n_context_tokens_total": 100, "n_generated_tokens_total": 50,
    }  # fmt: skip
    account = Account(NAME, options={"legacy": "yes"})
    answers = [{"path": "usage", "body": {"object": "list", "data": [entry]}}]
    row = rows()[NAME]
    seen: list[httpx.Request] = []
    asking = Client.for_test(
        recorded.handler(answers, row, account, seen), row, account, CANARY, SPAN.end - 1
    )
    found = await openai.history(asking, account, SPAN)
    assert [request.url.params["date"] for request in seen] == ["2026-11-19", "2026-11-20", "2026-11-21"]
    first = found.buckets[0]
    assert (first.model, first.operation, first.request_count) == ("gpt-4-0613", "completion", 2)
    assert (first.uncached_input_tokens, first.output_tokens) == (100, 50)
    assert "legacy=true" in first.dimensions
    assert "legacy" in found.notes[0]
