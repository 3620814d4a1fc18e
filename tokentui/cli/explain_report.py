"""An explanation as a person reads it (as JSON: `explain_json`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from textwrap import wrap

from tokentui import sources
from tokentui.cli.output import DIM, YELLOW, Cell, Column, styled, table
from tokentui.cli.report import DETAILED, PLAIN, Figure, at_least
from tokentui.engine.explain import (
    FLAG_WORDS,
    PROVENANCE_WORDS,
    QUALITY_WORDS,
    Explained,
    PriceInWords,
)
from tokentui.store.explain import Elsewhere, Explanation, Logs, PriceRow, Request, flag_names
from tokentui.store.snapshot import Usage
from tokentui.text import UNKNOWN, ago, clean, money, tokens
from tokentui.usage import moment

MOST_ROWS = 30
"""Price rows shown; JSON has all."""

NARROW = 120
"""Below as many columns input is one figure, so that prices and times keep their room."""

COMPONENT_WORDS = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cache read",
    "cache_creation_5m_input_tokens": "cache write 5m",
    "cache_creation_1h_input_tokens": "cache write 1h",
    "output_tokens": "output",
    "reasoning_output_tokens": "reasoning, on top of output",
    "web_search_count": "web searches",
    "request": "requests",
}


@dataclass(frozen=True, slots=True)
class LookedFor:
    """What was asked for, as typed; and where and when."""

    filter_text: str
    project: str | None
    zone: tzinfo
    now: int
    """UTC epoch microseconds."""


def as_text(found: Explained, looked_for: LookedFor, *, width: int, colour: bool) -> str:
    """Return what a person reads."""
    explanation = found.explanation
    if explanation.elsewhere is not None:
        parts = _nothing(explanation, explanation.elsewhere, looked_for)
        logs = _logs(explanation.logs, looked_for, width, colour)
        return "".join(_wrapped(line, width) for line in parts) + logs
    return "\n".join(
        part
        for part in (
            _head(explanation, looked_for, colour),
            _price_table(explanation, width, colour),
            _price_words(found, width, colour),
            "".join(_wrapped(line, width) for line in _doubts(explanation)),
            _requests(explanation.largest, looked_for, width, colour),
            _logs(explanation.logs, looked_for, width, colour),
        )
        if part
    )


def _selection(explanation: Explanation, looked_for: LookedFor) -> str:
    """Return which days, and what they were narrowed down by."""
    start, end = explanation.query.start, explanation.query.end
    days = f"{start}" if start == end and start else f"{start or 'the beginning'} to {end or 'today'}"
    terms = [clean(looked_for.filter_text.strip(), 200)]
    terms.append(f"project {clean(looked_for.project, 200)}" if looked_for.project is not None else "")
    return ", ".join([f"{days} ({explanation.query.zone})", *filter(None, terms)])


def _head(explanation: Explanation, looked_for: LookedFor, colour: bool) -> str:
    totals = explanation.totals
    first, last = (_when(time, looked_for) for time in (explanation.first_at, explanation.last_at))
    floors = sum(count for quality, count in explanation.qualities if quality == "floor")
    sign = "≥" if floors else ""
    count = _requests_word(totals.request_count)
    used = f"{sign}{tokens(totals.total_tokens)} tokens"
    figures = [_cost(totals, floors), used, count, f"{first} – {last}"]
    return styled(_selection(explanation, looked_for), DIM, colour=colour) + "\n" + "   ".join(figures) + "\n"


def _cost(usage: Usage, floors: int) -> str:
    """Return a cost with its signs: `≥` a part may be missing, `~` computed from list prices."""
    known = usage.known_cost
    if known is None:
        return "unpriced"
    shown = at_least(known) if floors or usage.unpriced_request_count else money(known)
    return shown + ("~" if known else "")


def _price_table(explanation: Explanation, width: int, colour: bool) -> str:
    columns = [Column("Price", numeric=False), Column("Model", numeric=False, keep=3)]
    columns += [Column(figure.title, keep=figure.keep) for figure in _figures(width)]
    columns.append(Column("Cost"))
    shown = explanation.price_rows[:MOST_ROWS]
    rows = [_price_line(row, _figures(width)) for row in shown]
    floors = sum(row.floor_count for row in explanation.price_rows)
    totals = explanation.totals
    counts = [figure.cell(totals, 0) for figure in _figures(width)]
    total = [Cell("Total"), Cell(""), *counts, Cell(_cost(totals, floors))]
    text = table(columns, rows, total=total, width=width, colour=colour)
    hidden = len(explanation.price_rows) - len(shown)
    return text + (f"and {hidden} more prices; --json has all\n" if hidden else "")


def _figures(width: int) -> Sequence[Figure]:
    return PLAIN if width < NARROW else DETAILED


def _price_line(row: PriceRow, figures: Sequence[Figure]) -> list[Cell]:
    style = "" if row.usage.known_cost is not None else YELLOW
    model = clean(row.model, 100) or "(no model)"
    if row.service_tier:
        model += f", {clean(row.service_tier, 30)}"
    counts = [figure.cell(row.usage, 0) for figure in figures]
    price = Cell(clean(row.price, 120) or "(no price)", style=style)
    return [price, Cell(model), *counts, Cell(_cost(row.usage, row.floor_count), style=style)]


def _price_words(found: Explained, width: int, colour: bool) -> str:
    """Return the prices in words: rates, since when, what multiplies them; why there is none."""
    rows = zip(found.explanation.price_rows[:MOST_ROWS], found.prices, strict=False)
    # Two models may have one price: it is told once.
    lines = dict.fromkeys("".join(_price_lines(row, price, width, colour)) for row, price in rows)
    return "".join(lines)


def _price_lines(row: PriceRow, price: PriceInWords, width: int, colour: bool) -> Iterator[str]:
    if row.usage.known_cost is None:
        count = _requests_word(row.usage.request_count)
        name = clean(row.model, 80) or "(no model)"
        yield _wrapped(f"{name}: {count} unpriced: {clean(price.problem, 200)}", width, YELLOW, colour)
        return
    said = [f"since {price.since}" if price.since else "", *price.words]
    yield _wrapped(clean(price.price, 120) + "".join(f", {clean(each, 100)}" for each in said if each), width)
    if price.components:
        yield _wrapped("  " + ", ".join(_component(part.name, part.rate) for part in price.components), width)
    if price.problem:
        yield _wrapped(f"  {clean(price.problem, 200)}", width, YELLOW, colour)


def _wrapped(text: str, width: int, style: str = "", colour: bool = False) -> str:
    """Return a sentence in lines of at most `width` columns, the further ones indented."""
    lines = [text] if len(text) <= width else wrap(text, width, subsequent_indent="    ")
    return "".join(styled(line, style, colour=colour) + "\n" for line in lines)


def _component(name: str, rate: Decimal) -> str:
    per = "M" if name.endswith("_tokens") else "k"
    return f"{COMPONENT_WORDS[name]} ${_digits(rate)}/{per}"


def _digits(amount: Decimal) -> str:
    """Write dollars with all their digits, at least two."""
    whole, _, part = f"{amount:f}".partition(".")
    return f"{int(whole):,}.{part.rstrip('0'):0<2}" if amount >= 0 else "-" + _digits(-amount)


def _doubts(explanation: Explanation) -> Iterator[str]:
    """Return what a reader must know of the figures: where they come from, how sure they are."""
    if explanation.stored_sums != explanation.totals:
        yield "The stored sums differ from the records: run `tokentui doctor`."
    for names, words in ((explanation.provenances, PROVENANCE_WORDS), (explanation.qualities, QUALITY_WORDS)):
        yield from (f"{_requests_word(count)}: {words.get(name, clean(name))}" for name, count in names)
    yield from (f"{_requests_word(count)}: {FLAG_WORDS[name]}" for name, count in explanation.flags)
    recorded = explanation.recorded
    if not recorded.request_count:
        yield f"The tools' own figure: {UNKNOWN}, their logs name no cost"
        return
    yield f"The tools' own figure: {money(recorded.cost)} for {_requests_word(recorded.request_count)}"
    if recorded.gap is not None:
        way = "more" if recorded.gap > 0 else "less"
        gap = f"{money(abs(recorded.gap))} {way}" if recorded.gap else "the same"
        compared = f"{money(recorded.both_computed)}~ computed, {money(recorded.both_cost)} recorded"
        yield f"Of {_requests_word(recorded.both_count)} with both: {compared}: {gap}"


def _requests(largest: Sequence[Request], looked_for: LookedFor, width: int, colour: bool) -> str:
    if not largest:
        return ""
    figures = _figures(width)[1:]
    columns = [
        Column("Largest requests"), Column("Session", numeric=False, keep=5), Column("Model", numeric=False),
        *(Column(figure.title, keep=figure.keep) for figure in figures),
        Column("Cost"), Column("Flags", numeric=False, keep=2),
    ]  # fmt: skip
    rows = []
    for request in largest:
        record, usage = request.record, usage_of(request)
        flags = "; ".join(FLAG_WORDS[name] for name in flag_names(record.flags))
        style = YELLOW if record.cost is None else ""
        rows.append([
            Cell(_when(record.time, looked_for)), Cell(clean(request.context.conversation_id, 60)),
            Cell(clean(record.model, 100) or "(no model)"), *(figure.cell(usage, 0) for figure in figures),
            Cell(_request_cost(request), style=style), Cell(flags),
        ])  # fmt: skip
    return table(columns, rows, width=width, colour=colour)


def _request_cost(request: Request) -> str:
    cost = request.record.cost
    if cost is None:
        return "unpriced"
    return ("≥" if request.context.quality == "floor" else "") + money(cost, 4) + ("~" if cost else "")


def usage_of(request: Request) -> Usage:
    """Return one request as a sum."""
    record = request.record
    return Usage(
        1, record.uncached_input_tokens, record.cache_read_input_tokens,
        record.cache_creation_5m_input_tokens, record.cache_creation_1h_input_tokens, record.output_tokens,
        record.reasoning_output_tokens, record.cost or 0, record.cost is None,
    )  # fmt: skip


def _logs(logs: Sequence[Logs], looked_for: LookedFor, width: int, colour: bool) -> str:
    if not logs:
        return ""
    titles = ("Files", "Gone", "Unreadable", "Bad lines", "Anomalies")
    columns = [Column("Logs of", numeric=False), *map(Column, titles), Column("Last read")]
    rows = []
    for each in logs:
        source = sources.find(each.source)
        age = UNKNOWN if each.read_at is None else ago((looked_for.now - each.read_at) / 1e6)
        counts = (each.files, each.gone, each.unreadable, each.bad_lines, each.anomalies)
        cells = [Cell(f"{count:,}", style="" if count else DIM) for count in counts]
        rows.append([Cell(source.title if source else clean(each.source, 60)), *cells, Cell(age)])
    return table(columns, rows, width=width, colour=colour)


def _nothing(explanation: Explanation, elsewhere: Elsewhere, looked_for: LookedFor) -> Iterator[str]:
    """Say what was looked for, and why there may be none of it."""
    yield f"No usage: {_selection(explanation, looked_for)}."
    if not elsewhere.everything.request_count:
        yield "Nothing is recorded yet: `tokentui detect` shows which tools were looked for, and where."
        return
    if explanation.stored_sums != explanation.totals:
        yield "The stored sums say otherwise: run `tokentui doctor`."
    if count := elsewhere.other_days.request_count:
        days = f"from {elsewhere.first_day} to {elsewhere.last_day}"
        yield f"On other days there is some: {_requests_word(count)} {days}."
    else:
        yield "Nothing that is recorded matches, on no day."
    if explanation.query.where and (count := elsewhere.same_days.request_count):
        yield f"On these days there is other usage, which does not match: {_requests_word(count)}."
    if any(each.unreadable or each.bad_lines for each in explanation.logs):
        yield "Some logs or lines could not be read: `tokentui doctor` lists them."


def _requests_word(count: int) -> str:
    return "1 request" if count == 1 else f"{count:,} requests"


def _when(time: int | None, looked_for: LookedFor) -> str:
    """Return a moment in the zone of the report."""
    return UNKNOWN if time is None else moment(time).astimezone(looked_for.zone).strftime("%Y-%m-%d %H:%M:%S")
