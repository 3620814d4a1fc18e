"""`tokentui explain`, from a log on disk to what is said of a figure."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.pricing_records import record
from tests.test_cli_show import document as shown
from tests.test_cli_show import request, tokentui
from tokentui.cli import MISUSED
from tokentui.cli.explain import schema_text
from tokentui.engine.explain import PriceInWords, in_words
from tokentui.pricing import Prices
from tokentui.store.explain import PriceRow
from tokentui.store.snapshot import Usage
from tokentui.usage import NANO, UsageRecord

TWO_DAYS = ("--from", "2026-11-20", "--to", "2026-11-21", "--tz", "UTC")
VALIDATOR = Draft202012Validator(json.loads(schema_text()))


@pytest.fixture
def log(home: Path) -> Path:
    """A Claude Code log of two days: long and short requests, an unknown model, a broken line."""
    path = home / ".claude" / "projects" / "-work-shop" / "5e55.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(
        request(1, "2026-11-20T22:30:00.000Z", cache_read_input_tokens=1_000_000)
        + request(2, "2026-11-20T23:30:00.000Z", "claude-sonnet-4-5", input_tokens=300_000)
        + request(3, "2026-11-21T10:00:00.000Z", "claude-sonnet-4-5", cwd="/work/infra")
        + request(4, "2026-11-21T11:00:00.000Z", "made-up-model-9")
        + "{broken}\n"
    )
    return path


def document(*arguments: str, **environ: str) -> Any:
    """What `explain --json` says, held against its schema."""
    read = json.loads(tokentui("explain", "--json", *arguments, **environ).stdout)
    VALIDATOR.validate(read)
    return read


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    "more",
    [
        (),
        ("--project", "shop"),
        ("--filter", "model:sonnet*"),
        ("--filter", "-model:sonnet* until:2026-11-20"),
        ("--from", "2026-11-21"),
        ("--tz", "Asia/Kathmandu"),
    ],
)
def test_the_sums_are_those_of_show(more: tuple[str, ...]) -> None:
    found, report = document(*TWO_DAYS, *more), shown("--no-collect", *TWO_DAYS, *more)
    assert found["totals"] == {name: value for name, value in report["totals"].items() if name != "quality"}
    assert found["totals"]["request_count"] > 0
    assert found["sums_agree"] is True
    for name in ("request_count", "total_tokens", "unpriced_request_count"):
        assert sum(price[name] for price in found["prices"]) == report["totals"][name]
    priced = sum(Decimal(price["cost"]) for price in found["prices"] if price["cost"])
    assert priced == Decimal(report["totals"]["cost"] or 0)


@pytest.mark.usefixtures("log")
def test_each_price_is_told_with_its_rates_and_what_they_make() -> None:
    prices = {price["price"]: price for price in document(*TWO_DAYS)["prices"]}
    for price in prices.values():
        if price["price"]:
            made = sum(Decimal(part["cost"]) for part in price["components"])
            assert abs(made - Decimal(price["cost"])) < Decimal("1e-8")
            assert price["problem"] is None
    long = prices["anthropic/claude-sonnet-4-5>200000"]
    assert long["request_count"] == 1
    assert long["words"] == ["long-context rates, for prompts of more than 200,000 tokens"]
    short = prices["anthropic/claude-sonnet-4-5"]
    rates = {part["name"]: part["rate"] for part in short["components"]}
    assert rates == {"uncached_input_tokens": "3.00", "output_tokens": "15.00"}
    assert prices[None]["problem"] == "no price is known for this model"
    assert prices[None]["model"] == "made-up-model-9"


@pytest.mark.usefixtures("log")
def test_a_person_reads_prices_doubts_requests_and_logs() -> None:
    said = tokentui("explain", *TWO_DAYS).stdout
    assert said.startswith("2026-11-20 to 2026-11-21 (UTC)\n≥$")
    assert "input $3.00/M, output $15.00/M" in said
    assert "long-context rates" in said
    assert "made-up-model-9: 1 request unpriced: no price is known for this model" in said
    assert "4 requests: lower bounds" in said
    assert "The tools' own figure: —" in said
    assert "2026-11-20 22:30:00" in said
    row = next(line for line in said.splitlines() if line.startswith("Claude Code"))
    assert row.split()[2:6] == ["1", "0", "0", "1"]
    assert not any(line.endswith(" ") for line in said.splitlines())


@pytest.mark.usefixtures("log")
def test_top_says_how_many_requests_are_listed() -> None:
    assert len(document(*TWO_DAYS)["requests"]) == 4
    [one] = document(*TWO_DAYS, "--top", "1")["requests"]
    assert (one["time"], one["session"], one["quality"]) == ("2026-11-20T23:30:00Z", "5e55", "floor")
    assert document(*TWO_DAYS, "--top", "0")["requests"] == []


def test_without_days_it_is_today(log: Path) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with log.open("a") as more:
        more.write(request(5, now))
    found = document("--tz", "UTC")
    assert (found["from"], found["to"]) == (now[:10], now[:10])
    assert found["totals"]["request_count"] == 1
    assert document("--tz", "UTC", "--filter", "since:2026-11-20 until:2026-11-20")["from"] == "2026-11-20"


@pytest.mark.usefixtures("log")
def test_nothing_says_what_was_looked_for_and_where_there_is_something() -> None:
    said = tokentui("explain", "--from", "2026-11-10", "--to", "2026-11-10", "--project", "shop").stdout
    assert said.startswith("No usage: 2026-11-10 (UTC), project shop.\n")
    assert "On other days there is some: 3 requests from 2026-11-20 to 2026-11-21." in said
    assert "could not be read: `tokentui doctor`" in said
    assert "Claude Code" in said
    said = tokentui("explain", *TWO_DAYS, "--filter", "model:none").stdout
    assert "Nothing that is recorded matches, on no day." in said
    assert "On these days there is other usage, which does not match: 4 requests." in said
    missed = document(*TWO_DAYS, "--filter", "model:none")["elsewhere"]
    assert (missed["other_days_request_count"], missed["same_days_request_count"]) == (0, 4)


def test_without_a_database_it_says_how_to_go_on() -> None:
    said = tokentui("explain", "--no-collect").stdout
    assert said.startswith("No usage: ")
    assert "`tokentui detect`" in said
    assert document("--no-collect")["elsewhere"]["all_request_count"] == 0


def test_a_hostile_log_commands_no_terminal(log: Path) -> None:
    evil = "\x1b]52;c;aGk=\x07\x9b31m=cmd|' /C calc'!A0\u202e[/bold]\r\n"
    line = json.loads(request(9, "2026-11-21T10:00:00.000Z", model=f"m{evil}", cwd=f"/work/{evil}"))
    line |= {"sessionId": f"s{evil}", "gitBranch": evil}
    log.write_text(json.dumps(line) + "\n")
    for form in ((), ("--json",)):
        said = tokentui("explain", *TWO_DAYS, *form, "--filter", f'-model:"{evil}x"').stdout
        assert not set(said) & set("\x1b\x07\x9b\u202e\r")
    assert "no price is known" in tokentui("explain", *TWO_DAYS).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2026-11-31"), "2026-11-30"),
        (("--filter", "colour:red"), "^"),
        (("--filter", "cost:>1"), "--top 20"),
        (("--from", "2026-11-21", "--filter", "until:2026-11-20"), "--from 2026-11-20 --to 2026-11-21"),
        (("--tz", "Mars/Olympus"), "Mars/Olympus"),
        (("--top", "-1"), "--top"),
    ],
)
def test_a_mistake_ends_with_2_and_shows_what_is_right(arguments: tuple[str, ...], said: str) -> None:
    assert said in tokentui("explain", *arguments, code=MISUSED).stderr


def row(*records: UsageRecord, prices: Prices) -> PriceRow:
    """Return the price row of records that one price was put on."""
    costs = [prices.cost(each) for each in records]
    counts = [
        sum(getattr(each, name) for each in records)
        for name in (
            "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
            "cache_creation_1h_input_tokens", "output_tokens", "reasoning_output_tokens",
        )
    ]  # fmt: skip
    unpriced = sum(cost is None for cost, _ in costs)
    usage = Usage(len(records), *counts, sum(cost or 0 for cost, _ in costs), unpriced)
    first = records[0]
    names = (costs[0][1], first.provider_name, first.model, first.service_tier)
    return PriceRow(*names, usage, sum(each.web_search_count for each in records), 0, first)


def words(*records: UsageRecord, overlay: Path | None = None) -> PriceInWords:
    prices = Prices.load(overlay=overlay)
    return in_words(row(*records, prices=prices), prices)


def test_a_tier_is_told_as_a_multiple_of_the_standard_rates() -> None:
    batch = words(record("anthropic", "claude-opus-4-8", 10, 20, 30, 40, 50, tier="batch", when="2026-09-01"))
    assert batch.words == ("tier batch: 0.5 times the standard rates",)
    assert batch.problem == ""


def test_a_price_of_ones_own_and_a_discount_are_told_as_such(tmp_path: Path) -> None:
    overlay = tmp_path / "prices.toml"
    overlay.write_text(
        '[[price]]\nmodel = "acme-1"\nfrom = 2026-01-01\ninput_mtok = "1.20"\noutput_mtok = "6"\n'
        '[[discount]]\nprovider = "acme"\npercent = 12.5\n'
    )
    found = words(record("acme", "acme-1", 1_000_000, 0, 0, 0, 1_000_000), overlay=overlay)
    assert found.since == "2026-01-01"
    assert found.words == ("your own price, from prices.toml", "12.5 % off, from prices.toml")
    assert [part.rate for part in found.components] == [Decimal("1.05"), Decimal("5.25")]


def test_reasoning_with_a_rate_of_its_own_is_told_on_top_of_the_output() -> None:
    deep = record("perplexity", "sonar-deep-research", 1000, 0, 0, 0, 400, reasoning_output_tokens=100)
    found = words(deep, record("perplexity", "sonar-deep-research", 1000, 0, 0, 0, 400))
    told = {part.name: (part.units, part.rate.normalize()) for part in found.components}
    assert told["output_tokens"] == (800, 8)
    assert told["reasoning_output_tokens"] == (100, -5)
    assert found.problem == ""


def test_a_prompt_at_the_edge_of_the_long_context_rates_has_the_short_ones() -> None:
    edge = record("anthropic", "claude-sonnet-4-5", 200_000, 0, 0, 0, 10)
    found = words(edge, record("anthropic", "claude-sonnet-4-5", 10, 20, 30, 40, 50))
    assert [str(part.rate.normalize()) for part in found.components] == ["3", "0.3", "3.75", "6", "15"]
    assert found.problem == ""


def test_rates_that_changed_since_are_told_and_not_shown_as_right() -> None:
    prices = Prices.load()
    one = row(record("anthropic", "claude-opus-4-8", 10, 0, 0, 0, 10), prices=prices)
    dearer = PriceRow(
        one.price, one.provider_name, one.model, one.service_tier, Usage(1, 10, output_tokens=10, cost=NANO),
        0, 0, one.sample,
    )  # fmt: skip
    assert "with other rates" in in_words(dearer, prices).problem
    gone = PriceRow("acme/gone@2025-01-01", *names_of(one), one.usage, 0, 0, one.sample)
    assert in_words(gone, prices).problem == "this price is no longer in the price data"
    assert in_words(gone, prices).since == "2025-01-01"


def names_of(one: PriceRow) -> tuple[str, str, str]:
    return one.provider_name, one.model, one.service_tier


MODELS = [
    ("anthropic", "claude-sonnet-4-5"), ("anthropic", "claude-opus-4-6"), ("openai", "gpt-5.4"),
    ("gcp.gemini", "gemini-2.5-pro"), ("google", "gemini-3.1-pro-preview"), ("deepseek", "deepseek-chat"),
    ("perplexity", "sonar"),
]  # fmt: skip


COUNTS = st.sampled_from([0, 1, 2, 199_999, 200_000, 200_001, 300_000]) | st.integers(0, 10**6)
PRICES = Prices.load()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(MODELS),
    st.sampled_from(["", "batch", "priority", "flex", "fast"]),
    st.dates(date(2025, 1, 1), date(2026, 11, 1)).map(str),
    st.lists(st.tuples(*(COUNTS,) * 5), min_size=1, max_size=4),
    st.integers(0, 2),
)
def test_rates_times_counts_are_the_cost_whatever_the_price(
    model: tuple[str, str], tier: str, when: str, counts: list[tuple[int, ...]], searches: int
) -> None:
    records = [record(*model, *each, when=when, tier=tier, web_search_count=searches) for each in counts]
    price = PRICES.cost(records[0])[1]
    same = [each for each in records if PRICES.cost(each)[1] == price]
    found = in_words(row(*same, prices=PRICES), PRICES)
    if price:
        assert found.problem == ""
        assert sum(part.units for part in found.components if part.name == "output_tokens") == sum(
            each.output_tokens for each in same
        )
    else:
        assert found.problem
