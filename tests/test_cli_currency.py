"""`show --currency`: dated rates for tables, documents, spreadsheets; dollars unless they are asked for."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.test_cli_show import document, request, tokentui
from tokentui.cli import MISUSED
from tokentui.pricing import exchange


@pytest.fixture(autouse=True)
def log(home: Path) -> Path:
    """A Claude Code log with a request of a dollar or so on two days a year apart."""
    path = home / ".claude" / "projects" / "-work-shop" / "5e55.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(
        request(1, "2025-11-20T10:00:00.000Z", cache_read_input_tokens=2_000_000)
        + request(2, "2026-10-20T10:00:00.000Z", cache_read_input_tokens=2_000_000)
    )
    return path


def test_each_day_has_its_own_rate_and_the_lines_add_up() -> None:
    dollars, euros = document("--by", "day"), document("--by", "day", "--currency", "eur")
    assert (dollars["currency"], euros["currency"]) == ("USD", "EUR")
    for before, after in zip(dollars["groups"], euros["groups"], strict=True):
        rate = exchange.newest("EUR", date.fromisoformat(after["key"]["day"]))
        assert Decimal(after["cost"]) == rate.convert(int(Decimal(before["cost"]) * 10**9)) / Decimal(10**9)
    assert sum(Decimal(each["cost"]) for each in euros["groups"]) == Decimal(euros["totals"]["cost"])
    assert [rate["date"] for rate in euros["exchange_rates"]["rates"]] == ["2025-11-20", "2026-10-20"]


def test_a_sum_over_all_days_has_the_rate_of_its_last_day() -> None:
    euros = document("--currency", "EUR", "--to", "2026-10-25")
    assert [rate["date"] for rate in euros["exchange_rates"]["rates"]] == ["2026-10-23"]


def test_a_table_names_the_rate_and_its_date() -> None:
    said = tokentui("show", "--currency", "JPY", "--to", "2026-10-25").stdout
    assert "$1 = " in said
    assert "JPY (ECB, 2026-10-23)" in said
    assert "¥" in said
    assert "$" not in said.replace("$1", "")


def test_the_settings_currency_is_for_people_and_never_for_programs(home: Path) -> None:
    config = home / ".config" / "tokentui" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('currency = "GBP"\n')
    assert "£" in tokentui("show").stdout
    assert document()["currency"] == "USD"
    assert "$" in tokentui("show", "--currency", "USD").stdout
    config.write_text("")
    assert "£" not in tokentui("show").stdout


def test_a_spreadsheet_says_the_currency_in_its_heading() -> None:
    rows = list(csv.DictReader(io.StringIO(tokentui("show", "--csv", "--currency", "CHF").stdout)))
    assert "cost" not in rows[0]
    assert Decimal(rows[0]["cost_chf"]) > 0


def test_a_currency_without_rates_is_told_with_those_there_are() -> None:
    said = tokentui("show", "--currency", "XBT", code=MISUSED)
    assert "--currency XBT: there are no rates of that" in said.stderr
    assert "EUR" in said.stderr
