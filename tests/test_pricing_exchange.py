"""Amounts in other currencies: dated rates, offline, and the stored dollars stay what they are."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tokentui import config, text
from tokentui.pricing import exchange
from tokentui.pricing.exchange import Rate, RateUnknown

FRIDAY = date(2025, 1, 3)
"""A day of which the ECB's table says: USD 1.0299, GBP 0.82993, JPY 162.24 a euro."""


def test_the_rate_of_a_day_is_the_banks_own() -> None:
    assert exchange.newest("EUR", FRIDAY).per_dollar == Decimal(1) / Decimal("1.0299")
    assert exchange.newest("GBP", FRIDAY).per_dollar == Decimal("0.82993") / Decimal("1.0299")
    assert exchange.newest("USD", FRIDAY) == Rate("USD", Decimal(1), FRIDAY)


def test_a_weekend_and_a_day_to_come_have_the_newest_rate_before_them() -> None:
    days = [FRIDAY + timedelta(days=ahead) for ahead in range(4)]
    found = exchange.rates("EUR", [*days, date(2200, 1, 1)])
    assert [found[day].day for day in days] == [FRIDAY] * 3 + [FRIDAY + timedelta(days=3)]
    assert found[date(2200, 1, 1)].day > date(2026, 1, 1)


@pytest.mark.parametrize("code", config.CURRENCIES)
def test_every_currency_that_can_be_set_has_a_rate(code: str) -> None:
    rate = exchange.newest(code, date(2026, 11, 1))
    assert rate.per_dollar > 0
    text.show_money_in(exchange.shown_in(rate))
    assert text.money(1_000_000_000_000).count(exchange.SIGNS.get(code, code)) == 1


@pytest.mark.parametrize(("code", "day"), [("EUR", date(1998, 1, 1)), ("XXX", FRIDAY)])
def test_an_unknown_rate_is_told_and_not_guessed(code: str, day: date) -> None:
    with pytest.raises(RateUnknown, match=code):
        exchange.newest(code, day)


def test_a_missing_table_is_told_and_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(RateUnknown, match="CurrencyConverter is not installed"):
        exchange.newest("EUR", FRIDAY)


EUROS = Rate("EUR", Decimal("0.9"), FRIDAY)
YEN = Rate("JPY", Decimal(150), FRIDAY)


@pytest.mark.parametrize(
    ("rate", "nano", "places", "shown"),
    [
        (EUROS, 1_234_560_000_000, 2, "€1,111.10"),
        (EUROS, -1_000_000_000, 2, "-€0.90"),
        (EUROS, 1, 2, "<€0.01"),
        (EUROS, 0, 2, "€0.00"),
        (EUROS, 2_500_000_000_000, 0, "€2,250"),
        (EUROS, 12_500_000, 4, "€0.0113"),
        (YEN, 1_234_560_000_000, 2, "¥185,184"),
        (YEN, 1_000_000, 2, "<¥1"),
        (Rate("CHF", Decimal("0.8"), FRIDAY), 10_000_000_000, 2, "CHF 8.00"),
    ],
)
def test_an_amount_is_shown_in_the_currency(rate: Rate, nano: int, places: int, shown: str) -> None:
    text.show_money_in(exchange.shown_in(rate))
    assert text.money(nano, places) == shown
    assert text.money(None) == text.UNKNOWN
    assert text.decimal_cost(nano).lstrip("-")[0].isdigit()


def test_what_is_converted_already_only_gets_the_sign() -> None:
    assert EUROS.convert(1_000_000_000) == 900_000_000
    text.show_money_in(exchange.shown_in(EUROS, converted=True))
    assert text.money(900_000_000) == "€0.90"
    assert text.shown_currency().note == "$1 = 0.9000 EUR (ECB, 2025-01-03)"


def test_dollars_need_no_table() -> None:
    code = (
        "import sys; from tokentui.pricing import exchange; from datetime import date;"
        "exchange.newest('USD', date(2026, 1, 1));"
        "print([name for name in ('zipfile', 'currency_converter') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
