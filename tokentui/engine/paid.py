"""What is really to pay, where plans are paid for: their prices, and the cost of what no plan covers.

The rule, for some days from `first` to `last`:

* A plan counts its price once for each of its charge days among them: each month the day of the month that
  it began on (in a shorter month its last day), from its first day to its last one. Where the days hold all
  of the running month so far, they reach to the end of that month: its charges count, due or not.
* From its first to its last day a plan covers its account: what these days would have cost at API prices is
  not paid. All other days of an account, and all days of an account without a plan, count with what stands
  for them: billed where the provider's day is closed, computed otherwise (`store.plan_costs`).
* Each amount keeps the currency it is billed in; the sum has another one beside it, at the ECB's rate of the
  charge day (of the last day, for what was used; of today, for a day still to come). An amount whose
  currency has no rate is in no sum, and told by itself.

Two accounts are two payers: a tool that uses the key of an account that is billed here stands in both books,
and a plan at a price of 0 for the tool says that it costs nothing of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from tokentui import periods
from tokentui.frozen import dataclass

if TYPE_CHECKING:
    from tokentui.pricing.exchange import Rate
    from tokentui.store import Reader
    from tokentui.store.snapshot import Card, Uncovered
    from tokentui.store.subscriptions import Subscription


@dataclass(frozen=True, slots=True)
class Charge:
    """A plan's price, on one of the days that it is due."""

    plan: Subscription
    day: date
    nano: int | None
    """In the currency of the sum; None where there is no rate."""


@dataclass(frozen=True, slots=True)
class AccountCost:
    """What an account costs on the days that no plan covers, by one book."""

    service: str
    account: str
    book: str
    """`billed`, `logs`, `listed` or `so far`: see `store.snapshot.Uncovered`."""
    amount: int
    """Nano-units of `currency`."""
    currency: str
    nano: int | None
    """In the currency of the sum; None where there is no rate."""
    is_floor: bool = False


@dataclass(frozen=True, slots=True)
class ToPay:
    """What is to pay for some days."""

    first: date | None
    """None while nothing at all is known."""
    last: date
    currency: str
    """Of the sums: nano-units of it."""
    charges: tuple[Charge, ...]
    costs: tuple[AccountCost, ...]
    covers: bool = False
    """Whether a plan runs on some of the days, with a charge among them or not."""

    @property
    def prices(self) -> int:
        """What the plans cost."""
        return sum(each.nano or 0 for each in self.charges)

    @property
    def uncovered(self) -> int:
        """What accounts cost beside them."""
        return sum(each.nano or 0 for each in self.costs)

    @property
    def total(self) -> int:
        """All of it."""
        return self.prices + self.uncovered

    @property
    def is_computed(self) -> bool:
        """Whether some of it is no bill but computed from list prices."""
        return any(each.nano and each.book in ("logs", "listed") for each in self.costs)

    @property
    def is_floor(self) -> bool:
        """Whether something is missing in it: requests without a price, or what a log left out."""
        return any(each.is_floor for each in self.costs)

    @property
    def unconverted(self) -> tuple[tuple[str, int], ...]:
        """(currency, nano-units) of what is in no sum, as there is no rate for it."""
        found: dict[str, int] = {}
        for charge in self.charges:
            if charge.nano is None:
                found[charge.plan.currency] = found.get(charge.plan.currency, 0) + charge.plan.price
        for cost in self.costs:
            if cost.nano is None:
                found[cost.currency] = found.get(cost.currency, 0) + cost.amount
        return tuple(sorted(found.items()))


Costs = Mapping[tuple[str, str], Sequence["Uncovered"]]
"""What accounts cost beside their plans, by service and name."""


def to_pay(
    plans: Iterable[Subscription], costs: Costs, first: date | None, last: date | None, today: date,
    *, currency: str = "USD", billing_day: int = 1,
) -> ToPay:  # fmt: skip
    """Return what is to pay from `first` to `last`, both included and None for open ends: see above."""
    plans = tuple(plans)
    until = _until(first, last, today, billing_day)
    covers = any(plan.runs(first or date.min, until) for plan in plans)
    charges = tuple(
        Charge(plan, day, _converted(plan.price, plan.currency, currency, min(day, today)))
        for plan in plans
        for day in plan.charges(first or date.min, until)
    )
    at = min(last or today, today)
    used = tuple(
        AccountCost(
            *account, each.book, each.nano, each.currency,
            _converted(each.nano, each.currency, currency, at), each.is_floor,
        )
        for account, found in sorted(costs.items())
        for each in found
    )  # fmt: skip
    return ToPay(first, until, currency, charges, used, covers)


def of_days(
    reader: Reader, first: date | None, last: date | None, today: date, zone: str,
    accounts: frozenset[tuple[str, str]] | None = None, *, currency: str = "USD", billing_day: int = 1,
) -> ToPay:  # fmt: skip
    """Ask the database what is to pay for some days, for some accounts (service, name) or for all.

    Raises PeriodError for an unknown zone.
    """
    plans = reader.subscriptions()
    costs, begins = reader.plan_costs(plans, first, last, zone)
    if accounts is not None:
        plans = tuple(each for each in plans if (each.service, each.account) in accounts)
        costs = {account: found for account, found in costs.items() if account in accounts}
    begins = min([day for day in (begins, *(plan.first_day for plan in plans)) if day], default=None)
    found = to_pay(plans, costs, first, last, today, currency=currency, billing_day=billing_day)
    return replace(found, first=first or begins)


def of_month(
    cards: Iterable[Card], today: date, *, currency: str = "USD", billing_day: int = 1
) -> ToPay | None:
    """Return what is to pay for the running month by the cards; None where no plan has to do with it."""
    first, last = periods.billing_month(today, billing_day)
    cards = list(cards)
    plans = [plan for card in cards for plan in card.plans if plan.runs(first, last)]
    if not plans:
        return None
    costs = {(card.service, card.account): card.uncovered for card in cards}
    return to_pay(plans, costs, first, last, today, currency=currency, billing_day=billing_day)


def _until(first: date | None, last: date | None, today: date, billing_day: int) -> date:
    """Return up to which day charges count."""
    begins, ends = periods.billing_month(today, billing_day)
    if (first is None or first <= begins) and (last is None or today <= last):
        return max(ends, last or ends)
    return last or today


def _converted(nano: int, unit: str, currency: str, day: date) -> int | None:
    """Return an amount in another currency, at the rates of a day; None where there is none."""
    if unit == currency:
        return nano
    given, wanted = _rate(unit, day), _rate(currency, day)
    return None if given is None or wanted is None else wanted.convert(given.dollars(nano))


@lru_cache(maxsize=256)
def _rate(code: str, day: date) -> Rate | None:
    from tokentui.pricing import exchange  # the price data comes with the package: 20 ms

    try:
        return exchange.newest(code, day)
    except exchange.RateUnknown:
        return None
