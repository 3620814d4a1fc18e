"""The gap between the two books of an account: what its provider billed, and what it comes to at list prices.

For each UTC day: what was billed, what the provider's own tokens cost at list prices, what logs here say.
A gap is billed minus computed, in nano-dollars; its percentage is of what was computed. Where it cannot
be said, the reason stands in its place. Currencies are never converted and never added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from tokentui.billing import Capability, Feature
from tokentui.engine.explain_gap import Gap, State, gap, gap_of, why_no_bill, why_no_list, why_no_logs
from tokentui.store.books import Books, answered, closed, day_of
from tokentui.store.card_billing import PART_OF_MESSAGES
from tokentui.store.ledger import BilledSum, StoredState
from tokentui.store.snapshot import Usage

DAYS = 30
"""Days that are explained when nobody names any, today's included."""

Money = tuple[tuple[str, int], ...]
"""(currency, nano-units), by currency."""


@dataclass(frozen=True, slots=True)
class BookDay:
    """What both books say of a UTC day."""

    day: date
    billed: Money
    state: State
    """`closed`: no later answer changes it; `open`: it may; `unasked`: the provider has not told it."""
    fetched_at: int | None
    """UTC epoch microseconds, the oldest of its figures."""
    request_count: int | None
    tokens: int | None
    """What the provider says was used; None where it says nothing."""
    listed: int | None
    """That at list prices, in nano-dollars: the part that has one."""
    unpriced: tuple[str, ...]
    """What was used without a list price."""
    here: Usage | None
    """What logs on this machine say."""
    gap: Gap
    """To what is listed."""
    gap_here: Gap
    """To what logs here say."""


@dataclass(frozen=True, slots=True)
class Item:
    """A model, or a line of the bill."""

    name: str
    billed: Money = ()
    request_count: int | None = None
    tokens: int = 0
    quantity: int = 0
    listed: int | None = None
    unpriced: bool = False
    """Some or all of it has no list price."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What both books say of the closed days of which a gap is known."""

    days: int
    billed: int
    listed: int
    gap: Gap


@dataclass(frozen=True, slots=True)
class BooksExplained:
    """Both books of an account, day by day and item by item."""

    books: Books
    title: str
    days: tuple[BookDay, ...]
    """Every day asked for, oldest first."""
    billed: Money
    billed_closed: Money
    """The part of it that no later answer changes."""
    listed: int | None
    unpriced: tuple[str, ...]
    compared: Compared | None
    models: tuple[Item, ...]
    """What was billed, by model; empty where the bill names none."""
    items: tuple[Item, ...]
    """What was billed, by line."""
    used: tuple[Item, ...]
    """What the provider says was used, by model; by its kind where it names none."""
    parts: tuple[Item, ...]
    """What is told a second time, as a part of that: Claude Code's own report."""
    remarks: tuple[str, ...]
    """What the provider says of its figures, of their delay for one."""


def explained(
    books: Books, title: str, offers: Mapping[Feature, Capability], notes: Iterable[str] = ()
) -> BooksExplained:
    """Return both books of an account with the gap between them.

    `offers` is what its provider can tell, `notes` what is known of the provider's figures.
    """
    states: dict[str, StoredState] = {each.feature: each for each in books.states}
    cost = [row for row in books.sums if row.feature == "cost" and row.cost is not None]
    history = [row for row in books.sums if row.feature == "history"]
    used = [row for row in history if row.operation != PART_OF_MESSAGES]
    here = dict(books.here)
    by_day = _by_day(cost), _by_day(used)
    days = tuple(
        _day(day, by_day[0].get(day, []), by_day[1].get(day, []), here.get(day), books, states, offers)
        for day in (books.start + timedelta(days=n) for n in range((books.end - books.start).days + 1))
    )
    told = [note for state in books.states for note in state.notes]
    offered = [_of_figures(offers[name].note) for name in ("cost", "history") if name in offers]
    return BooksExplained(
        books, title, days,
        billed=money(cost), billed_closed=billed_on(day for day in days if day.state == "closed"),
        listed=listed(used), unpriced=_unpriced(used), compared=_compared(days),
        models=_items((row for row in cost if row.model), "model"), items=_items(cost, "operation"),
        used=_items(used, "use"), parts=_items((row for row in history if row not in used), "use"),
        remarks=tuple(dict.fromkeys(each for each in (*notes, *told, *offered) if each)),
    )  # fmt: skip


def _of_figures(note: str) -> str:
    """Return what a note says of the figures; which key they need is told where an account is set up."""
    return note.partition("; ")[2] if note.startswith("needs ") else note


def money(rows: Iterable[BilledSum]) -> Money:
    """Return what some rows come to, by currency."""
    return _summed((row.currency, row.cost) for row in rows if row.cost is not None)


def billed_on(days: Iterable[BookDay]) -> Money:
    """Return what was billed on some days, by currency."""
    return _summed(each for day in days for each in day.billed)


def _summed(amounts: Iterable[tuple[str, int]]) -> Money:
    found: dict[str, int] = {}
    for currency, nano in amounts:
        found[currency] = found.get(currency, 0) + nano
    return tuple(sorted(found.items()))


def listed(rows: Iterable[BilledSum]) -> int | None:
    """Return what some rows cost at list prices, in nano-dollars; None where none of them has one."""
    known = [row.computed_cost for row in rows if row.computed_cost is not None]
    return sum(known) if known else None


def tokens(row: BilledSum) -> int:
    """Return all tokens of a row."""
    return (
        row.uncached_input_tokens + row.cache_read_input_tokens + row.cache_creation_5m_input_tokens
        + row.cache_creation_1h_input_tokens + row.output_tokens
    )  # fmt: skip


def _by_day(rows: Iterable[BilledSum]) -> dict[date, list[BilledSum]]:
    found: dict[date, list[BilledSum]] = {}
    for row in rows:
        found.setdefault(day_of(row.day), []).append(row)
    return found


def _day(
    day: date, cost: list[BilledSum], used: list[BilledSum], here: Usage | None, books: Books,
    states: Mapping[str, StoredState], offers: Mapping[Feature, Capability],
) -> BookDay:  # fmt: skip
    state = states.get("cost")
    if cost:
        known: State = "closed" if all(row.closed for row in cost) else "open"
    elif books.longest_days > 1:
        known = "unasked"
    else:
        known = "closed" if closed(state, day) else "open" if answered(state, day) else "unasked"
    why = why_no_bill(cost, known, books.longest_days, state, offers)
    billed = sum(row.cost or 0 for row in cost)
    unpriced, computed = _unpriced(used), listed(used)
    return BookDay(
        day, money(cost), known,
        fetched_at=min((row.fetched_at for row in (*cost, *used)), default=None),
        request_count=_added(row.request_count for row in used),
        tokens=sum(map(tokens, used)) if used else None,
        listed=computed, unpriced=unpriced, here=here,
        gap=gap(billed, computed, why or why_no_list(used, unpriced, computed, states, offers)),
        gap_here=gap(billed, here.known_cost if here else None, why or why_no_logs(here)),
    )  # fmt: skip


def _unpriced(rows: Iterable[BilledSum]) -> tuple[str, ...]:
    """Return what has no list price: its models, or the kind of use where no model is named."""
    names = (row.model or row.operation or "(unnamed)" for row in rows if row.unpriced_count)
    return tuple(sorted(set(names)))


def _compared(days: Iterable[BookDay]) -> Compared | None:
    both = [each for each in days if each.state == "closed" and each.gap.amount is not None]
    if not both:
        return None
    computed = sum(each.listed or 0 for each in both)
    billed = computed + sum(each.gap.amount or 0 for each in both)
    return Compared(len(both), billed, computed, gap_of(billed, computed))


def _items(rows: Iterable[BilledSum], field: Literal["model", "operation", "use"]) -> tuple[Item, ...]:
    """Return rows by a field, the dearest first, then the largest."""
    found: dict[str, list[BilledSum]] = {}
    for row in rows:
        name = {"model": row.model, "operation": row.operation, "use": row.model or row.operation}[field]
        found.setdefault(name, []).append(row)
    items = [
        Item(
            name, money(own), _added(row.request_count for row in own), sum(map(tokens, own)),
            sum(row.quantity or 0 for row in own), listed(own), any(row.unpriced_count for row in own),
        )
        for name, own in found.items()
    ]  # fmt: skip
    return tuple(sorted(items, key=_rank))


def _rank(item: Item) -> tuple[int, int, int, str]:
    billed = max((amount for _, amount in item.billed), default=0)
    return -billed, -(item.listed or 0), -item.tokens, item.name


def _added(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
