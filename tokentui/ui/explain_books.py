"""Both books of an account as the window behind `x` shows them, and the gap between them."""

from __future__ import annotations

from tokentui import text
from tokentui.engine import explain_account as words
from tokentui.engine.explain_books import BookDay, BooksExplained, Item
from tokentui.ui import figures
from tokentui.ui.draw import Line, Span, wrap
from tokentui.ui.explain_lines import Column, table

MOST_ITEMS = 8
"""Lines of a bill, or models, that are shown; `tokentui explain --account … --json` has all."""

_STYLES = {"closed": "muted", "open": "warn", "unasked": "rest"}


def lines(found: BooksExplained, name: str, now: float, width: int) -> list[Line]:
    """Return both books, the newest day first; `now` in UTC seconds."""
    start, end = found.books.start, found.books.end
    days = words.ranges((start,)) if start == end else f"{start:%d %b} – {end:%d %b %Y}"
    drawn: list[Line] = [[(name, "strong"), (f"  {days}, UTC days  ", "muted"), (found.books.key, "muted")]]
    for at, said in enumerate(words.sentences(found)):
        first, *more = wrap(said, max(width - 4, 10))
        style = "text" if at < 1 or said[0].isdigit() else "muted"
        drawn += [[(first, style)], *([("    " + row, style)] for row in more)]
    drawn += [[], *_days(found, now, width)]
    for title, items in (("line of the bill", found.items), ("model on the bill", found.models)):
        drawn += [[], *_billed(title, items, width)] if any(item.name for item in items) else []
    return drawn + ([[], *_used(found, width)] if found.used else [])


def _days(found: BooksExplained, now: float, width: int) -> list[Line]:
    days = [
        day for day in reversed(found.days) if day.billed or day.tokens or day.here or day.state == "open"
    ]  # fmt: skip
    columns = [
        Column("UTC day", 9), Column("state", 6), Column("billed", 8), Column("at list prices", 7),
        Column("gap", 8), Column("tokens", 3), Column("logs here", 5), Column("gap to logs", 2),
        Column("fetched", 1), Column("why there is no gap", 4, text=True),
    ]  # fmt: skip
    rows = [_day(day, found.books.quality, now) for day in days]
    return table(columns, rows, width) if rows else [[("nothing is known of these days", "muted")]]


def _day(day: BookDay, quality: str, now: float) -> list[Span]:
    logs = figures.cost(day.here, quality) if day.here else ""
    age = "" if day.fetched_at is None else text.ago(now - day.fetched_at / 1e6)
    return [
        (f"{day.day.day} {day.day:%b}", "text"),
        (words.STATES[day.state], _STYLES[day.state]),
        (words.billed_of(day), "strong" if day.billed else "muted"),
        (words.listed(day.listed, day.unpriced), "warn" if day.unpriced else "text"),
        (words.gap(day.gap), "strong" if day.gap.amount else "muted"),
        ("" if day.tokens is None else text.tokens(day.tokens), "muted"),
        (logs, "text"),
        (words.gap(day.gap_here) if day.gap_here.amount is not None else "", "muted"),
        (age, "muted"),
        (text.clean(day.gap.why, 80), "muted"),
    ]


def _billed(title: str, items: tuple[Item, ...], width: int) -> list[Line]:
    columns = [Column(title, 8, text=True), Column("billed", 9)]
    rows: list[list[Span]] = [
        [(text.clean(item.name, 80) or "(unnamed)", "text"), (words.sums(item.billed), "strong")]
        for item in items[:MOST_ITEMS]
    ]
    return table(columns, rows, width) + _more(len(items))


def _used(found: BooksExplained, width: int) -> list[Line]:
    columns = [
        Column("model the provider counts", 8, text=True), Column("requests", 3), Column("tokens", 6),
        Column("other", 2), Column("at list prices", 7),
    ]  # fmt: skip
    rows: list[list[Span]] = []
    for item in found.used[:MOST_ITEMS]:
        requests = "" if item.request_count is None else f"{item.request_count:,}"
        listed = words.listed(item.listed, ["x"] if item.unpriced else [])
        rows.append([
            (text.clean(item.name, 80) or "(no model)", "text"), (requests, "muted"),
            (text.tokens(item.tokens), "text"), (f"{item.quantity:,}" if item.quantity else "", "muted"),
            (listed, "warn" if item.unpriced else "strong"),
        ])  # fmt: skip
    return table(columns, rows, width) + _more(len(found.used))


def _more(count: int) -> list[Line]:
    hidden = count - MOST_ITEMS
    return [[(f"and {hidden} more; --json has all", "muted")]] if hidden > 0 else []
