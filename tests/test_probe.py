"""The paid probe of live rate limits: only when asked for, its price said before, its headers read."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import probed_server
from tests.probed_server import LIMITS, Probed
from tests.store_batches import NOW
from tests.test_cli_show import tokentui
from tests.test_engine_accounts import everything
from tests.ui_accounts import Person, opened
from tests.ui_program import FakeFeed, sample
from tokentui import config
from tokentui.billing import Account
from tokentui.cli import FAILED, KEY_REJECTED, MISUSED, OK
from tokentui.engine.accounts import Accounts
from tokentui.sources import providers
from tokentui.sources.providers.errors import KeyRejected, ProviderError, Throttled
from tokentui.sources.providers.http import Client
from tokentui.sources.providers.rate_limits import Probed as Seen
from tokentui.sources.providers.rate_limits import seconds_of

PROBED = ("groq", "perplexity")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Probed]:
    """Groq and Perplexity on loopback; their key is in the environment."""
    with probed_server.serving() as served:
        monkeypatch.setenv("PROBE_KEY", served.key)
        monkeypatch.setenv("USER", "me")
        yield served


@pytest.fixture
def accounts(server: Probed, home: Path) -> Accounts:  # noqa: ARG001 (it is where the home is)
    """An account at each."""
    made = Accounts(config.paths(os.environ), config.Settings(), actor="me")
    for service in PROBED:
        made.add(Account(service, secret_reference="env:PROBE_KEY", base_url=server.url))
    return made


def known(accounts: Accounts, service: str = "groq") -> dict[str, tuple[float, int, str]]:
    """What is stored of a service's limits: name -> percent used, minutes of the window, origin."""
    with accounts.reading() as reader:
        assert reader is not None
        cards = reader.snapshot(time.time_ns() // 1000, "UTC").cards
    card = next((each for each in cards if each.service == service), None)
    return {
        each.name: (each.used_percent or 0.0, each.window_minutes, each.origin)
        for each in (card.limits if card else ())
    }


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2m59.56s", 179.56), ("7.66s", 7.66), ("12ms", 0.012), ("6m0s", 360.0), ("1h2m3s", 3723.0),
        ("1d", 86_400.0), ("59", 59.0), (" 1s ", 1.0), ("0s", 0.0), ("-1s", None), ("NaN", None), ("", None),
        ("1m2", None), ("1e9", None), ("soon", None), ("999999999d", None), ("s", None), ("1.s", None),
    ],
)  # fmt: skip
def test_the_time_until_a_limit_is_full_again_is_read_in_every_spelling(
    written: str, seconds: float | None
) -> None:
    assert seconds_of(written) == (None if seconds is None else pytest.approx(seconds))


async def seen(
    headers: dict[str, str], status: int = 200, service: str = "groq", body: Any = None
) -> tuple[Seen, list[httpx.Request]]:
    """What the probe of a service makes of headers, and what it sent."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json=body or {}, headers=headers)

    row, account = providers.rows()[service], Account(service)
    client = Client.for_test(answer, row, account, now=NOW)
    return await row.load().probe(client, account, "some-model"), asked


async def test_groqs_headers_are_a_day_of_requests_and_a_minute_of_tokens() -> None:
    found, (request,) = await seen(LIMITS)
    requests, tokens = found.limits
    assert (requests.limit_id, requests.window_minutes, requests.limit_name) == ("requests", 1440, "req/day")
    assert requests.used_percent == pytest.approx(100 * 30 / 14_400)
    assert requests.resets_at == NOW + 179_560_000
    assert (tokens.used_percent, tokens.window_minutes, tokens.resets_at) == (25.0, 1, NOW + 7_660_000)
    assert {each.origin for each in found.limits} == {"api"}
    assert (found.problems, found.cost) == ((), None)
    assert (request.method, request.url.path) == ("POST", "/openai/v1/chat/completions")
    assert b'"max_completion_tokens": 1' in request.content
    assert b'"model": "some-model"' in request.content


async def test_perplexity_says_what_the_request_came_to() -> None:
    cost = {"usage": {"cost": {"currency": "USD", "total_cost": 0.00042}}}
    found, (request,) = await seen(LIMITS, service="perplexity", body=cost)
    assert found.cost == 420_000
    assert [each.window_minutes for each in found.limits] == [0, 0], "it does not say of which time they are"
    assert request.url.path == "/v1/agent"
    assert b'"max_output_tokens": 1' in request.content


@pytest.mark.parametrize(
    ("changes", "limits", "problem"),
    [
        (dict.fromkeys(LIMITS), [], "name no rate limits"),
        ({"x-ratelimit-limit-tokens": "many"}, ["requests"], "x-ratelimit-limit-tokens cannot be understood"),
        ({"x-ratelimit-remaining-tokens": None}, ["requests"], "x-ratelimit-remaining-tokens cannot"),
        ({"x-ratelimit-remaining-requests": "-3"}, ["tokens"], "x-ratelimit-remaining-requests cannot"),
        ({"x-ratelimit-reset-requests": "tomorrow"}, ["tokens"], "x-ratelimit-reset-requests cannot"),
        ({"x-ratelimit-limit-requests": "NaN"}, ["tokens"], "x-ratelimit-limit-requests cannot"),
        ({"x-ratelimit-limit-requests": "9" * 60}, ["tokens"], "x-ratelimit-limit-requests cannot"),
        ({"x-ratelimit-reset-tokens": None}, ["requests", "tokens"], ""),
        ({"x-ratelimit-limit-tokens": None, "x-ratelimit-remaining-tokens": None}, ["requests"], ""),
    ],
)
async def test_headers_that_lack_or_garble_a_limit_never_become_a_figure(
    changes: dict[str, str | None], limits: list[str], problem: str
) -> None:
    given = {name: value for name, value in {**LIMITS, **changes}.items() if value is not None}
    found, _ = await seen(given)
    assert [each.limit_id for each in found.limits] == limits
    assert any(problem in each for each in found.problems) if problem else not found.problems


async def test_more_left_than_there_is_and_a_limit_of_nothing_have_a_sane_share() -> None:
    found, _ = await seen({
        "x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "20",
        "x-ratelimit-limit-tokens": "0", "x-ratelimit-remaining-tokens": "0",
    })  # fmt: skip
    assert [each.used_percent for each in found.limits] == [0.0, 100.0]


async def test_hostile_headers_stay_out() -> None:
    evil = "1\x1b]52;c;aGk=\x07" + "9" * 5_000
    found, _ = await seen({**LIMITS, "x-ratelimit-reset-tokens": evil, "x-secret": "not for us"})
    assert "\x1b" not in repr(found)
    assert max(map(len, found.problems)) < 200
    assert [each.limit_id for each in found.limits] == ["requests"]


async def test_a_service_that_was_asked_too_often_still_tells_its_limits() -> None:
    found, _ = await seen({**LIMITS, "x-ratelimit-remaining-tokens": "0", "retry-after": "8"}, 429)
    assert [each.used_percent for each in found.limits][1] == 100.0
    assert "asked too often" in found.problems[0]
    with pytest.raises(Throttled) as caught:
        await seen({"retry-after": "8"}, 429)
    assert "8 seconds" in caught.value.hint


@pytest.mark.parametrize("status", [401, 403])
async def test_a_rejected_key_is_told_as_such(status: int) -> None:
    with pytest.raises(KeyRejected):
        await seen(LIMITS, status)


@pytest.mark.parametrize("status", [400, 404])
async def test_a_model_that_is_gone_is_named(status: int) -> None:
    with pytest.raises(ProviderError) as caught:
        await seen({}, status)
    assert "some-model" in caught.value.hint


# ---------------------------------------------------------------------- at the command line


def test_the_price_is_said_before_and_the_limits_are_stored(accounts: Accounts, server: Probed) -> None:
    said = tokentui("account", "probe", "groq", "--yes").stdout
    price, told = said.splitlines()[:2]
    assert re.search(r"one request to Groq, of one token by llama-3.1-8b-instant: it is paid", price)
    assert re.search(r"about \$0\.00000\d at list prices", price)
    assert "req/day <1 % used, full again in 0h0" in told
    assert "tok/min 25 % used, full again in 7 s" in told or "in 8 s" in told
    assert [path for path, _ in server.paid] == ["/chat/completions"]
    assert known(accounts)["tok/min"] == (25.0, 1, "api")
    assert known(accounts)["req/day"][1:] == (1440, "api")
    entry = accounts.audit_log()[0]
    assert (entry.action, entry.subject, entry.actor) == ("probe", "groq", "me")
    assert entry.after == {"model": "llama-3.1-8b-instant", "answer": "2 limits"}


def test_without_a_yes_nothing_is_sent(accounts: Accounts, server: Probed) -> None:
    said = tokentui("account", "probe", "groq", code=FAILED)
    assert "it is paid" in said.stdout
    assert "--yes" in said.stderr
    assert server.paid == []
    assert known(accounts) == {}
    assert accounts.audit_log()[0].action == "add"


@pytest.mark.usefixtures("accounts")
def test_the_model_is_the_users_choice(server: Probed) -> None:
    tokentui("account", "edit", "groq", "--set", "probe_model=big-1")
    assert "by big-1" in tokentui("account", "probe", "groq", "--yes").stdout
    said = tokentui("account", "probe", "groq", "--yes", "--model", "big-2").stdout
    assert "a price that is not known here" in said
    assert [body["model"] for _, body in server.paid] == ["big-1", "big-2"]
    tokentui("account", "probe", "groq", "--yes", "--model", "two words", code=FAILED)
    said_of_key = tokentui("account", "probe", "groq", "--yes", "--model", server.key, code=FAILED)
    assert server.key not in said_of_key.stdout + said_of_key.stderr
    assert len(server.paid) == 2


@pytest.mark.parametrize(
    ("status", "code"), [(401, KEY_REJECTED), (403, KEY_REJECTED), (429, OK), (500, FAILED)]
)
def test_a_refusal_is_said_and_logged(accounts: Accounts, server: Probed, status: int, code: int) -> None:
    server.status = status
    said = tokentui("account", "probe", "groq", "--yes", code=code)
    assert str(status) in said.stdout + said.stderr
    entry = accounts.audit_log()[0]
    assert entry.action == "probe"
    assert bool(known(accounts)) == (code == OK)


def test_an_answer_that_never_came_may_be_paid(accounts: Accounts) -> None:
    accounts.edit("groq", {"base_url": "http://127.0.0.1:9"})
    assert "it may be paid all the same" in tokentui("account", "probe", "groq", "--yes", code=FAILED).stderr


@pytest.mark.usefixtures("accounts")
def test_headers_without_limits_are_said_in_words(server: Probed) -> None:
    server.headers = {}
    assert "name no rate limits" in tokentui("account", "probe", "perplexity", "--yes").stdout


@pytest.mark.usefixtures("server")
def test_other_services_have_no_paid_probe(accounts: Accounts) -> None:
    accounts.add(Account("deepseek", secret_reference="env:PROBE_KEY", base_url="http://127.0.0.1:9"))
    assert "groq, perplexity" in tokentui("account", "probe", "deepseek", "--yes", code=FAILED).stderr
    assert "there is no account" in tokentui("account", "probe", "xai", "--yes", code=FAILED).stderr
    tokentui("account", "probe", code=MISUSED)


def test_collecting_and_testing_never_send_a_paid_request(accounts: Accounts, server: Probed) -> None:
    tokentui("collect", "--once")
    tokentui("show", "--historical")
    for service in PROBED:
        accounts.test(accounts.view(service).account)
    assert server.paid == []
    assert len(server.free) == 2, "the two tests"


def test_the_key_of_a_probe_is_nowhere(accounts: Accounts, server: Probed, home: Path) -> None:
    server.body = {"error": f"bad key {server.key}"}
    server.headers = {**LIMITS, "x-ratelimit-reset-tokens": server.key}
    said = [tokentui("account", "probe", "groq", "--yes")]
    server.status = 400
    said.append(tokentui("account", "probe", "groq", "--yes", code=FAILED))
    assert not any(server.key in each.stdout + each.stderr for each in said)
    assert server.key.encode() not in everything(home)
    assert server.key not in repr(accounts.audit_log())


# ---------------------------------------------------------------------- in the dashboard


async def marked(person: Person, service: str) -> None:
    """Mark a service's account."""
    person.pane.mark(service)
    await person.pilot.pause()


async def test_in_the_pane_only_a_y_sends_it(accounts: Accounts, server: Probed) -> None:
    async with opened(FakeFeed(sample())) as person:
        await marked(person, "groq")
        await person.press("dollar_sign")
        await person.sees("it is paid", "pay for it?")
        for key in ("enter", "escape", "n"):
            await person.press(key)
            await person.until(lambda: "pay for it?" not in person.screen)
            await person.press("dollar_sign")
            await person.sees("pay for it?")
        assert server.paid == []
        await person.press("y")
        await person.sees("req/day", "tok/min 25 % used")
    assert len(server.paid) == 1
    assert known(accounts)["tok/min"][0] == 25.0


async def test_in_the_pane_a_second_press_sends_no_second_request(accounts: Accounts, server: Probed) -> None:
    server.waits.clear()
    async with opened(FakeFeed(sample())) as person:
        await marked(person, accounts.view("groq").account.key)
        for _ in range(2):
            await person.press("dollar_sign")
            await person.sees("pay for it?")
            await person.press("y")
        await person.sees("asking the provider")
        server.waits.set()
        await person.sees("tok/min")
    assert len(server.paid) == 1


async def test_in_the_pane_a_service_without_one_says_so(accounts: Accounts) -> None:
    accounts.add(Account("deepseek", secret_reference="env:PROBE_KEY", base_url="http://127.0.0.1:9"))
    async with opened(FakeFeed(sample())) as person:
        await marked(person, "deepseek")
        await person.press("dollar_sign")
        await person.sees("no paid probe")
