"""A usage report in its three forms: table, JSON and CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentui.cli.output import DIM, YELLOW, Cell, Column, styled, table
from tokentui.engine import exports
from tokentui.engine.reports import Report
from tokentui.frozen import dataclass
from tokentui.store.snapshot import Usage
from tokentui.text import UNKNOWN, clean, money, shown_currency, tilde, tokens

if TYPE_CHECKING:
    from tokentui.pricing.exchange import Rate

SIGNS = {"floor": "≥", "estimate": "~"}
"""What stands before a sum that is a lower bound, or estimated."""

FLOOR = "≥ at least so much: the tool's log may leave something out\n"


def as_json(report: Report) -> str:
    """Return the document of `show --json` (schemas/show.schema.json), one line a group."""
    return exports.text(report, "json")


def as_csv(report: Report) -> str:
    """Return the groups as CSV; without groups, the totals."""
    return exports.text(report, "csv")


def as_table(report: Report, *, detailed: bool, cost: bool, width: int, colour: bool) -> str:
    """Return the table a person reads, with a line for what it leaves open."""
    columns = [Column(name.replace("_", " ").capitalize(), numeric=False) for name in report.group_by]
    figures = [*(DETAILED if detailed else PLAIN), *(COSTS if cost else ())]
    figures.append(COST)
    columns += [Column(figure.title, keep=figure.keep) for figure in figures]
    whole = report.totals.known_cost or 0
    titles = dict(report.titles)

    def line(key: Sequence[str], usage: Usage, quality: str) -> list[Cell]:
        cells = [_key_cell(name, value, titles) for name, value in zip(report.group_by, key, strict=True)]
        return cells + [figure.signed(usage, whole, quality) for figure in figures]

    total = ("Total", *("" for _ in report.group_by[1:])) if report.group_by else ()
    rows = [line(group.key, group.usage, group.quality) for group in report.groups]
    if not report.group_by:
        return table(columns, [line((), report.totals, report.quality)], width=width, colour=colour)
    all_of_it = line(report.groups[0].key, report.totals, report.quality)
    total_cells = [Cell(text) for text in total] + all_of_it[len(total) :]
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
    """Return the lines below a table: what the figures leave out."""
    missing = report.totals.unpriced_request_count
    floor = FLOOR if report.quality == "floor" else ""
    if not missing:
        return styled(floor, DIM, colour=colour)
    names = ", ".join(clean(name, 60) or "(no model)" for name in unpriced[:5])
    more = f" and {len(unpriced) - 5} more" if len(unpriced) > 5 else ""
    which = f": {names}{more}" if names else ""
    what = "1 request has" if missing == 1 else f"{missing:,} requests have"
    unknown = styled(f"{what} no known price, not in the cost{which}\n", YELLOW, colour=colour)
    return styled(floor, DIM, colour=colour) + unknown


def _key_cell(name: str, value: str, titles: Mapping[str, str]) -> Cell:
    if not value:
        return Cell({"account": "(default)"}.get(name, "(none)"), style=DIM)
    if name == "session" and value in titles:  # the id's beginning is enough for a filter: session:3f9c*
        return Cell(f"{clean(titles[value], 60)} · {clean(value, 8).removesuffix('…')}")
    return Cell(clean(tilde(value) if name == "project" else value, 300))


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of numbers."""

    title: str
    keep: int
    cell: Callable[[Usage, int], Cell]
    """The value for a group, given the total cost."""
    bounded: bool = False
    """Whether it is shown with the sign of its quality."""

    def signed(self, usage: Usage, whole: int, quality: str) -> Cell:
        """Return the value with the sign of its quality."""
        cell, sign = self.cell(usage, whole), SIGNS.get(quality, "")
        if not sign or not self.bounded or not usage.request_count or cell.text[:1] in ("≥", UNKNOWN):
            return cell
        return replace(cell, text=sign + _plain(cell.text), short=cell.short and sign + cell.short)


def _plain(amount: str) -> str:
    """Return an amount that a sign can stand before: of `<$0.01` it is the zero."""
    return money(0) if amount.startswith("<") else amount


def _count(title: str, keep: int, name: str, *, bounded: bool = False) -> Figure:
    def cell(usage: Usage, _: int) -> Cell:
        value = getattr(usage, name)
        return Cell(f"{value:,}", tokens(value), style="" if value else DIM)

    return Figure(title, keep, cell, bounded)


def _cost_cell(usage: Usage, _: int) -> Cell:
    known = usage.known_cost
    if known is None:
        return Cell(UNKNOWN, style=YELLOW)
    if usage.unpriced_request_count:
        return Cell(at_least(known), style=YELLOW)
    return Cell(money(known))


def at_least(nano: int) -> str:
    """Return a cost that leaves something out: `≥$1.20`."""
    return "≥" + _plain(money(nano))


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
    _count("Total", 8, "total_tokens", bounded=True),
)
DETAILED = (
    _count("Requests", 6, "request_count"),
    _count("Uncached", 4, "uncached_input_tokens"),
    _count("Cache read", 4, "cache_read_input_tokens"),
    _count("Write 5m", 2, "cache_creation_5m_input_tokens"),
    _count("Write 1h", 1, "cache_creation_1h_input_tokens"),
    _count("Output", 5, "output_tokens"),
    _count("Reasoning", 3, "reasoning_output_tokens"),
    _count("Total", 8, "total_tokens", bounded=True),
)
COSTS = (
    _count("Unpriced", 1, "unpriced_request_count"),
    Figure("Share", 6, _share_cell),
    Figure("per M tok", 6, _rate_cell),
)
COST = Figure("Cost", 9, _cost_cell, bounded=True)
