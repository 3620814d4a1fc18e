"""Both books of an account in words: what is closed, what the gap is, why it cannot be said, who is late."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tokentui import config, text
from tokentui.engine.explain_books import (
    DAYS,
    BookDay,
    BooksExplained,
    Money,
    billed_on,
    explained,
)
from tokentui.engine.explain_gap import Gap

if TYPE_CHECKING:
    from tokentui.store.queries import Reader
    from tokentui.store.usage_table import Where

CLOSES = "A day closes once it was fetched three days after its end; then no later answer changes it."

STATES = {"closed": "closed", "open": "may change", "unasked": "not told"}
"""The state of a day as a person reads it."""

_MOST_REASONS = 6
"""Reasons for which no gap can be said that are told; each day has its own in JSON."""


def asked(reader: Reader, service: str, account: str, start: date, end: date) -> BooksExplained | None:
    """Return both books of an account for some UTC days; None when the user has not set it up."""
    books = reader.books(service, account, start, end)
    if books is None:
        return None
    from tokentui.engine import account_prices  # 20 ms, with the providers, that logs alone need not spend
    from tokentui.sources import providers

    row, paid = providers.find(service), account_prices.remark(config.paths(os.environ), books.key)
    if row is None:
        return explained(books, service, {}, (paid,))
    return explained(books, row.title, row.capabilities, (paid, *row.notes))


def selected(where: Iterable[Where]) -> tuple[str, str] | None:
    """Return the service and the name of the account that conditions select; None when they select else."""
    conditions = tuple(where)
    if any(each.op != "eq" or each.negated or len(each.values) != 1 for each in conditions):
        return None
    found = {each.field: str(each.values[0]) for each in conditions}
    if len(found) != len(conditions) or "account" not in found:
        return None
    if found.keys() == {"account"}:
        service, _, name = found["account"].partition("/")
        return service, name
    return (found["service"], found["account"]) if found.keys() == {"service", "account"} else None


def command(found: BooksExplained) -> str:
    """Return the `tokentui explain` line that prints the same, quoted for a POSIX shell."""
    from shlex import join

    days = ["--from", found.books.start.isoformat(), "--to", found.books.end.isoformat()]
    return join(["tokentui", "explain", "--account", found.books.key, *days])


def span(start: date | None, end: date | None, today: date) -> tuple[date, date]:
    """Return the UTC days to explain: those that are named, else the last 30; `today` in UTC."""
    last = end or (max(today, start) if start else today)
    if start is None or start <= today:
        last = min(last, today)
    return start or last - timedelta(days=DAYS - 1), last


def widened(start: date | None, end: date | None, today: date) -> tuple[date, date]:
    """Return some days with those before them that make them 30: a single day is never closed yet."""
    first, last = span(start, min(end, today) if end else None, today)
    return min(first, last - timedelta(days=DAYS - 1)), last


def _dollars(nano: int) -> str:
    """Return dollars as they were billed, whatever currency is shown: what is compared has one unit."""
    return text.money(nano, unit=text.DOLLARS)


def amount(nano: int, currency: str) -> str:
    """Return an amount in its own currency: `$1.20`, `1.20 EUR`."""
    if currency == "USD":
        return _dollars(nano)
    return f"{'-' if nano < 0 else ''}{abs(nano) / 10**9:,.2f} {text.clean(currency, 8)}"


def sums(money: Money) -> str:
    """Return amounts side by side, one for each currency; never added."""
    return ", ".join(amount(nano, currency) for currency, nano in money) or text.UNKNOWN


def listed(nano: int | None, unpriced: Iterable[str] = ()) -> str:
    """Return what is computed: `$1.20~`; `≥$1.20~` where a part has no list price."""
    if nano is None:
        return text.UNKNOWN
    return f"{'≥' if tuple(unpriced) else ''}{_dollars(nano)}~"


def gap(found: Gap) -> str:
    """Return a gap: `+$0.12 (+3.4 %)`; `—` where it cannot be said."""
    if found.amount is None:
        return text.UNKNOWN
    sign = "+" if found.amount > 0 else ""
    percent = "" if found.percent is None else f" ({found.percent:+.1f} %)"
    return f"{sign}{_dollars(found.amount)}{percent}"


def billed_of(day: BookDay) -> str:
    """Return what was billed on a day; `nothing` where the provider was asked and named none."""
    if day.billed:
        return sums(day.billed)
    return "nothing" if day.state == "closed" else text.UNKNOWN


def sentences(found: BooksExplained) -> Iterator[str]:
    """Say what the two books come to, and what is to be known of them."""
    yield from bill_words(found)
    both = found.compared
    if both is not None:
        yield (
            f"{_days(both.days)} closed and in both books: billed {_dollars(both.billed)}, at list prices"
            f" {_dollars(both.listed)}~: {gap_words(both.gap)}."
        )
    else:
        yield "No closed day is in both books yet: there is no gap that stays."
    yield from why_words(found)
    if found.unpriced:
        names = ", ".join(text.clean(name, 60) for name in found.unpriced)
        yield f"Without a list price: {names}. What is computed leaves it out."
    for part in found.parts:
        used = f"{text.tokens(part.tokens)} tokens of {text.clean(part.name, 60) or '(no model)'}"
        yield f"Claude Code's own report: {used}; a part of the messages, which counts once."
    for remark in found.remarks:
        yield f"{found.title}: {text.clean(remark, 300)}"


def bill_words(found: BooksExplained) -> Iterator[str]:
    """Say what was billed, what of it is closed, and which days may still change."""
    if not any(day.billed or day.state == "closed" for day in found.days):
        yield "Nothing billed is known of these days."
        return
    shut = [day.day for day in found.days if day.state == "closed"]
    rest = [day for day in found.days if day.state == "open"]
    if shut:
        yield f"Billed on {_days(len(shut))} closed, {ranges(shut)}: {sums(found.billed_closed)}."
    if rest:
        so_far = sums(billed_on(rest))
        yield f"May still change: {ranges(day.day for day in rest)}, billed so far {so_far}."
    yield CLOSES


def gap_words(found: Gap) -> str:
    """Return a gap in words: `billed is $0.12 (3.4 %) less than list prices`."""
    if not found.amount:
        return "billed is exactly the list prices"
    percent = "" if found.percent is None else f" ({abs(found.percent):.1f} %)"
    side = "more" if found.amount > 0 else "less"
    return f"billed is {_dollars(abs(found.amount))}{percent} {side} than list prices"


def why_words(found: BooksExplained) -> Iterator[str]:
    """Say for which days no gap can be said, and why."""
    reasons: dict[str, list[date]] = {}
    for day in found.days:
        if day.gap.why and (day.billed or day.tokens or day.here):
            reasons.setdefault(day.gap.why, []).append(day.day)
    for why, days in sorted(reasons.items(), key=lambda each: -len(each[1]))[:_MOST_REASONS]:
        yield f"No gap for {ranges(days)}: {text.clean(why, 200)}."


def ranges(days: Iterable[date]) -> str:
    """Return days in words: `1 – 18 Nov, 20 Nov`; they are in order."""
    runs: list[list[date]] = []
    for day in days:
        if runs and (day - runs[-1][-1]).days == 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    said = [_run(run[0], run[-1]) for run in runs]
    return ", ".join(said[:4]) + (f" and {len(said) - 4} more" if len(said) > 4 else "")


def _run(first: date, last: date) -> str:
    if first == last:
        return f"{first.day} {first:%b}"
    one_month = (first.year, first.month) == (last.year, last.month)
    return f"{first.day}{'' if one_month else f' {first:%b}'} – {last.day} {last:%b}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
