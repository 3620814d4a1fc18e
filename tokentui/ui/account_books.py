"""What a provider says of an account, on its page: the bill, the other book beside it, balances, state.

Billed and computed stand side by side, each under its own name; they are never added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from tokentui import periods, text
from tokentui.engine import account_words
from tokentui.engine import explain_account as words
from tokentui.engine.explain_books import BooksExplained, Item, Money, money
from tokentui.engine.explain_sides import Shown, shown, sides
from tokentui.store.books import day_of
from tokentui.ui import figures
from tokentui.ui.draw import Line, Span, bars, beside, box, cut, fit, length, spread, wrap
from tokentui.ui.explain_lines import Column, table

if TYPE_CHECKING:
    from tokentui.store import Reader
    from tokentui.store.ledger import BilledSum

MONTHS = 12
MOST_ITEMS = 5
_ROWS = 3
_GAP = 3
_STATES = {
    "ok": "ok", "new": "muted", "off": "muted", "degraded": "warn", "locked": "warn", "open": "crit",
    "key-rejected": "crit",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider says of an account."""

    days: BooksExplained
    """Of the last 30 UTC days."""
    months: tuple[tuple[date, Money], ...]
    """What was billed in each of the last 12 months (UTC), oldest first, by its first day."""


def told(reader: Reader, service: str, account: str, now: float) -> Told | None:
    """Return what an account's provider says; None where it has none. Called where questions are answered."""
    today = datetime.fromtimestamp(now, UTC).date()
    found = words.asked(reader, service, account, *words.span(None, None, today))
    if found is None:
        return None
    months = [today.replace(day=1)]
    while len(months) < MONTHS:
        months.insert(0, periods.month_of(months[0] - timedelta(days=1))[0])
    start = datetime(months[0].year, months[0].month, 1, tzinfo=UTC)
    rows = reader.billed(round(start.timestamp() * 1e6), round((now + 86_400) * 1e6), "cost")
    own = [row for row in rows if (row.service, row.account) == (service, account)]
    by_month: dict[date, list[BilledSum]] = {}
    for row in own:
        by_month.setdefault(day_of(row.day).replace(day=1), []).append(row)
    return Told(found, tuple((month, money(by_month.get(month, ()))) for month in months))


def books(known: Told, width: int, now: float) -> list[Line]:
    """Return the bill with what was computed beside it, then how its provider answers.

    One frame, for an edge is 350 bytes; `now` in UTC seconds.
    """
    inner = width - 4
    found = known.days
    drawn = [*_charts(known, inner), *_sides(found, inner)]
    both = found.compared
    if both is not None:
        days = "1 closed day" if both.days == 1 else f"{both.days} closed days"
        said = wrap(f"{words.gap_words(both.gap)} on {days}", inner)
        drawn += [[(row, "text")] for row in said]
        if length(drawn[-1]) + 14 <= inner:
            drawn[-1].append(("  x shows each", "muted"))
    drawn += [*_items(found, inner), [], *_answers(found, inner, now)]
    title: Line = [("Billed and computed", "strong")]
    return box(drawn, width, title, [("UTC days", "muted")], [], "frame", heavy=False)


def _answers(found: BooksExplained, width: int, now: float) -> list[Line]:
    """Return what is left, how asking the provider goes, and the limits that the user set."""
    plan = next((state.plan for state in found.books.states if state.plan), "")
    title: Line = [(text.clean(found.title, 40), "strong"), (f" {text.clean(plan, 40)}".rstrip(), "muted")]
    title += [] if found.books.is_active else [("  paused", "warn")]
    drawn = [title, *_balances(found, width, now), *_states(found, width, now), *_allowed(found)]
    for remark in found.remarks:
        drawn += [[(row, "muted")] for row in wrap(text.clean(remark, 300), width)]
    return drawn


def _charts(known: Told, width: int) -> list[Line]:
    """Return 30 days and 12 months, side by side where there is room for both."""
    currency, days = shown(known.days)
    if not any(day.nano for day in days) and not any(dict(total).get(currency) for _, total in known.months):
        return [[("nothing billed or counted is known of the last 30 days", "muted")]]
    wide = width >= 90
    size = (width - _GAP) // 2 if wide else width
    parts = [_days(days, currency, size), _months(known.months, currency, size)]
    if wide:
        return [beside([(one, size), (other, size)], _GAP) for one, other in zip(*parts, strict=True)]
    return [*parts[0], *parts[1]]


def _days(days: Sequence[Shown], currency: str, width: int) -> list[Line]:
    most = max(days, key=lambda day: day.nano or 0)
    scale = max(1, min(width // len(days), 3))
    shut = [day.book == "billed" for day in days]
    drawn: list[Line] = []
    for row in bars([day.nano for day in days], _ROWS):
        line: Line = []
        for block, closed in zip(row, shut, strict=True):
            style = "bar" if closed else "warn"
            if line and line[-1][1] == style:
                line[-1] = (line[-1][0] + block * scale, style)
            else:
                line.append((block * scale, style))
        drawn.append(line)
    # The rule below the days says which are closed, also where there are no colours.
    rule: Line = [("".join(("─" if closed else "┄") * scale for closed in shut), "muted")]
    heading: Line = [("last 30 days", "muted"), (_open_words(days), "muted")]
    right: Line = [(f"most {words.amount(most.nano or 0, currency)} · {most.day:%d %b}", "muted")]
    if length(heading) + length(right) < width:
        heading = spread(heading, right, width)
    return [heading, *drawn, rule]


def _open_words(days: Sequence[Shown]) -> str:
    """Return what stands for the days that are not closed: `  ┄ computed from logs here`."""
    names = {"logs": "computed from logs here", "listed": "at list prices", "so far": "billed so far"}
    found = dict.fromkeys(names[day.book] for day in days if day.book in names and day.nano)
    return f"  ┄ {', '.join(found)}" if found else ""


def _months(months: Sequence[tuple[date, Money]], currency: str, width: int) -> list[Line]:
    values = [dict(total).get(currency) for _, total in months]
    whole = sum(value for value in values if value)
    figure = words.amount(whole, currency) if any(values) else text.UNKNOWN
    heading: Line = [(f"billed in {MONTHS} months  ", "muted"), (figure, "strong")]
    scale = max(1, min(width // len(months), 4))
    rows: list[Line] = [[("".join(block * scale for block in row), "bar")] for row in bars(values, _ROWS)]
    first, last = f"{months[0][0]:%b %Y}", f"{months[-1][0]:%b %Y}"
    axis: Line = [(first + fit(last, max(scale * len(months) - len(first), len(last) + 1), ">"), "muted")]
    return [heading, *rows, axis]


def _sides(found: BooksExplained, width: int) -> list[Line]:
    """Return both books of the days that are closed and of those that are not, each under its name."""
    both = sides(found)
    named = zip(("closed", "not closed"), both, strict=True)
    titles = [f"{name} {words.ranges(each.days)}" if width >= 90 else name for name, each in named]
    columns = [Column("", 9, text=True), Column(titles[0], 8), Column(titles[1], 7)]
    rows: list[list[Span]] = []
    if found.billed:
        rows.append(_row("billed", [words.sums(each.billed) for each in both], 0))
    if found.listed is not None:
        listed = [words.listed(each.listed, each.unpriced) for each in both]
        rows.append(_row("its tokens at list prices" if width >= 60 else "list prices", listed, 1))
    if found.books.here:
        quality = found.books.quality
        costs = [figures.cost(each.here, quality) if each.here.request_count else "" for each in both]
        rows.append(_row("logs here", costs, 1))
    return [[], *table(columns, rows, width)] if rows else []


def _row(name: str, cells: Sequence[str], strong: int) -> list[Span]:
    styled = [(cell or text.UNKNOWN, "strong" if at == strong else "muted") for at, cell in enumerate(cells)]
    return [(name, "text"), *styled]


def _items(found: BooksExplained, width: int) -> list[Line]:
    """Return the bill by model and by line, and what the provider counts, side by side if there is room."""
    parts = []
    for title, items in (("billed by model", found.models), ("billed by line", found.items)):
        if any(item.name for item in items):
            columns = [Column(title, 8, text=True), Column("", 9)]
            parts.append((columns, [_billed(item) for item in items[:MOST_ITEMS]], len(items)))
    if found.used:
        columns = [
            Column("provider counts", 8, text=True), Column("requests", 2), Column("tokens", 6),
            Column("list price", 7),
        ]  # fmt: skip
        parts.append((columns, [_used(item) for item in found.used[:MOST_ITEMS]], len(found.used)))
    wide = width >= 90 and len(parts) > 1
    size = (width - _GAP * (len(parts) - 1)) // len(parts) if wide else width
    drawn = [[*table(columns, rows, size), *_more(count)] for columns, rows, count in parts]
    if not wide:
        return [line for part in drawn for line in ([], *part)]
    rows_ = max(map(len, drawn))
    padded = [[*part, *([[]] * (rows_ - len(part)))] for part in drawn]
    return [[], *(beside([(part[row], size) for part in padded], _GAP) for row in range(rows_))]


def _billed(item: Item) -> list[Span]:
    return [(text.clean(item.name, 60) or "(unnamed)", "text"), (words.sums(item.billed), "strong")]


def _used(item: Item) -> list[Span]:
    requests = "" if item.request_count is None else f"{item.request_count:,}"
    listed = words.listed(item.listed, ["x"] if item.unpriced else [])
    counted = text.tokens(item.tokens) if item.tokens or not item.quantity else f"{item.quantity:,} units"
    return [
        (text.clean(item.name, 60) or "(unnamed)", "text"), (requests, "muted"), (counted, "text"),
        (listed, "warn" if item.unpriced else "muted"),
    ]  # fmt: skip


def _more(count: int) -> list[Line]:
    return [[(f"and {count - MOST_ITEMS} more", "muted")]] if count > MOST_ITEMS else []


def _balances(found: BooksExplained, width: int, now: float) -> list[Line]:
    """Return what is left, and how it went: `credits  $18.00 of $50.00  36 % left  ▇▅▃▁`."""
    drawn: list[Line] = []
    for each in found.books.balances:
        at, left = each.amounts[-1]
        line: Line = [
            (fit(text.clean(each.kind, 20), 10), "muted"), (words.amount(left, each.currency), "strong")
        ]  # fmt: skip
        if each.granted and each.granted > 0:
            line.append((f" of {words.amount(each.granted, each.currency)}", "muted"))
            line.append((f"  {text.percent(max(0.0, 100 * left / each.granted))} left", "text"))
        if len(each.amounts) > 1:
            past = [max(amount, 0) for _, amount in each.amounts][-24:]
            since = datetime.fromtimestamp(each.amounts[-len(past)][0] / 1e6, UTC)
            line += [("  ", ""), (bars(past)[0], "bar"), (f"  since {since:%d %b}", "muted")]
        line.append((f"  changed {_ago(at, now)}, seen {_ago(each.last_seen_at, now)}", "muted"))
        drawn.append(cut(line, width))
    return drawn


def _states(found: BooksExplained, width: int, now: float) -> list[Line]:
    """Return how each question is answered; what is wrong stands below it."""
    drawn: list[Line] = []
    for state in found.books.states:
        word = account_words.WORDS.get(state.status, state.status)
        last = state.last_success_at
        line: Line = [
            (fit(state.feature, 10), "muted"), (fit(word, 14), _STATES.get(state.status, "text")),
            ("never answered" if last is None else f"answered {_ago(last, now)}", "text"),
        ]  # fmt: skip
        if found.books.is_active and state.next_due:
            wait = state.next_due / 1e6 - now
            line.append((f"  next {text.countdown(wait)}" if wait > 0 else "  next now", "muted"))
        drawn.append(cut(line, width))
        for said, style in ((state.error, "warn"), (state.hint, "muted")):
            drawn += [[("  " + row, style)] for row in wrap(text.clean(said, 300), width - 2) if said]
    return drawn


def _allowed(found: BooksExplained) -> list[Line]:
    """Return the limits that the user set."""
    allowed = found.books.allowed
    parts = [
        f"{name} {shown}"
        for name, shown in (
            ("a month", text.money(allowed.monthly) if allowed.monthly else ""),
            ("a session", text.money(allowed.session) if allowed.session else ""),
            ("a month", f"{text.tokens(allowed.tokens)} tokens" if allowed.tokens else ""),
        )
        if shown
    ]
    return [[(fit("your limit", 12), "muted"), (" · ".join(parts), "text")]] if parts else []


def _ago(at: int, now: float) -> str:
    age = text.ago(now - at / 1e6)
    return age if age == "now" else f"{age} ago"
