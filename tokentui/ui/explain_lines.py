"""An explanation as the window shows it: prices, doubts, the largest requests, the logs behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, NamedTuple

from tokentui import sources, text
from tokentui.engine import explain_words as words
from tokentui.engine.explain import FLAG_WORDS, Explained, PriceInWords
from tokentui.store.explain import Explanation, Logs, Request, flag_names
from tokentui.ui import privacy
from tokentui.ui.draw import Line, Span, fit, length, wrap
from tokentui.ui.selections import days_in_words, heading
from tokentui.usage import moment, renamed

if TYPE_CHECKING:
    from tokentui.engine.explain_books import BooksExplained

MOST_ROWS = 30
"""Price rows shown; `tokentui explain --json` has all."""

_GAP = 2
_LEAST = 18
"""Cells that text keeps while there are figures that matter less."""


class Copies(NamedTuple):
    """How often the logs of a source name a request that is stored once."""

    source: str
    read: int
    """Requests that were read from the files there are, copies included."""
    kept: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found out about a figure."""

    found: Explained
    copies: tuple[Copies, ...]
    books: BooksExplained | None = None
    """What its provider says, where the figure is that of one account which has a provider."""


class Column(NamedTuple):
    """One column of a table; those of the lowest rank give way first."""

    title: str
    rank: int
    text: bool = False
    """Stands on the left and gives way in its width."""


def lines(answer: Answer, title: str, command: str, zone: tzinfo, now: float, width: int) -> list[Line]:
    """Return the explanation, `width` cells wide; `now` in UTC seconds. `command` says what prints it."""
    explanation = answer.found.explanation
    if answer.books is not None:
        told = _both(answer.books, title, now, width)
        if explanation.elsewhere is not None:
            return told
        title = "Computed from logs here"
        alone = lines(replace(answer, books=None), title, command, zone, now, width)
        return [*told, [], [("─" * width, "rest")], [], *alone]
    drawn = [*_head(explanation, title, zone)]
    if explanation.elsewhere is not None:
        looked_for = f"{title}, {days_in_words(explanation.query)}"
        said = words.nothing(explanation, explanation.elsewhere, looked_for)
        drawn = [line for each in said for line in _told(each, width)]
    else:
        for part in (
            _prices(explanation, width),
            _price_words(answer.found, width),
            [line for said in words.doubts(explanation) for line in _told(said, width)],
            [line for each in answer.copies for line in _told(_copies(each), width)],
            _requests(explanation.largest, zone, width),
        ):
            drawn += [[], *part] if part else []
    logs = _logs(explanation.logs, now, width)
    return [*drawn, *([[], *logs] if logs else []), [], *_told(command, width, "muted")]


def _both(books: BooksExplained, name: str, now: float, width: int) -> list[Line]:
    from tokentui.engine.explain_account import command
    from tokentui.ui.explain_books import lines

    return [*lines(books, name, now, width), [], *_told(f"the same: {command(books)}", width, "muted")]


def _veiled(cost: str) -> str:
    """Return a cost; while costs are hidden, dots of one length: its own would tell how much it is."""
    return privacy.HIDDEN if privacy.hidden() and cost != text.UNKNOWN else cost


def _head(explanation: Explanation, title: str, zone: tzinfo) -> Iterator[Line]:
    totals = explanation.totals
    floors = dict(explanation.qualities).get("floor", 0)
    sign = "≥" if floors else ""
    yield heading(title, explanation.query)
    used = f"{sign}{text.tokens(totals.total_tokens)} tokens   {words.requests(totals.request_count)}"
    yield [(_veiled(words.cost(totals, floors)), "strong"), (f"   {used}", "text")]
    span = " – ".join(_when(time, zone) for time in (explanation.first_at, explanation.last_at))
    yield [(f"{span}  {text.clean(explanation.query.zone, 40)}", "muted")]


def _prices(explanation: Explanation, width: int) -> list[Line]:
    columns = [
        Column("price put on", 3, text=True), Column("model", 5, text=True), Column("requests", 4),
        Column("input", 2), Column("cache read", 1), Column("cache write", 0), Column("output", 2),
        Column("cost", 6),
    ]  # fmt: skip
    rows = []
    for row in explanation.price_rows[:MOST_ROWS]:
        usage, known = row.usage, row.usage.known_cost is not None
        counts = (
            usage.request_count, usage.uncached_input_tokens, usage.cache_read_input_tokens,
            usage.cache_creation_5m_input_tokens + usage.cache_creation_1h_input_tokens, usage.output_tokens,
        )  # fmt: skip
        model = text.clean(row.model, 100) or "(no model)"
        tier = f", {text.clean(row.service_tier, 30)}" if row.service_tier else ""
        name = text.clean(_unnamed(row.price), 120) or "(no price)"
        rows.append([
            (name, "text" if known else "warn"), (model + tier, "text"),
            *((text.tokens(count), "text") for count in counts),
            (_veiled(words.cost(usage, row.floor_count)), "strong" if known else "warn"),
        ])  # fmt: skip
    hidden = len(explanation.price_rows) - len(rows)
    more: list[Line] = [[(f"and {hidden} more prices; --json has all", "muted")]] if hidden else []
    return table(columns, rows, width) + more


def _price_words(found: Explained, width: int) -> list[Line]:
    """Return the prices in words; two models may have one price, which is told once."""
    rows = zip(found.explanation.price_rows[:MOST_ROWS], found.prices, strict=False)
    told = dict.fromkeys(tuple(words.price(row, _whose(price))) for row, price in rows)
    return [
        line
        for each in told
        for said, warns in each
        for line in _told(said, width, "warn" if warns else "muted" if said.startswith(" ") else "text")
    ]


def _whose(price: PriceInWords) -> PriceInWords:
    return replace(price, price=_unnamed(price.price))


def _unnamed(price: str) -> str:
    """Return the identity of a price; while names are hidden, without that of the account it is of."""
    return renamed(price, lambda name: privacy.shown("account", name))


def _copies(copies: Copies) -> str:
    extra = copies.read - copies.kept
    source = sources.find(copies.source)
    name = source.title if source else text.clean(copies.source, 60)
    if extra > 0:
        return f"All logs of {name} name {copies.read:,} requests: {extra:,} are copies, which count once."
    if extra < 0:
        return f"{-extra:,} requests of {name} are kept that its logs name no longer."
    return f"All logs of {name} name {copies.read:,} requests, none of them twice."


def _requests(largest: Sequence[Request], zone: tzinfo, width: int) -> list[Line]:
    if not largest:
        return []
    columns = [
        Column("largest requests", 5), Column("model", 4, text=True), Column("session", 2, text=True),
        Column("input", 1), Column("output", 1), Column("cost", 6), Column("remarks", 3, text=True),
    ]  # fmt: skip
    rows = []
    for request in largest:
        record, usage = request.record, words.usage_of(request)
        remarks = [FLAG_WORDS[name] for name in flag_names(record.flags)]
        rows.append([
            (_when(record.time, zone), "muted"), (text.clean(record.model, 100) or "(no model)", "text"),
            (text.clean(request.context.conversation_id, 60), "muted"),
            (text.tokens(usage.input_tokens), "text"), (text.tokens(usage.output_tokens), "text"),
            (_veiled(words.request_cost(request)), "strong" if record.cost is not None else "warn"),
            ("; ".join(remarks), "muted"),
        ])  # fmt: skip
    return table(columns, rows, width)


def _logs(logs: Sequence[Logs], now: float, width: int) -> list[Line]:
    columns = [
        Column("logs of", 6, text=True), Column("files", 4), Column("gone", 1), Column("unreadable", 2),
        Column("bad lines", 3), Column("oddities", 0), Column("last read", 5),
    ]  # fmt: skip
    rows = []
    for each in logs:
        source = sources.find(each.source)
        counts = (each.files, each.gone, each.unreadable, each.bad_lines, each.anomalies)
        age = text.UNKNOWN if each.read_at is None else text.ago(now - each.read_at / 1e6)
        rows.append([
            (source.title if source else text.clean(each.source, 60), "text"),
            *((f"{count:,}", "text" if count else "muted") for count in counts),
            (age, "muted"),
        ])  # fmt: skip
    return table(columns, rows, width) if rows else []


def table(columns: Sequence[Column], rows: Sequence[Sequence[Span]], width: int) -> list[Line]:
    """Return rows in columns below their titles: text gives way a little, then whole columns do."""
    sizes = [
        max([length([(column.title, "")]), *(length([row[at]]) for row in rows)])
        for at, column in enumerate(columns)
    ]
    kept = [at for at in range(len(columns)) if any(row[at][0] for row in rows)]
    while kept and (over := sum(sizes[at] + _GAP for at in kept) - _GAP - width) > 0:
        widest = max((at for at in kept if columns[at].text), key=lambda at: sizes[at], default=-1)
        if widest >= 0 and sizes[widest] > _LEAST:
            sizes[widest] = max(_LEAST, sizes[widest] - over)
        else:
            kept.remove(min(kept, key=lambda at: columns[at].rank))
    return [
        _row([(column.title, "muted") for column in columns], columns, sizes, kept),
        *(_row(row, columns, sizes, kept) for row in rows),
    ]


def _row(cells: Sequence[Span], columns: Sequence[Column], sizes: Sequence[int], kept: Sequence[int]) -> Line:
    line: Line = []
    for at in kept:
        said, style = cells[at]
        line += [(" " * _GAP, "")] if line else []
        line.append((fit(said, sizes[at], "<" if columns[at].text else ">"), style))
    return line


def _told(said: str, width: int, style: str = "text") -> list[Line]:
    indent = "  " if said.startswith("  ") else ""
    first, *more = wrap(said.strip(), max(width - 4, 10))
    return [[(indent + first, style)], *([("    " + row, style)] for row in more)]


def _when(time: int | None, zone: tzinfo) -> str:
    return text.UNKNOWN if time is None else f"{moment(time).astimezone(zone):%d %b %H:%M:%S}"
