"""Limits by way of other programs: Codex's app-server, and endpoints nobody documents. Off by default."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import fake_codex
from tests import provider_fixtures as recorded
from tests.provider_fixtures import SPAN
from tests.store_batches import NOW, at
from tests.test_providers_script import gone
from tokentui.billing import Account, Fetched
from tokentui.engine.fetching import features_of
from tokentui.sources import programs
from tokentui.sources.matrix import matrix
from tokentui.sources.providers import PROVIDERS, codex, rows
from tokentui.sources.providers.errors import ChangedFormat, NotOffered, Unavailable
from tokentui.sources.providers.http import Client

TOKEN = "sk-ant-oat01-canary"
SNAPSHOT: dict[str, Any] = {
    "limitId": "codex", "limitName": None, "planType": "plus",
    "primary": {"usedPercent": 25, "windowDurationMins": 300, "resetsAt": 1_795_226_700},
    "secondary": {"usedPercent": 8.5, "windowDurationMins": 10_080, "resetsAt": 1_795_478_400},
    "credits": {"hasCredits": True, "unlimited": False, "balance": "12.5"},
}  # fmt: skip


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts a `codex` on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setattr(codex, "SECONDS", 10.0)

    def place(answer: object = None, mode: str = "") -> Path:
        text = json.dumps({"rateLimits": SNAPSHOT} if answer is None else answer)
        allowed = (*programs.PASSED_ON, *codex.KEPT, "LC_CTYPE", "__CF_USER_TEXT_ENCODING")
        return fake_codex.put(tmp_path / "bin", text, mode, allowed)

    return place


async def asked(**options: str) -> Fetched:
    """What Codex says."""
    row, account = rows()["codex"], Account("codex", options={"opt_in": "limits", **options})
    client = Client.for_test(lambda _: httpx.Response(500), row, account, "", NOW)
    return await codex.limits(client, account, SPAN)


async def test_codex_tells_its_windows_plan_and_credits(put: Callable[..., Path]) -> None:
    log = put()
    found = await asked()
    short, week = found.limits
    assert (short.limit_id, short.window_minutes, short.used_percent) == ("codex", 300, 25.0)
    assert short.resets_at == at("2026-11-21T02:05:00")
    assert (week.window_minutes, week.used_percent, week.credits_balance) == (10_080, 8.5, "12.5")
    assert (week.origin, found.plan) == ("app-server", "plus")
    assert gone(int(log.read_text())), "it lives for one question"


async def test_pools_of_models_are_told_apart(put: Callable[..., Path]) -> None:
    spark = {**SNAPSHOT, "limitId": "codex_spark", "limitName": "Spark", "secondary": None}
    put({"rateLimits": SNAPSHOT, "rateLimitsByLimitId": {"codex": SNAPSHOT, "codex_spark": spark}})
    found = (await asked()).limits
    assert [(limit.limit_id, limit.limit_name, limit.window_minutes) for limit in found] == [
        ("codex", "", 300), ("codex", "", 10_080), ("codex_spark", "Spark", 300),
    ]  # fmt: skip


async def test_garbage_between_the_answers_is_passed_over(put: Callable[..., Path]) -> None:
    put(mode="garbage")
    assert len((await asked()).limits) == 2


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("dies", "has ended|ended without"), ("dies late", "ended without an answer"),
        ("hangs", "did not answer in time"), ("floods", "more than 1 MiB"),
        ("refuses", "refused to tell the limits"),
    ],
)  # fmt: skip
async def test_a_codex_that_misbehaves_is_told_and_ended(
    put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, mode: str, told: str
) -> None:
    log = put(mode=mode)
    if mode == "hangs":
        monkeypatch.setattr(codex, "SECONDS", 2.0)  # a busy machine takes a second to start it
    with pytest.raises(Unavailable, match=told) as caught:
        await asked()
    assert "canary" not in f"{caught.value} {caught.value.hint}"
    assert gone(int(log.read_text()))


async def test_a_codex_that_is_broken_off_is_ended_at_once(put: Callable[..., Path]) -> None:
    log = put(mode="hangs")
    task = asyncio.create_task(asked())
    while not log.exists() or not log.read_text():
        await asyncio.sleep(0.01)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < 1.5
    assert gone(int(log.read_text()))


async def test_without_codex_on_the_path_it_is_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotOffered, match="no codex on the PATH"):
        await asked()


@pytest.mark.parametrize(
    "answer",
    [
        {}, {"rateLimits": None}, {"rateLimits": {}}, [], "x", {"rateLimits": {"primary": {}}},
        {"rateLimits": {"primary": {"usedPercent": "lots"}}},
        {"rateLimits": {"primary": {"usedPercent": 1e12}}},
    ],
    ids=range(8),
)  # fmt: skip
async def test_an_answer_of_another_shape_names_its_place(put: Callable[..., Path], answer: object) -> None:
    put(answer)
    with pytest.raises(ChangedFormat):
        await asked()


# ---------------------------------------------------------------------- off by default


@pytest.mark.parametrize("service", ["codex", "claude-code"])
def test_nothing_is_asked_until_the_user_turns_it_on(service: str) -> None:
    row = rows()[service]
    assert features_of(row, Account(service)) == []
    assert features_of(row, Account(service, options={"opt_in": "limits"})) == [("limits", 300.0)]


def test_another_way_to_the_limits_turns_them_on_as_well() -> None:
    account = Account("codex", options={"opt_in": "limits-wham"})
    assert features_of(rows()["codex"], account) == [("limits", 300.0)]


def test_what_is_not_documented_says_so_before_it_is_turned_on() -> None:
    undocumented = {"claude-code": "limits", "codex": "limits-wham", "github-copilot": "copilot-internal"}
    for service, what in undocumented.items():
        assert "not document" in rows()[service].opt_ins[what]
    claude = rows()["claude-code"].opt_ins["limits"]
    assert "terms" in claude
    assert "never changed or renewed" in claude


def test_each_tool_stands_in_the_matrix_once() -> None:
    names = [each.name for each in matrix()]
    assert len(names) == len(set(names))
    assert set(names) >= {row.name for row in PROVIDERS}
    found = next(each for each in matrix() if each.name == "claude-code")
    assert found.capabilities["limits"].offer == "local"
    assert "opt-in" in found.capabilities["limits"].note


# ---------------------------------------------------------------------- Claude Code


async def test_claudes_windows_are_read_whichever_way_they_are_told() -> None:
    found = (await recorded.fetched("claude-code", "limits")).limits
    assert [(limit.limit_id, limit.used_percent, limit.window_minutes) for limit in found] == [
        ("five_hour", 37.0, 300), ("seven_day", 26.0, 10_080), ("seven_day_sonnet", 1.0, 10_080),
        ("seven_day_fable_5", 12.5, 10_080),
    ]  # fmt: skip
    assert found[2].resets_at is None


def login(home: Path, text: str) -> None:
    """Claude Code's login file."""
    (home / ".claude").mkdir(exist_ok=True)
    (home / ".claude/.credentials.json").write_text(text)


def of_claude(seen: list[httpx.Request], status: int = 200) -> Client:
    """A client of an account without a key of its own."""
    row, account = rows()["claude-code"], Account("claude-code", options={"opt_in": "limits"})
    body = recorded.answers("claude-code")[0]["body"]

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json=body)

    return Client.for_test(answer, row, account, "", NOW)


async def test_claudes_login_is_read_and_neither_changed_nor_kept(home: Path) -> None:
    text = json.dumps({"claudeAiOauth": {"accessToken": TOKEN, "expiresAt": NOW // 1000 + 60_000}})
    login(home, text)
    seen: list[httpx.Request] = []
    client = of_claude(seen)
    report = await rows()["claude-code"].load().test(client, client.account)
    assert "five_hour 37 %" in report.summary
    (request,) = seen
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["user-agent"].startswith("tokentui/"), "nobody else's name unless the user says so"
    assert (home / ".claude/.credentials.json").read_text() == text
    assert TOKEN not in repr(client.__dict__)
    assert [path.name for path in home.rglob("*") if path.is_file()] == [".credentials.json"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (json.dumps({"claudeAiOauth": {"accessToken": TOKEN, "expiresAt": 1}}), "has expired"),
        ("{}", "holds no token"), ("[]", "holds no token"), ("{" + TOKEN, "is not what it was"),
        (json.dumps({"claudeAiOauth": {"accessToken": TOKEN + "\n"}}), "cannot be sent"),
        (json.dumps({"claudeAiOauth": {"accessToken": TOKEN + "ü"}}), "cannot be sent"),
    ],
    ids=range(6),
)  # fmt: skip
async def test_a_login_that_will_not_do_is_not_sent(home: Path, text: str, told: str) -> None:
    login(home, text)
    seen: list[httpx.Request] = []
    client = of_claude(seen)
    with pytest.raises(Unavailable, match=told) as caught:
        await rows()["claude-code"].load().limits(client, client.account, SPAN)
    assert seen == []
    assert "run claude once" in caught.value.hint
    assert TOKEN not in f"{caught.value} {caught.value.hint}"


async def test_a_login_that_is_not_there_or_no_file_is_told(home: Path) -> None:
    client = of_claude([])
    fetch = rows()["claude-code"].load().limits
    with pytest.raises(Unavailable, match="is not there"):
        await fetch(client, client.account, SPAN)
    (home / ".claude").mkdir()
    os.mkfifo(home / ".claude/.credentials.json")
    with pytest.raises(Unavailable, match="is not a file of yours"):
        await fetch(client, client.account, SPAN)


async def test_a_login_that_is_refused_is_tried_again_later(home: Path) -> None:
    login(home, json.dumps({"claudeAiOauth": {"accessToken": TOKEN}}))
    client = of_claude([], status=401)
    with pytest.raises(Unavailable, match="does not accept the login") as caught:
        await rows()["claude-code"].load().limits(client, client.account, SPAN)
    assert "tokentui never does" in caught.value.hint


# ---------------------------------------------------------------------- ChatGPT, Copilot


async def test_chatgpts_windows_are_told_by_their_length_not_their_place() -> None:
    found = await recorded.fetched("codex", "limits")
    assert [(limit.limit_id, limit.window_minutes, limit.used_percent) for limit in found.limits] == [
        ("codex", 10_080, 24.0), ("codex", 300, 6.0), ("codex_spark", 300, 1.0),
    ]  # fmt: skip
    assert (found.plan, found.limits[0].credits_balance, found.limits[0].origin) == ("plus", "5.39", "api")


async def test_codexs_login_names_its_workspace(home: Path) -> None:
    (home / ".codex").mkdir()
    tokens = {"access_token": TOKEN, "account_id": "acc-1", "refresh_token": "never-sent"}
    (home / ".codex/auth.json").write_text(json.dumps({"tokens": tokens}))
    seen: list[httpx.Request] = []
    row, account = rows()["codex"], Account("codex", options={"opt_in": "limits-wham"})

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=recorded.answers("codex")[0]["body"])

    await codex.limits(Client.for_test(answer, row, account, "", NOW), account, SPAN)
    assert seen[0].headers["chatgpt-account-id"] == "acc-1"
    assert "never-sent" not in str(seen[0].headers)


PAID = {
    "copilot_plan": "individual", "quota_reset_date_utc": "2026-12-01T00:00:00.000Z",
    "quota_snapshots": {
        "premium_interactions": {"entitlement": 300, "remaining": 123, "percent_remaining": 41.0},
        "chat": {"entitlement": -1, "percent_remaining": 100.0, "unlimited": True},
        "completions": {"entitlement": 0, "percent_remaining": 0, "unlimited": False},
    },
}  # fmt: skip
FREE = {
    "copilot_plan": "free", "limited_user_reset_date": "2026-12-01",
    "monthly_quotas": {"chat": "500", "completions": 4000},
    "limited_user_quotas": {"chat": 410, "completions": "4000"},
}  # fmt: skip


async def allowance(body: object) -> Fetched:
    """What Copilot's own endpoint says."""
    row, account = rows()["github-copilot"], Account("github-copilot", options={"opt_in": "copilot-internal"})

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/copilot_internal/user"
        return httpx.Response(200, json=body)

    client = Client.for_test(answer, row, account, "gho_canary", NOW)
    found: Fetched = await row.load().limits(client, account, SPAN)
    return found


async def test_copilots_allowance_is_what_is_used_of_it() -> None:
    found = await allowance(PAID)
    (premium,) = found.limits
    assert (premium.limit_id, premium.used_percent) == ("premium_interactions", 59.0)
    assert premium.resets_at == at("2026-12-01")
    assert found.notes == ("chat: no limit", "completions: your organization manages the limit")


async def test_a_free_plans_allowance_is_counted_in_numbers_or_texts() -> None:
    found = (await allowance(FREE)).limits
    assert [(limit.limit_id, limit.used_percent) for limit in found] == [("chat", 18.0), ("completions", 0.0)]


@pytest.mark.parametrize(
    "body",
    [{}, [], {"quota_snapshots": {}}, {"quota_snapshots": {"chat": 3}}, {"monthly_quotas": {"chat": 5}}],
    ids=range(5),
)
async def test_an_allowance_of_another_shape_names_its_place(body: object) -> None:
    with pytest.raises(ChangedFormat):
        await allowance(body)
