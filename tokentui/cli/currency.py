"""A report in another currency: each line at a dated rate, so that the lines add up to the total.

A line that is a day, a week or a month has the newest rate up to its last day; every other line has the
newest rate up to the report's last day. What is stored stays in US dollars.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from tokentui import periods, text
from tokentui.cli import Misuse
from tokentui.engine.reports import Group, Report
from tokentui.pricing import exchange
from tokentui.pricing.exchange import RateUnknown


def converted(report: Report, code: str, today: date) -> Report:
    """Return a report in a currency, and let `text.money` show it with that currency's sign.

    Raises Misuse when there is no rate for one of its days.
    """
    last = min(report.last or today, today)
    days = [_last_day(report.group_by, group, last) for group in report.groups]
    try:
        rates = exchange.rates(code, [*days, last])
    except RateUnknown as error:
        raise Misuse(f"--currency {code}: {error}", hint="such as: --currency USD") from None
    text.show_money_in(exchange.shown_in(rates[last], converted=True))
    if code == "USD":
        return report
    groups = tuple(
        replace(group, usage=replace(group.usage, cost=rates[day].convert(group.usage.cost)))
        for group, day in zip(report.groups, days, strict=True)
    )
    cost = sum(group.usage.cost for group in groups) if groups else rates[last].convert(report.totals.cost)
    return replace(
        report, groups=groups, totals=replace(report.totals, cost=cost), currency=code,
        rates=tuple(sorted(set(rates.values()), key=lambda rate: rate.day)),
    )  # fmt: skip


def _last_day(group_by: tuple[str, ...], group: Group, last: date) -> date:
    """Return the last day that a line is about."""
    for dimension, value in zip(group_by, group.key, strict=True):
        if dimension == "day":
            return min(date.fromisoformat(value), last)
        if dimension == "week":
            return min(date.fromisoformat(value) + timedelta(days=6), last)
        if dimension == "month":
            return min(periods.month_of(date.fromisoformat(f"{value}-01"))[1], last)
    return last
