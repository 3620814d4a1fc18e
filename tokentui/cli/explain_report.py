"""An explanation as a person reads it (as JSON: `explain_json`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from textwrap import wrap

from tokentui import sources
from tokentui.cli.output import DIM, YELLOW, Cell, Column, styled, table
from tokentui.cli.report import DETAILED, PLAIN, Figure
from tokentui.engine import explain_words as words
from tokentui.engine.explain import FLAG_WORDS, Explained
from tokentui.store.explain import Explanation, Logs, PriceRow, Request, flag_names
from tokentui.text import UNKNOWN, ago, clean, tokens
from tokentui.usage import moment

MOST_ROWS = 30
"""Price rows shown; JSON has all."""

NARROW = 120
"""Below as many columns input is one figure, so that prices and times keep their room."""


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
        parts = words.nothing(explanation, explanation.elsewhere, _selection(explanation, looked_for))
        logs = _logs(explanation.logs, looked_for, width, colour)
        return "".join(_wrapped(line, width) for line in parts) + logs
    return "\n".join(
        part
        for part in (
            _head(explanation, looked_for, colour),
            _price_table(explanation, width, colour),
            _price_words(found, width, colour),
            "".join(_wrapped(line, width) for line in words.doubts(explanation)),
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
    count = words.requests(totals.request_count)
    used = f"{sign}{tokens(totals.total_tokens)} tokens"
    figures = [words.cost(totals, floors), used, count, f"{first} – {last}"]
    return styled(_selection(explanation, looked_for), DIM, colour=colour) + "\n" + "   ".join(figures) + "\n"


def _price_table(explanation: Explanation, width: int, colour: bool) -> str:
    columns = [Column("Price", numeric=False), Column("Model", numeric=False, keep=3)]
    columns += [Column(figure.title, keep=figure.keep) for figure in _figures(width)]
    columns.append(Column("Cost"))
    shown = explanation.price_rows[:MOST_ROWS]
    rows = [_price_line(row, _figures(width)) for row in shown]
    floors = sum(row.floor_count for row in explanation.price_rows)
    totals = explanation.totals
    counts = [figure.cell(totals, 0) for figure in _figures(width)]
    total = [Cell("Total"), Cell(""), *counts, Cell(words.cost(totals, floors))]
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
    return [price, Cell(model), *counts, Cell(words.cost(row.usage, row.floor_count), style=style)]


def _price_words(found: Explained, width: int, colour: bool) -> str:
    """Return the prices in words: rates, since when, what multiplies them; why there is none."""
    rows = zip(found.explanation.price_rows[:MOST_ROWS], found.prices, strict=False)
    # Two models may have one price: it is told once.
    lines = dict.fromkeys(
        "".join(_wrapped(said, width, YELLOW if warns else "", colour) for said, warns in words.price(*each))
        for each in rows
    )
    return "".join(lines)


def _wrapped(text: str, width: int, style: str = "", colour: bool = False) -> str:
    """Return a sentence in lines of at most `width` columns, the further ones indented."""
    lines = [text] if len(text) <= width else wrap(text, width, subsequent_indent="    ")
    return "".join(styled(line, style, colour=colour) + "\n" for line in lines)


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
        record, usage = request.record, words.usage_of(request)
        flags = "; ".join(FLAG_WORDS[name] for name in flag_names(record.flags))
        style = YELLOW if record.cost is None else ""
        rows.append([
            Cell(_when(record.time, looked_for)), Cell(clean(request.context.conversation_id, 60)),
            Cell(clean(record.model, 100) or "(no model)"), *(figure.cell(usage, 0) for figure in figures),
            Cell(words.request_cost(request), style=style), Cell(flags),
        ])  # fmt: skip
    return table(columns, rows, width=width, colour=colour)


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


def _when(time: int | None, looked_for: LookedFor) -> str:
    """Return a moment in the zone of the report."""
    return UNKNOWN if time is None else moment(time).astimezone(looked_for.zone).strftime("%Y-%m-%d %H:%M:%S")
