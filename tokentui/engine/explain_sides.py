"""What stands for each day of an account: billed where that is closed, computed for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

from tokentui.engine.explain_books import BookDay, BooksExplained, Money, billed_on
from tokentui.store.snapshot import Usage


@dataclass(frozen=True, slots=True)
class Side:
    """Both books of some days, each for itself."""

    days: tuple[date, ...]
    billed: Money
    listed: int | None
    """The provider's own tokens at list prices, in nano-dollars."""
    unpriced: tuple[str, ...]
    here: Usage
    """What logs on this machine say."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A day in the chart of an account."""

    day: date
    nano: int | None
    book: str
    """`billed`, `logs` or `listed`; `so far` for what is billed of a day that is not closed."""


def shown(found: BooksExplained) -> tuple[str, tuple[Shown, ...]]:
    """Return the currency and the days of an account's chart: billed where closed, computed for the rest.

    The currency is the one with the most of the bill; what is computed is in dollars and never mixed in.
    """
    currency = max(found.billed, key=lambda each: each[1], default=("USD", 0))[0]
    known_here = any(day.here and day.here.request_count for day in found.days)
    return currency, tuple(_shown(day, currency, known_here) for day in found.days)


def _shown(day: BookDay, currency: str, known_here: bool) -> Shown:
    billed = dict(day.billed).get(currency)
    if day.state != "closed" and currency == "USD":
        if known_here:
            return Shown(day.day, day.here.known_cost if day.here else None, "logs")
        if day.listed is not None:
            return Shown(day.day, day.listed, "listed")
    return Shown(day.day, billed, "billed" if day.state == "closed" else "so far")


def sides(found: BooksExplained) -> tuple[Side, Side]:
    """Return both books of the days that are closed, and of the others."""
    return (
        side([day for day in found.days if day.state == "closed"]),
        side([day for day in found.days if day.state != "closed"]),
    )


def side(days: Sequence[BookDay]) -> Side:
    """Return both books of some days."""
    listed = [day.listed for day in days if day.listed is not None]
    used = [day.here for day in days if day.here is not None]
    here = Usage(*(sum(getattr(each, field.name) for each in used) for field in fields(Usage)))
    unpriced = tuple(sorted({name for day in days for name in day.unpriced}))
    return Side(
        tuple(day.day for day in days), billed_on(days), sum(listed) if listed else None, unpriced, here
    )
