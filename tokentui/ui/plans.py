"""Plans that are paid for each month, in words, and what is to pay because of them.

They stand beside what was computed, never in it: `engine.paid` says what is to pay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentui import forecast, text
from tokentui.ui import figures, privacy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from tokentui.engine.paid import ToPay
    from tokentui.store.snapshot import Card, Snapshot
    from tokentui.store.subscriptions import Subscription
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.draw import Line

_BOOKS = {
    "billed": "billed", "logs": "at API prices", "listed": "at list prices", "so far": "billed so far",
}  # fmt: skip
"""What stands for days that no plan covers, in words."""


def amount(nano: int, currency: str) -> str:
    """Return an amount in its own currency; dots while costs are hidden."""
    unit = text.shown_currency()
    if currency == "USD":
        return figures.money(nano)
    if privacy.hidden():
        return privacy.HIDDEN
    if currency == unit.code:
        return f"{unit.sign}{nano / 1e9:,.{unit.places}f}"
    return f"{nano / 1e9:,.2f} {text.clean(currency, 8)}"


def key_of(plan: Subscription) -> str:
    """Return a plan's account as people write it: `codex/work`."""
    return f"{plan.service}/{plan.account}" if plan.account else plan.service


def owner(program: TokenTUI, key: str) -> str:
    """Return an account (service/name) as it is shown: its name is hidden where names are."""
    return text.clean(program.veil.name("account", key) if "/" in key and program.veiled else key, 60)


def owner_of(program: TokenTUI, plan: Subscription) -> str:
    """Return a plan's account as it is shown."""
    return owner(program, key_of(plan))


def words(plan: Subscription) -> str:
    """Return what a plan costs and since when: `$200.00 a month since 3 Mar 2026`."""
    until = f" until {_day(plan.last_day)}" if plan.last_day else ""
    return f"{amount(plan.price, plan.currency)} a month since {_day(plan.first_day)}{until}"


def due(snapshot: Snapshot) -> ToPay | None:
    """Return what is to pay for the running month, in the shown currency; None where no plan runs in it."""
    if not any(card.plans for card in snapshot.cards):
        return None
    from tokentui.engine.paid import of_month

    code = text.shown_currency().code
    return of_month(snapshot.cards, snapshot.today, currency=code, billing_day=snapshot.billing_day)


def due_line(found: ToPay) -> Line:
    """Return the sum of what is to pay: `$236.10~`, and beside it what no rate is known of."""
    if privacy.hidden():
        return [(privacy.HIDDEN, "strong")]
    before, after = "≥" if found.is_floor else "", "~" if found.is_computed else ""
    line: Line = [(f"{before}{amount(found.total, found.currency)}{after}", "strong")]
    if found.unconverted:
        line.append(("".join(f" + {amount(nano, unit)}" for unit, nano in found.unconverted), "text"))
    return line


def due_prices(found: ToPay) -> str:
    """Return the part of it that plans cost: `incl. plans $200`."""
    return f"incl. plans {_short(found.prices, found.currency)}"


def due_end(found: ToPay, snapshot: Snapshot, known: int, days_left: int) -> str:
    """Return what it comes to by the month's end: `(end $260.40~)`; nothing where that cannot be said.

    For each of the `days_left` it adds the mean of the last days, of which `known` are known, of the accounts
    that no plan covers today.
    """
    today = snapshot.today
    series = [
        card.billing.daily
        if card.billing and card.billing.billed and card.billing.daily and card.billing.currency == "USD"
        else card.daily_cost
        for card in snapshot.cards
        if not any(plan.runs(today, today) for plan in card.plans)
    ]
    days = [sum(day or 0 for day in column) for column in zip(*filter(None, series), strict=False)][:-1]
    rest = forecast.month_end(0, days[len(days) - min(known, len(days)) :], days_left)
    if not rest or privacy.hidden():
        return ""
    unit = text.shown_currency()
    total = found.total + rest * unit.numerator // unit.denominator
    return f"(end {'≥' if found.is_floor else ''}{amount(total, found.currency)}~)"


def due_of(card: Card, snapshot: Snapshot) -> Line:
    """Return what is to pay for one account this month, and by which books; nothing where no plan runs."""
    every = due(snapshot)
    if every is None:
        return []
    mine = card.service, card.account
    charges = tuple(each for each in every.charges if (each.plan.service, each.plan.account) == mine)
    costs = tuple(each for each in every.costs if (each.service, each.account) == mine)
    found = replace(every, charges=charges, costs=costs)
    parts = [f"{amount(each.amount, each.currency)} {_BOOKS[each.book]}" for each in costs]
    if card.plans:
        said = f"this month, the plan covers {'the rest' if found.uncovered else 'its use'}"
    else:
        said = f"this month: {' + '.join(parts)}" if len(parts) > 1 else "this month, no plan covers it"
    return [("to pay ", "muted"), *due_line(found), (f"  {said}", "muted")] if charges or costs else []


def monthly(plans: Iterable[Subscription]) -> str:
    """Return what the plans that go on cost, for the title of a card: `$20/mo`."""
    going = [plan for plan in plans if plan.last_day is None]
    return " + ".join(_short(plan.price, plan.currency) for plan in going) + "/mo" if going else ""


def called(plans: Iterable[Subscription]) -> str:
    """Return what the plan that goes on is called; empty where it has no name, or several go on."""
    names = [text.clean(plan.name, 20) for plan in plans if plan.last_day is None]
    return names[0] if len(names) == 1 else ""


def _short(nano: int, currency: str) -> str:
    return amount(nano, currency).removesuffix(".00")


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
