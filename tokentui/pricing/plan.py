"""What one model at one provider and tier costs, at every moment: rows in force from cut to cut.

Prices change on days (UTC midnight) and, at DeepSeek, with the time of day. A plan knows the cuts; a
segment is the stretch of time between two of them in which nothing changes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from tokentui.pricing.match import Found
from tokentui.pricing.overlay import Discount, PriceRow
from tokentui.pricing.rates import EXACT, Rates, bands, compiled
from tokentui.pricing.snapshot import Rate, Variant
from tokentui.pricing.supplements import BASE_ONLY, STANDARD, multiple

DAY = 86_400_000_000
"""Microseconds of a day."""

_EPOCH = date(1970, 1, 1).toordinal()
_EVER = 1 << 62
"""Later than any time that a record can have."""

_ONE = Decimal(1)


class Segment(NamedTuple):
    """The rates in force from `start` until before `end` (epoch microseconds)."""

    start: int
    end: int
    limit: int
    """The longest prompt at `rates`; above it `longer` says."""
    rates: Rates | None
    """None: no price."""
    longer: tuple[tuple[int, Rates | None], ...]
    """Rates of long-context requests, each for prompts of more tokens than its number, upwards."""

    def above(self, prompt: int) -> Rates | None:
        """Return the rates of a request by the length of its whole prompt."""
        found = self.rates
        for limit, rates in self.longer:
            if prompt > limit:
                found = rates
        return found


class Own(NamedTuple):
    """A row of the user's."""

    row: PriceRow
    own_tier: bool
    """It is about this very tier and name, so nothing multiplies it."""


class Terms(msgspec.Struct, frozen=True):
    """Everything that decides what a model costs at a provider and tier."""

    service_tier: str
    found: Found | None
    """The model in the price data."""
    own: tuple[Own, ...] = ()
    """The user's rows, the strongest last; from their days on they replace the price data's."""
    discounts: tuple[Discount, ...] = ()
    """The first that fits the day counts; none does where an account's own row is in force."""


class _Price(msgspec.Struct, frozen=True):
    """A row in force, before it is compiled."""

    provider: str
    label: str
    rates: dict[str, Rate]
    factor: Decimal
    """What the tier multiplies the rates of all tokens by."""
    base_only: bool
    """The tier does not reach long-context requests; they pay the standard rates."""
    standard: dict[str, Rate]
    """The rates of the standard tier."""
    account: str = ""
    """The only one that pays it; empty for all."""

    @property
    def claude(self) -> bool:
        """Whether Anthropic's multiples hold: its clouds sell Claude with the same caches and searches."""
        return self.provider == "anthropic" or "claude" in self.label

    def bands(self) -> list[tuple[int, dict[str, Decimal], Decimal]]:
        """Return the rates and their factor by prompt length: the base first, then each longer band."""
        tier = [(above, rates, self.factor) for above, rates in bands(self.rates)]
        if not self.base_only:
            return tier
        return [tier[0], *((above, rates, _ONE) for above, rates in bands(self.standard)[1:])]


class Plan:
    """The price of one model at one provider and tier, over time."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        conditions = _conditions(terms.found)
        days = {date.fromisoformat(each).toordinal() for each in conditions if len(each) == 10}
        days |= {row.since.toordinal() for row, _ in terms.own if row.since > date.min}
        for discount in terms.discounts:
            days |= {discount.since.toordinal(), min(discount.until.toordinal() + 1, date.max.toordinal())}
        self._days = [1, *sorted(days - {1})]
        clocks = chain.from_iterable(each.split("-") for each in conditions if ":" in each)
        self._clocks = sorted({"00:00", *clocks})
        self._cuts = [-_EVER, *((day - _EPOCH) * DAY for day in self._days[1:])]
        self._parts = [(int(each[:2]) * 60 + int(each[3:])) * 60_000_000 for each in self._clocks]
        self._compiled: dict[tuple[int, int], Segment] = {}

    def segment(self, time: int) -> Segment:
        """Return the stretch of unchanged prices that a moment (epoch microseconds) lies in."""
        nth = bisect_right(self._cuts, time) - 1
        start, end = self._cuts[nth], (*self._cuts, _EVER)[nth + 1]
        part = bisect_right(self._parts, time % DAY) - 1
        segment = self._compiled.get((nth, part))
        if segment is None:
            segment = self._compiled[nth, part] = self._compile(nth, self._clocks[part])
        if len(self._parts) > 1:
            midnight = time - time % DAY
            start = max(start, midnight + self._parts[part])
            end = min(end, midnight + (*self._parts, DAY)[part + 1])
        return segment._replace(start=start, end=end)

    def _compile(self, nth: int, clock: str) -> Segment:
        day = date.fromordinal(self._days[nth])
        price = self._price(day, clock)
        if price is None:
            return Segment(0, 0, _EVER, None, ())
        off = None if price.account else self._discount(day)
        percent = off.percent if off else Decimal(0)
        discount = EXACT.divide(Decimal(100) - percent, Decimal(100))
        tail = f" {-percent.normalize():+f}%" if off else ""
        if account := price.account or (off.account if off else ""):
            tail += f" for {account}"
        rates = [
            (
                above,
                compiled(
                    each,
                    factor=factor,
                    discount=discount,
                    claude=price.claude,
                    label=price.label + (f">{above}" if above >= 0 else "") + tail,
                ),
            )
            for above, each, factor in price.bands()
        ]
        longer = tuple(rates[1:])
        return Segment(0, 0, longer[0][0] if longer else _EVER, rates[0][1], longer)

    def _discount(self, day: date) -> Discount | None:
        return next((each for each in self._terms.discounts if each.since <= day <= each.until), None)

    def _price(self, day: date, clock: str) -> _Price | None:
        own = next((each for each in reversed(self._terms.own) if each.row.since <= day), None)
        if own is not None:
            return self._own_price(own, day)
        found = self._terms.found
        if found is None or not found.model.rows:
            return None
        rows = found.model.rows
        row = next((row for row in reversed(rows) if in_force(row.condition, day, clock)), rows[0])
        label = f"{found.provider}/{found.model.id}" + (f"@{row.condition}" if row.condition else "")
        return self._at_tier(_Price(found.provider, label, row.rates, _ONE, False, row.rates), day, clock)

    def _own_price(self, which: Own, day: date) -> _Price | None:
        own, own_tier = which
        found, tier = self._terms.found, self._terms.service_tier
        rates: dict[str, Rate] = {name: str(rate) for name, rate in own.rates.items()}
        provider = own.provider or (found.provider if found else "")
        price = _Price(provider, own.label, rates, _ONE, False, rates, own.account)
        if tier in STANDARD or own_tier:
            return price
        factor = multiple(provider, found.model.id if found else own.model, tier, day)
        return None if factor is None else replace(price, label=f"{own.label}+{tier}", factor=factor)

    def _at_tier(self, price: _Price, day: date, clock: str) -> _Price | None:
        tier, found = self._terms.service_tier, self._terms.found
        if tier in STANDARD or found is None:
            return price
        base_only = found.provider == "openai" and tier in BASE_ONLY
        price = replace(price, label=f"{price.label}+{tier}", base_only=base_only)
        active = [
            each
            for each in found.model.variants
            if each.tier == tier and in_force(each.condition, day, clock)
        ]
        if active:
            # A tier with long-context rates of its own does reach long-context requests.
            own_long = any(isinstance(rate, list) for each in active for rate in each.rates.values())
            rates = _over(active, price.standard)
            return replace(price, rates=rates, base_only=base_only and not own_long)
        factor = multiple(found.provider, found.model.id, tier, day)
        return None if factor is None else replace(price, factor=factor)


def in_force(condition: str, day: date, clock: str) -> bool:
    """Tell whether a condition of the price data holds on a UTC day at a UTC time `HH:MM`."""
    if ":" in condition:
        start, _, end = condition.partition("-")
        return start <= clock < end if start <= end else clock >= start or clock < end
    return condition <= day.isoformat()


def _conditions(found: Found | None) -> set[str]:
    if found is None:
        return set()
    rows, variants = found.model.rows, found.model.variants
    return ({row.condition for row in rows} | {each.condition for each in variants}) - {""}


def _over(variants: Sequence[Variant], standard: dict[str, Rate]) -> dict[str, Rate]:
    """Return the standard rates with those of the variants in their place; the first variant wins."""
    merged = dict(standard)
    for variant in reversed(variants):
        merged |= variant.rates
    return merged

