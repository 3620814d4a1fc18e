"""Plans that are paid for each month, in words: they stand beside what was computed, never in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentui import text
from tokentui.ui import figures, privacy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from tokentui.store.subscriptions import Subscription


def amount(nano: int, currency: str) -> str:
    """Return an amount in its own currency; dots while costs are hidden."""
    if currency == "USD":
        return figures.money(nano)
    return privacy.HIDDEN if privacy.hidden() else f"{nano / 1e9:,.2f} {text.clean(currency, 8)}"


def words(plan: Subscription) -> str:
    """Return what a plan costs and since when: `$200.00 a month since 3 Mar 2026`."""
    until = f" until {_day(plan.last_day)}" if plan.last_day else ""
    return f"{amount(plan.price, plan.currency)} a month since {_day(plan.first_day)}{until}"


def month(plans: Iterable[Subscription], first: date, last: date) -> str:
    """Return what the plans of a month come to, by currency: `plans $40`; nothing without any."""
    sums: dict[str, int] = {}
    for plan in plans:
        if plan.runs(first, last):
            sums[plan.currency] = sums.get(plan.currency, 0) + plan.price
    return "plans " + " + ".join(_short(nano, unit) for unit, nano in sorted(sums.items())) if sums else ""


def monthly(plans: Iterable[Subscription]) -> str:
    """Return what the plans that go on cost, for the title of a card: `$20/mo`."""
    going = [plan for plan in plans if plan.last_day is None]
    return " + ".join(_short(plan.price, plan.currency) for plan in going) + "/mo" if going else ""


def _short(nano: int, currency: str) -> str:
    if currency == "USD":
        return figures.money(nano, 0 if nano % 10**9 == 0 else 2).removesuffix(".00")
    return amount(nano, currency)


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
