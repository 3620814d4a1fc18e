"""A usage report in its three forms: table, JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tokentui.cli.output import DIM, YELLOW, Cell, Column, csv_text, styled, table
from tokentui.store.snapshot import Usage
from tokentui.text import UNKNOWN, clean, decimal_cost, money, shown_currency, tilde, tokens

if TYPE_CHECKING:
    from tokentui.pricing.exchange import Rate

TIMES = ("day", "week", "month")
"""Dimensions that are sorted by time."""

FIELDS = (
    "request_count", "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens", "output_tokens", "reasoning_output_tokens", "input_tokens",
    "total_tokens",
)
"""The counts of a group, in the order of `show --json`."""

SORTS: dict[str, Callable[[Usage], int]] = {
    "cost": lambda usage: -1 if usage.known_cost is None else usage.known_cost,
    "tokens": lambda usage: usage.total_tokens,
    "requests": lambda usage: usage.request_count,
    "input": lambda usage: usage.input_tokens,
    "output": lambda usage: usage.output_tokens,
}
"""What groups can be sorted by, besides their key."""


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a report."""

    key: tuple[str, ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked for, and the answer."""

    group_by: tuple[str, ...]
    first: date | None
    last: date | None
    zone: str
    totals: Usage
    groups: tuple[Group, ...]
    currency: str = "USD"
    """What its costs are in."""
    rates: tuple[Rate, ...] = ()
    """The rates they were converted at, the oldest first."""


def arranged(
    group_by: Sequence[str], groups: Sequence[Group], sort: str = "", order: str = ""
) -> list[Group]:
    """Return the groups in order: times by time, everything else the most expensive first."""
    by_key = sorted(groups, key=lambda group: group.key, reverse=order == "desc" and sort == "key")
    if sort == "key":
        return by_key
    if sort:
        return sorted(by_key, key=lambda group: SORTS[sort](group.usage), reverse=order != "asc")
    cost = SORTS["cost"]
    by_cost = sorted(by_key, key=lambda group: -cost(group.usage))
    if group_by and group_by[0] in TIMES:
        return sorted(by_cost, key=lambda group: group.key[0])
    if len(group_by) == 2 and group_by[1] in TIMES:
        whole: dict[str, int] = {}
        for group in groups:
            whole[group.key[0]] = whole.get(group.key[0], 0) + cost(group.usage)
        return sorted(by_key, key=lambda group: (-whole[group.key[0]], group.key))
    return by_cost


def as_json(report: Report) -> str:
    """Return the document of `show --json` (schemas/show.schema.json), one line a group."""
    head = {
        "schema": 1,
        "from": report.first.isoformat() if report.first else None,
        "to": report.last.isoformat() if report.last else None,
        "timezone": report.zone,
        "currency": report.currency,
        **_rates(report),
        "group_by": list(report.group_by),
        "totals": _figures(report.totals),
    }
    groups = (
        {"key": dict(zip(report.group_by, group.key, strict=True)), **_figures(group.usage)}
        for group in report.groups
    )
    # Line by line instead of indent=2: json's indenting encoder is Python code and six times slower.
    # Escaped to ASCII: a name with control bytes must reach no terminal, and no byte of it may change.
    lines = ",\n".join(" " + json.dumps(group) for group in groups)
    listed = f"\n{lines}\n" if lines else ""
    return f'{json.dumps(head)[:-1]}, "groups": [{listed}]}}\n'


def _rates(report: Report) -> dict[str, object]:
    """Return what is said of the rates; nothing where none were needed."""
    if not report.rates:
        return {}
    said = [{"date": rate.day.isoformat(), "per_dollar": f"{rate.per_dollar:.8f}"} for rate in report.rates]
    return {"exchange_rates": {"source": "ECB", "rates": said}}


def as_csv(report: Report) -> str:
    """Return the groups as CSV; without groups, the totals."""
    cost = "cost" if report.currency == "USD" else f"cost_{report.currency.lower()}"
    header = [*report.group_by, *FIELDS, cost, "unpriced_request_count"]
    groups = report.groups if report.group_by else (Group((), report.totals),)
    return csv_text(header, ([*group.key, *_figures(group.usage).values()] for group in groups))


def as_table(report: Report, *, detailed: bool, cost: bool, width: int, colour: bool) -> str:
    """Return the table a person reads, with a line for what it leaves open."""
    columns = [Column(name.capitalize(), numeric=False) for name in report.group_by]
    figures = [*(DETAILED if detailed else PLAIN), *(COSTS if cost else ())]
    figures.append(COST)
    columns += [Column(figure.title, keep=figure.keep) for figure in figures]
    whole = report.totals.known_cost or 0

    def line(key: Sequence[str], usage: Usage) -> list[Cell]:
        cells = [_key_cell(name, value) for name, value in zip(report.group_by, key, strict=True)]
        return cells + [figure.cell(usage, whole) for figure in figures]

    total = ("Total", *("" for _ in report.group_by[1:])) if report.group_by else ()
    rows = [line(group.key, group.usage) for group in report.groups]
    if not report.group_by:
        return table(columns, [line((), report.totals)], width=width, colour=colour)
    total_cells = [Cell(text) for text in total] + line(report.groups[0].key, report.totals)[len(total) :]
    return table(columns, rows, total=total_cells, width=width, colour=colour)


def caption(report: Report, *, colour: bool) -> str:
    """Return the line above a table: which days, in which zone."""
    days = f"{report.first} to {report.last}" if report.first != report.last else f"{report.first}"
    rates = f"\n{described(report.rates)}" if report.rates else ""
    return styled(f"{days} ({report.zone}){rates}", DIM, colour=colour) + "\n"


def described(rates: Sequence[Rate]) -> str:
    """Return at what rates amounts were converted, in a few words."""
    newest = shown_currency().note
    if len(rates) == 1:
        return newest
    days = f"{rates[0].day} to {rates[-1].day}"
    return f"{rates[0].code} at the ECB's rate of each line's last day, {days}; at last {newest}"


def remarks(report: Report, unpriced: Sequence[str], *, colour: bool) -> str:
    """Return the lines below a table: what the cost leaves out."""
    missing = report.totals.unpriced_request_count
    if not missing:
        return ""
    names = ", ".join(clean(name, 60) or "(no model)" for name in unpriced[:5])
    more = f" and {len(unpriced) - 5} more" if len(unpriced) > 5 else ""
    which = f": {names}{more}" if names else ""
    what = "1 request has" if missing == 1 else f"{missing:,} requests have"
    return styled(f"{what} no known price, not in the cost{which}\n", YELLOW, colour=colour)


def _figures(usage: Usage) -> dict[str, int | str | None]:
    figures: dict[str, int | str | None] = {name: getattr(usage, name) for name in FIELDS}
    known = usage.known_cost
    figures["cost"] = None if known is None else decimal_cost(known)
    figures["unpriced_request_count"] = usage.unpriced_request_count
    return figures


def _key_cell(name: str, value: str) -> Cell:
    if not value:
        return Cell({"account": "(default)"}.get(name, "(none)"), style=DIM)
    return Cell(clean(tilde(value) if name == "project" else value, 300))


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of numbers."""

    title: str
    keep: int
    cell: Callable[[Usage, int], Cell]
    """The value for a group, given the total cost."""


def _count(title: str, keep: int, name: str) -> Figure:
    def cell(usage: Usage, _: int) -> Cell:
        value = getattr(usage, name)
        return Cell(f"{value:,}", tokens(value), style="" if value else DIM)

    return Figure(title, keep, cell)


def _cost_cell(usage: Usage, _: int) -> Cell:
    known = usage.known_cost
    if known is None:
        return Cell(UNKNOWN, style=YELLOW)
    if usage.unpriced_request_count:
        return Cell(at_least(known), style=YELLOW)
    return Cell(money(known))


def at_least(nano: int) -> str:
    """Return a cost that leaves something out: `≥$1.20`."""
    shown = money(nano)
    return "≥$0.00" if shown.startswith("<") else "≥" + shown


def _share_cell(usage: Usage, whole: int) -> Cell:
    known = usage.known_cost
    return Cell(UNKNOWN if known is None or not whole else f"{100 * known / whole:.1f} %")


def _rate_cell(usage: Usage, _: int) -> Cell:
    known = usage.known_cost
    if known is None or not usage.total_tokens or usage.unpriced_request_count:
        return Cell(UNKNOWN)
    return Cell(money(known * 1_000_000 // usage.total_tokens))


PLAIN = (
    _count("Requests", 3, "request_count"),
    _count("Input", 4, "input_tokens"),
    _count("Output", 5, "output_tokens"),
    _count("Total", 8, "total_tokens"),
)
DETAILED = (
    _count("Requests", 6, "request_count"),
    _count("Uncached", 4, "uncached_input_tokens"),
    _count("Cache read", 4, "cache_read_input_tokens"),
    _count("Write 5m", 2, "cache_creation_5m_input_tokens"),
    _count("Write 1h", 1, "cache_creation_1h_input_tokens"),
    _count("Output", 5, "output_tokens"),
    _count("Reasoning", 3, "reasoning_output_tokens"),
    _count("Total", 8, "total_tokens"),
)
COSTS = (
    _count("Unpriced", 1, "unpriced_request_count"),
    Figure("Share", 6, _share_cell),
    Figure("per M tok", 6, _rate_cell),
)
COST = Figure("Cost", 9, _cost_cell)
