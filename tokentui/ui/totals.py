"""The strip on top of the Overview: today, the month, what is to pay, its end, tokens, cache, 30 days."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tokentui import forecast, text
from tokentui.moments import moment
from tokentui.periods import billing_month
from tokentui.store.snapshot import Usage
from tokentui.ui import figures, plans, privacy
from tokentui.ui.draw import Line, bars, beside, cut, length
from tokentui.ui.zones import zone_of

if TYPE_CHECKING:
    from tokentui.store.snapshot import Card, Snapshot


class Total(NamedTuple):
    """One figure of the strip."""

    label: str
    short: str
    """The label where there is little room."""
    value: Line
    detail: Line
    more: str = ""
    """What stands behind the first part of the value where there is room."""

    @property
    def whole(self) -> Total:
        """The same with all there is to say."""
        value = [self.value[0], (f" {self.more}", "text"), *self.value[1:]] if self.more else self.value
        return self._replace(value=value, more="")


def lines(snapshot: Snapshot | None, width: int, rows: int, monthly_budget: float = 0.0) -> list[Line]:
    """Return the strip in three rows, two, or (below 60 cells) as running text.

    `monthly_budget` is the setting: dollars, 0 for none.
    """
    totals = of(snapshot, monthly_budget)
    if width < 60:
        return _running(totals, width, rows)
    if rows < 3:
        totals = [total._replace(detail=[]) for total in totals if total.label != _LAST_DAYS]
    gap, room = 2, width - 3
    least = [max(length(total.value), len(total.label), length(total.detail)) for total in totals]
    while len(least) > 2 and sum(least) + gap * (len(least) - 1) > room:  # the last ones give way
        least.pop()
    totals = totals[: len(least)]
    for number, total in enumerate(totals):
        more = max(length(total.whole.value) - least[number], 0)
        if sum(least) + more + gap * (len(least) - 1) <= room:
            totals[number], least[number] = total.whole, least[number] + more
    spare = max(0, room - sum(least) - gap * (len(least) - 1)) // len(least)
    widths = [size + spare for size in least]
    strip = [
        beside([([(total.label, "muted")], size) for total, size in zip(totals, widths, strict=True)], gap),
        beside([(total.value, size) for total, size in zip(totals, widths, strict=True)], gap),
    ]
    if rows > 2:
        strip.append(beside([(total.detail, size) for total, size in zip(totals, widths, strict=True)], gap))
    return [cut([("  ", ""), *line], width) for line in strip]


def of(snapshot: Snapshot | None, monthly_budget: float = 0.0) -> list[Total]:
    """Return the totals of a snapshot; before the first one nothing is known."""
    if snapshot is None:
        unknown: Line = [(text.UNKNOWN, "muted")]
        return [Total(*names, unknown, []) for names in (_TODAY, _MONTH, _TOKENS, _CACHE)]
    today = snapshot.totals_today
    # A sum is a lower bound as soon as one of its parts is.
    floors = [card for card in snapshot.cards if card.quality == "floor"]
    now = "floor" if any(card.today.request_count for card in floors) else "exact"
    count = f"  {figures.requests(today.request_count)}"
    parts = f"{text.tokens(today.input_tokens)} in · {text.tokens(today.output_tokens)} out"
    days = _days(snapshot)
    lately = figures.quality_of(_services(snapshot, range(30)), snapshot.cards)
    return [
        _spent_today(snapshot, now),
        *_month(snapshot, floors, days, budget(snapshot, monthly_budget)),
        Total(*_TOKENS, [(figures.tokens(today, now), "strong"), (count, "text")], [(parts, "muted")]),
        Total(*_CACHE, [(figures.cache_read(today), "strong")], [("of today's input", "muted")]),
        Total(
            _LAST_DAYS, "30 days",
            [(figures.cost(figures.total(day for day in days if day), lately), "strong")],
            [("".join(bars([day.cost if day else None for day in days])), "bar")],
        ),
    ]  # fmt: skip


def budget(snapshot: Snapshot, monthly_budget: float) -> int | None:
    """Return what a month may cost in nano-dollars; None where nothing says so.

    `monthly_budget` is the setting, in dollars. Without it (0) it is the sum of the monthly limits of the
    accounts whose logs were used this month or lately, if each of them has one: it is compared with the
    cost that logs come to, so both sides are of the same accounts. What only a provider bills is on neither.
    """
    if monthly_budget:
        return round(monthly_budget * 10**9)
    spending = [card for card in snapshot.cards if card.month.cost or any(card.daily_cost)]
    limits = [(card.billing or card).monthly_limit or 0 for card in spending]
    return sum(limits) if limits and all(limits) else None


_TODAY = ("Today", "Today")
_MONTH = ("This month", "Month")
_DUE = ("To pay", "To pay")
_TOKENS = ("Tokens today", "Tokens")
_CACHE = ("Cache read", "Cache")
_LAST_DAYS = "Last 30 days"


def _spent_today(snapshot: Snapshot, quality: str) -> Total:
    """Return today's cost, and its change against yesterday at the same time of day."""
    today, before = snapshot.totals_today, snapshot.yesterday_so_far
    value: Line = [(figures.cost(today, quality), "strong")]
    if snapshot.yesterday_until is None:
        return Total(*_TODAY, value, [])
    if change := figures.change(today.known_cost, before.known_cost):
        value.append((f"  {change}", "accent" if change.startswith("▲") else "muted"))
    past = figures.quality_of(_services(snapshot, range(1, 2)), snapshot.cards)
    until = moment(snapshot.yesterday_until).astimezone(zone_of(snapshot))
    return Total(*_TODAY, value, [(f"{figures.cost(before, past)} yesterday by {until:%H:%M}", "muted")])


def _month(snapshot: Snapshot, floors: list[Card], days: list[Usage | None], most: int | None) -> list[Total]:
    """Return the month so far and, where that can be said, what it comes to."""
    month, today = snapshot.totals_month, snapshot.today
    quality = "floor" if any(card.month.request_count for card in floors) else "exact"
    first, last = billing_month(today, snapshot.billing_day)
    until = f"{today.day}" if first.month == today.month else f"{today:%b} {today.day}"
    told: Line = [(f"{first:%b} {first.day}–{until} · {figures.requests(month.request_count)}", "muted")]
    value: Line = [(figures.cost(month, quality), "strong")]
    paid = plans.due(snapshot)
    if paid is not None:
        told = [(told[0][0].partition(" · ")[0] + " at API prices", "muted")]
    so_far = [Total(*_MONTH, value, told)]
    known = 0 if snapshot.first_day is None else (today - snapshot.first_day).days
    if paid is not None:
        ends = plans.due_end(paid, snapshot, known, (last - today).days)
        so_far.append(Total(*_DUE, plans.due_line(paid), [(plans.due_prices(paid), "muted")], ends))
    complete = [day.cost if day else 0 for day in days[:-1]]
    lived = complete[len(complete) - min(known, len(complete)) :]
    end = forecast.ends(month.cost, lived, (last - today).days, most)
    if end.amount is None or month.known_cost is None or not month.cost:
        return so_far
    lately = figures.quality_of(_services(snapshot, range(30)), snapshot.cards)
    partly = any(day and day.unpriced_request_count for day in days)
    sign = "≥" if quality == "floor" or lately == "floor" or partly or month.unpriced_request_count else ""
    said = privacy.HIDDEN if privacy.hidden() else f"{sign}{figures.money(end.amount)}~"
    comes_to: Line = [(said, "strong")]
    if end.word in ("CRIT", "WARN"):  # OK needs no word
        comes_to.append((f" {end.word}", end.word.lower()))
    told = [("at the rate of 28 days", "muted")]
    if most is not None:
        told = [(f"{text.percent(100 * month.cost / most)} of {figures.money(most, 0)} spent", "muted")]
    likely = figures.between(end.ends_in)
    return [*so_far, Total(_MONTH_END, "End", comes_to, told, f"({likely})" if likely else "")]


_MONTH_END = "Month end"


def _days(snapshot: Snapshot) -> list[Usage | None]:
    """Return the use of each of the last 30 days, oldest first; None for an idle one."""
    by_age = {
        (snapshot.today - day.day).days: figures.total(usage for _, usage in day.by_service)
        for day in snapshot.days
    }
    return [by_age.get(age) for age in reversed(range(30))]


def _services(snapshot: Snapshot, ages: range) -> set[str]:
    """Return the services that were used on the days so long ago."""
    days = [day for day in snapshot.days if (snapshot.today - day.day).days in ages]
    return {service for day in days for service, _ in day.by_service}


def _running(totals: list[Total], width: int, rows: int) -> list[Line]:
    """Return what was spent, what the month comes to, and what was used, as far as there is room."""
    by_label = {total.label: total for total in totals}
    end = _MONTH_END if _MONTH_END in by_label else _CACHE[0]
    last = _DUE[0] if _DUE[0] in by_label else _TOKENS[0]
    strip: list[Line] = []
    for pair in ((_TODAY[0], _MONTH[0]), (end, last)):
        left, right = (by_label[label] for label in pair)
        named = left.label == _MONTH_END and len(left.label) + length(left.value) + 2 <= width
        label = left.label if named else left.short
        line: Line = [(f" {label} ", "muted"), *left.value]
        while length(line) > width and len(line) > 2:  # rather no change than a part of one
            line.pop()
        more: Line = [(f"  {right.short} ", "muted"), *right.value]
        alone = [line[0], *left.whole.value]
        if length(line) + length(more) <= width:
            line += more
        elif length(alone) <= width:
            line = alone
        strip.append(cut(line, width))
    return strip[:rows]
