"""A provider in providers.toml: its figures, what is said of a mistake in it, and what an answer may hold."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provider_fixtures import CANARY, DAY, SPAN
from tests.store_batches import NOW, at
from tests.test_providers_all import WRONG, sound
from tokentui import store
from tokentui.billing import Account, Balance, Bucket, Feature, Fetched
from tokentui.sources import providers
from tokentui.sources.providers import Span, json_paths
from tokentui.sources.providers.errors import ChangedFormat, KeyRejected, Moved, ProviderError
from tokentui.sources.providers.http import Client
from tokentui.store.ledger import StoredState

ACME = """
[acme]
title = "Acme AI"
url = "https://api.acme.example/v1/"
header = "X-Api-Key: {key}"
interval = "10m"
dashboard_url = "https://acme.example/usage"
[acme.balance]
path = "credits"
amount = "data.balance"
unit = "cents"
currency_at = "data.currency"
[acme.limits.monthly]
path = "limits"
used = "limits[0].used"
limit = "limits[0].cap"
resets_at = "limits[0].reset"
window = "30d"
[acme.limits.left]
path = "limits"
remaining = "limits[1].left"
limit = "limits[1].cap"
[acme.cost]
path = "usage"
query = { from = "{from_date}", to = "{to_date}", unit = "day" }
day = "usage[].date"
amount = "usage[].cost"
model = "usage[].model"
[acme.history]
path = "usage"
day = "usage[].date"
model = "usage[].model"
input_tokens = "usage[].tokens.in"
output_tokens = "usage[].tokens.out"
requests = "usage[].calls"
"""
ANSWERS: dict[str, Any] = {
    "/v1/credits": {"data": {"balance": "1234.5", "currency": "eur"}},
    "/v1/limits": {
        "limits": [{"used": 30, "cap": "120", "reset": 1_795_392_000}, {"left": 75, "cap": 100}],
    },
    "/v1/usage": {
        "usage": [
            {"date": "2026-11-20", "cost": 1.2, "model": "a-1", "tokens": {"in": 99, "out": 20}, "calls": 3},
            {"date": "2026-11-20", "cost": 0.5, "model": "a-1", "tokens": {"in": 10, "out": 2}, "calls": 1},
            {"date": "2026-11-19", "cost": "0.1", "model": "b", "tokens": {"in": 7, "out": 0}, "calls": 1},
            {"date": "2026-10-01", "cost": 99, "model": "b", "tokens": {"in": 7, "out": 0}, "calls": 1},
        ],
    },
}  # fmt: skip

ASKS = "[acme]\nurl='https://a.example'\n[acme.balance]\namount='a'\n"

Write = Callable[[str], None]


@pytest.fixture
def write(home: Path) -> Write:
    """Writes providers.toml."""

    def put(text: str) -> None:
        folder = home / ".config" / "tokentui"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "providers.toml").write_text(text)

    return put


def client(answers: dict[str, Any], seen: list[httpx.Request] | None = None, status: int = 200) -> Client:
    """A client of Acme that gets these answers."""

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, json=answers.get(request.url.path))

    return Client.for_test(answer, providers.rows()["acme"], Account("acme"), CANARY, NOW)


async def fetched(feature: Feature, answers: dict[str, Any] = ANSWERS) -> Fetched:
    """What Acme's block makes of answers."""
    asking = client(answers)
    found: Fetched = await providers.rows()["acme"].load().FETCHES[feature](asking, asking.account, SPAN)
    return found


async def test_a_balance_is_read_in_its_unit_and_currency(write: Write) -> None:
    write(ACME)
    found = await fetched("balance")
    assert found.balances == (Balance(12_345_000_000, "EUR"),)


async def test_limits_are_read_however_they_are_told(write: Write) -> None:
    write(ACME)
    monthly, left = (await fetched("limits")).limits
    assert (monthly.limit_id, monthly.used_percent, monthly.window_minutes) == ("monthly", 25.0, 43_200)
    assert (monthly.resets_at, monthly.origin) == (at("2026-11-23"), "api")
    assert (left.limit_id, left.used_percent, left.resets_at) == ("left", 25.0, None)


async def test_costs_are_summed_by_day_and_model_and_other_days_left_out(write: Write) -> None:
    write(ACME)
    found = await fetched("cost")
    assert [(bucket.start, bucket.model, bucket.cost) for bucket in found.buckets] == [
        (at("2026-11-20"), "a-1", 1_700_000_000), (at("2026-11-19"), "b", 100_000_000),
    ]  # fmt: skip
    assert [(each.start, each.end) for each in found.covered] == [SPAN]


async def test_use_is_read_by_day_and_model(write: Write) -> None:
    write(ACME)
    first, _ = (await fetched("history")).buckets
    assert (first.uncached_input_tokens, first.output_tokens, first.request_count) == (109, 22, 4)


async def test_one_figure_for_the_month_is_a_cost_too(write: Write) -> None:
    write('[acme]\nurl = "https://a.example"\n[acme.cost]\namount = "spent[].usd"\nperiod = "month"\n')
    found = await fetched("cost", {"/": {"spent": [{"usd": "1.5"}, {"usd": 2}]}})
    (bucket,) = found.buckets
    assert (bucket.start, bucket.end, bucket.cost) == (at("2026-11-01"), at("2026-12-01"), 3_500_000_000)


async def test_the_figure_of_the_running_month_takes_the_place_of_the_last_one(
    write: Write, tmp_path: Path
) -> None:
    """It is one figure on whatever day it was asked for; it closes three days after the month's end."""
    write('[acme]\nurl = "https://a.example"\n[acme.cost]\namount = "spent"\nperiod = "month"\n')
    writer, acme = store.open_writer(tmp_path / "tokentui.db", "UTC"), Account("acme")
    before = Bucket("cost", at("2026-11-01"), at("2026-11-15"), operation="sum", cost=1)
    writer.put_fetched(acme, Fetched((before,)), at("2026-11-14"))
    for day, spent in (("2026-11-20", 3), ("2026-11-30", 8), ("2026-12-01", 1), ("2026-12-04", 2)):
        row, now = providers.rows()["acme"], at(day) + 60
        said = httpx.Response(200, json={"spent": spent})
        asking = Client.for_test(lambda _, said=said: said, row, acme, now=now)  # type: ignore[misc]
        span = Span(at(day) - 3 * DAY, at(day) + DAY)
        writer.put_fetched(acme, await row.load().FETCHES["cost"](asking, acme, span), now)
        writer.put_states([
            StoredState("acme", "", "cost", "ok", 0, 0, "", "", "", now, now, "", None, (), "")
        ])  # fmt: skip
    found = store.Reader(writer.connection).billed(0, at("2027-01-01"), "cost")
    assert [(row.cost, row.day_count, row.closed) for row in found] == [
        (8 * 10**9, 30, True), (2 * 10**9, 31, False),
    ]  # fmt: skip


async def test_the_question_carries_the_key_in_its_header_and_the_days_in_its_query(write: Write) -> None:
    write(ACME)
    seen: list[httpx.Request] = []
    asking = client(ANSWERS, seen)
    await providers.rows()["acme"].load().FETCHES["cost"](asking, asking.account, SPAN)
    (request,) = seen
    assert request.headers["x-api-key"] == CANARY
    assert "authorization" not in request.headers
    assert str(request.url) == "https://api.acme.example/v1/usage?from=2026-11-19&to=2026-11-21&unit=day"


POSTED = """
[acme]
url = "https://api.acme.example/v1"
header = "X-Api-Key: {key}"
[acme.cost]
path = "report"
method = "POST"
query = { v = "2" }
body = { since = "{from_seconds}", days = ["{from_date}", "{to_date}"], by = { model = true }, most = 1.5 }
day = "rows[].day"
amount = "rows[].usd"
"""


async def test_a_question_by_post_sends_its_body_with_the_days_in_it(write: Write) -> None:
    write(POSTED)
    seen: list[httpx.Request] = []
    asking = client({"/v1/report": {"rows": [{"day": "2026-11-20", "usd": 2}]}}, seen)
    found = await providers.rows()["acme"].load().FETCHES["cost"](asking, asking.account, SPAN)
    assert [bucket.cost for bucket in found.buckets] == [2 * 10**9]
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", "https://api.acme.example/v1/report?v=2")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-api-key"] == CANARY
    assert json.loads(request.content) == {
        "since": at("2026-11-19") // 1_000_000, "days": ["2026-11-19", "2026-11-21"], "by": {"model": True},
        "most": 1.5,
    }  # fmt: skip


async def test_a_question_by_post_follows_no_redirect(write: Write) -> None:
    write(POSTED)
    seen: list[httpx.Request] = []
    asking = client({}, seen, 307)
    with pytest.raises(Moved):
        await providers.rows()["acme"].load().FETCHES["cost"](asking, asking.account, SPAN)
    assert len(seen) == 1


async def test_a_question_by_post_may_be_without_a_body(write: Write) -> None:
    write('[acme]\nurl = "https://a.example"\n[acme.balance]\namount = "left"\nmethod = "POST"\n')
    seen: list[httpx.Request] = []
    asking = client({"/": {"left": 3}}, seen)
    found = await providers.rows()["acme"].load().FETCHES["balance"](asking, asking.account, SPAN)
    assert (found.balances[0].amount, seen[0].method, seen[0].content) == (3 * 10**9, "POST", b"{}")


async def test_the_connection_test_shows_what_it_finds(write: Write) -> None:
    write(ACME)
    asking = client(ANSWERS)
    report = await providers.rows()["acme"].load().test(asking, asking.account)
    assert report.summary.startswith("Acme AI answers: ")
    assert "balance 12.35 EUR" in report.summary
    assert set(report.features) == {"history", "cost", "limits", "balance"}


async def test_a_refused_key_is_told_as_for_any_provider(write: Write) -> None:
    write(ACME)
    asking = client(ANSWERS, status=401)
    with pytest.raises(KeyRejected):
        await providers.rows()["acme"].load().test(asking, asking.account)


@pytest.mark.parametrize(
    ("feature", "answers", "told"),
    [
        ("balance", {"/v1/credits": {"data": {}}}, "data.balance is missing"),
        ("balance", {"/v1/credits": {}}, "data is missing"),
        ("balance", {"/v1/credits": {"data": {"balance": "much"}}}, "data.balance is no number"),
        ("limits", {"/v1/limits": {"limits": []}}, "limits[0] is missing"),
        ("limits", {"/v1/limits": {"limits": {}}}, "limits is no list"),
        ("cost", {"/v1/usage": {"usage": [{"date": "soon"}]}}, "usage[0].date"),
        ("cost", {"/v1/usage": {"usage": [{"date": "2026-11-20"}]}}, "usage[0].cost is missing"),
    ],
)  # fmt: skip
async def test_a_place_that_is_not_there_is_named(
    write: Write, feature: Feature, answers: dict[str, Any], told: str
) -> None:
    write(ACME)
    with pytest.raises(ChangedFormat) as caught:
        await fetched(feature, answers)
    assert told in str(caught.value)
    assert f"[acme.{feature}" in caught.value.hint
    assert "providers.toml" in caught.value.hint


@pytest.mark.parametrize("feature", ["balance", "limits", "cost", "history"])
@pytest.mark.parametrize("wrong", [*WRONG, True, 3.5, "2026-11-20"])
async def test_a_wrong_value_never_becomes_a_figure(write: Write, feature: Feature, wrong: object) -> None:
    write(ACME)

    def replaced(value: Any) -> list[Any]:
        if isinstance(value, dict):
            found = [wrong]
            for name, below in value.items():
                found += [{**value, name: each} for each in replaced(below)]
            return found
        if isinstance(value, list):
            return [wrong, *([each, *value[1:]] for each in replaced(value[0]))]
        return [wrong]

    for path, body in ANSWERS.items():
        for changed in replaced(body):
            said = ""
            try:
                sound(await fetched(feature, {**ANSWERS, path: changed}))
            except ProviderError as error:
                said = f"{error} {error.hint}"
            assert CANARY not in said


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        ("[acme]", "[acme]", "names neither a url to ask nor a command to run"),
        ("[Acme]\n", "[Acme]", "is no name of a service"),
        ("[zai]\nurl='https://a.example'", "[zai]", "is there already"),
        ("acme = 3", "[acme]", "is no block"),
        ("[acme]\nurl='http://a.example'", "[acme] url", "is no https address"),
        ("[acme]\nurl='https://u:p@a.example'", "[acme] url", "is no https address"),
        ("[acme]\nurl='https://a.example'", "[acme]", "asks for nothing"),
        ("[acme]\nurl='https://a.example'\ncolour='red'", "[acme] colour", "is not known"),
        ("[acme]\nurl='https://a.example'\ninterval='5s'", "[acme] interval", "is below a minute"),
        ("[acme]\nurl='https://a.example'\ninterval='soon'", "[acme] interval", "is no span of time"),
        ("[acme]\nurl='https://a.example'\nheader='X-Key: abc'", "[acme] header", "no header with {key}"),
        ("[acme]\nurl='https://a.example'\nheader='Host: {key}'", "[acme] header", "cannot be Host"),
        ("[acme]\nurl='https://a.example'\n[acme.balance]\npath='x'", "[acme.balance]", "where the amount"),
        (
            "[acme]\nurl='https://a.example'\n[acme.balance]\namount='a..b'",
            "[acme.balance] amount", "has a point too many",
        ),
        (
            "[acme]\nurl='https://a.example'\n[acme.balance]\namount='a'\nunit='pounds'",
            "[acme.balance] unit", "is none of dollars, cents",
        ),
        (
            "[acme]\nurl='https://a.example'\n[acme.balance]\namount='a'\npath='../x'",
            "[acme.balance] path", "is no path below the url",
        ),
        (
            "[acme]\nurl='https://a.example'\n[acme.cost]\namount='a[].b'\nday='c[].d'",
            "[acme.cost] amount", "is not in the list that day is in",
        ),
        ("[acme]\nurl='https://a.example'\n[acme.cost]\namount='a'", "[acme.cost]", "where the day stands"),
        ("[acme]\nurl='https://a.example'\n[acme.history]\nday='a[].d'", "[acme.history]", "where none of"),
        ("[acme]\nurl='https://a.example'\n[acme.limits.x]\nused='a'", "[acme.limits.x]", "used_percent"),
        ("[acme]\nurl='https://a.example'\n[acme.limits]\nused='a'", "[acme.limits]", "holds blocks"),
        (ASKS + "method='PUT'", "[acme.balance] method", "is neither GET nor POST"),
        (ASKS + "body={a=1}", "[acme.balance] body", "is sent by POST only"),
        (ASKS + "method='POST'\nbody='a'", "[acme.balance] body", "is no table"),
        (ASKS + "method='POST'\nbody={a=2026-11-20}", "[acme.balance] body", "what JSON cannot"),
        (ASKS + "method='POST'\nbody={a=nan}", "[acme.balance] body", "what JSON cannot"),
        (ASKS + f"method='POST'\nbody={{a='{'x' * 20_000}'}}", "[acme.balance] body", "is longer than"),
        ("[acme]\ncommand=['usage']", "[acme] command", "whole path of a program"),
        ("[acme]\ncommand=['/bin/x']\nprovides=['all']", "[acme] provides", "knows no all"),
        ("[acme]\ncommand=['/bin/x']\ntimeout='1h'", "[acme] timeout", "is not between"),
        ("[acme]\ncommand='rm -rf /'", "[acme] command", "is no list of texts"),
        ("[acme\n", "providers.toml", "this is not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_an_example(
    write: Write, text: str, where: str, reason: str
) -> None:
    write(text)
    (told,) = providers.problems()
    assert "providers.toml" in told
    assert where in told
    assert reason in told
    assert "such as: " in told
    assert "acme" not in providers.rows()


def test_a_mistake_names_the_line_of_its_block(write: Write) -> None:
    write("# mine\n\n[acme]\nurl = 'no'\n")
    assert "providers.toml, line 3: [acme] url" in providers.problems()[0]


def test_a_wrong_block_takes_no_other_away(write: Write) -> None:
    write(ACME + "\n[broken]\nurl = 'no'\n")
    assert "acme" in providers.rows()
    assert "openai-api" in providers.rows()
    assert len(providers.problems()) == 1


def test_a_file_that_is_mended_is_read_anew(write: Write) -> None:
    write("[acme]\n")
    assert providers.problems()
    write(ACME)
    assert providers.problems() == ()
    assert providers.find("acme ai") is providers.rows()["acme"]


def test_a_file_that_everybody_may_write_is_not_used(write: Write, home: Path) -> None:
    write(ACME)
    (home / ".config/tokentui/providers.toml").chmod(0o666)
    assert "everybody may write it" in providers.problems()[0]
    assert "acme" not in providers.rows()


def test_a_pipe_in_the_files_place_hangs_nobody(home: Path) -> None:
    (home / ".config/tokentui").mkdir(parents=True)
    os.mkfifo(home / ".config/tokentui/providers.toml")
    assert "not a regular file" in providers.problems()[0]


def test_without_a_file_there_is_nothing_to_tell() -> None:
    assert providers.problems() == ()


STEP = st.one_of(st.from_regex(r"[a-z_]{1,5}", fullmatch=True), st.integers(0, 9), st.none())
STEPS = st.lists(STEP, min_size=1)


@given(STEPS)
def test_every_path_can_be_written(steps: list[str | int | None]) -> None:
    text = ""
    for step in steps:
        text += f".{step}" if isinstance(step, str) else "[]" if step is None else f"[{step}]"
    assert json_paths.parse(text.removeprefix(".")).steps == tuple(steps)


@given(st.text(max_size=30))
def test_whatever_is_written_is_a_path_or_a_reason(text: str) -> None:
    try:
        said = json_paths.parse(text).text
    except ValueError as error:
        said = str(error)
    assert said
