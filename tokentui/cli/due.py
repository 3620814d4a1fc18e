"""What is to pay, as `tokentui show` says it: the last line of its table, and `plans` of its JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentui.cli.stored import opened
from tokentui.text import clean, money

if TYPE_CHECKING:
    from tokentui.cli.surroundings import Surroundings
    from tokentui.engine.paid import ToPay
    from tokentui.engine.reports import Report
    from tokentui.store.usage_table import UsageQuery

_OF_ACCOUNTS = ("service", "account")
"""What may be filtered by: no plan belongs to a model or a project."""


def with_due(here: Surroundings, query: UsageQuery, report: Report, *, always: bool) -> Report:
    """Return a report that says what is to pay for its days; without `always` only where a plan runs."""
    if any(each.field not in _OF_ACCOUNTS for each in query.where):
        return replace(report, asked_due=True)
    with opened(here) as reader:
        if not always and (reader is None or not reader.subscriptions()):
            return report
        from tokentui.engine.paid import of_days, to_pay

        if reader is None:
            nothing = to_pay((), {}, query.start, query.end, here.today, currency=report.currency)
            return replace(report, due=nothing, asked_due=True)
        chosen = frozenset(reader.account_names(query.where)) if query.where else None
        due = of_days(
            reader, query.start, query.end, here.today, query.zone, chosen, currency=report.currency,
            billing_day=here.settings.billing_day,
        )  # fmt: skip
        return replace(report, due=due, asked_due=True)


def line(due: ToPay | None) -> str:
    """Return what is to pay in a line: `To pay: $236.10 (plans $200.00 + $36.10 that no plan covers)`."""
    if due is None or not (due.charges or due.covers):
        return ""
    sign = "≥" if due.is_floor else ""
    more = "".join(f" + {nano / 1e9:,.2f} {clean(unit, 8)}" for unit, nano in due.unconverted)
    charges = f" in {len(due.charges):,} charges" if len(due.charges) > 1 else ""
    parts = f"plans {money(due.prices)}{charges} + {money(due.uncovered)} that no plan covers"
    return f"To pay: {sign}{money(due.total)}{more} ({parts})\n"
