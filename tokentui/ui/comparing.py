"""Two selections side by side: what differs, the largest change first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from tokentui import text
from tokentui.engine.exports import Compared, Comparison, Side
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import NUMBER_FIELDS
from tokentui.ui import figures
from tokentui.ui.draw import Line, fit
from tokentui.ui.explore_columns import key_fit, title

if TYPE_CHECKING:
    from tokentui.store import Reader, UsageQuery

_LABEL = 14
_FIGURE = 13
_NARROW_FIGURE = 10
_PERCENT = 12


class Measure(NamedTuple):
    """A figure that is compared."""

    name: str
    title: str
    value: Callable[[Usage], int | None]
    money: bool = False

    def said(self, usage: Usage, quality: str = "exact") -> str:
        """Return it with its sign."""
        value = self.value(usage)
        if self.money:
            return figures.cost(usage, quality)
        if self.name == "tokens":  # those of one kind have no sign in the table of Explore, either
            return figures.tokens(usage, quality)
        return text.UNKNOWN if value is None else text.tokens(value)

    def difference(self, a: Usage, b: Usage) -> int | None:
        """Return by how much the second is more; None where one of them is not known."""
        before, after = self.value(a), self.value(b)
        return None if before is None or after is None else after - before


MEASURES = (
    Measure("cost", "Cost", lambda usage: usage.known_cost, money=True),
    Measure("tokens", "Tokens", lambda usage: usage.total_tokens),
    Measure("requests", "Requests", lambda usage: usage.request_count),
    Measure("input", "Input", lambda usage: usage.uncached_input_tokens),
    Measure("cache_read", "Cache read", lambda usage: usage.cache_read_input_tokens),
    Measure(
        "cache_write",
        "Cache write",
        lambda usage: usage.cache_creation_5m_input_tokens + usage.cache_creation_1h_input_tokens,
    ),
    Measure("output", "Output", lambda usage: usage.output_tokens),
)
"""What is compared; the first three can order the lines."""

ORDERING = MEASURES[:3]


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to two questions."""

    a: Usage
    b: Usage
    rows: tuple[Compared, ...]
    """Each group of either."""
    whole: tuple[str, str]
    """The weakest quality on each side."""
    qualities: Mapping[tuple[str, ...], tuple[str, str]]
    """The same of each group."""


def compare(reader: Reader, queries: tuple[UsageQuery, UsageQuery], by: str) -> Found:
    """Return what two selections hold, grouped by a dimension."""
    one, other = (reader.usage(replace(query, group_by=(by,))) for query in queries)
    first, second = dict(one.groups), dict(other.groups)
    keys = sorted(first.keys() | second.keys())
    nothing = Usage()
    rows = (Compared(key, first.get(key, nothing), second.get(key, nothing)) for key in keys)
    weakest = [dict(zip(dict(each.groups), each.qualities, strict=False)) for each in (one, other)]
    qualities = {key: (weakest[0].get(key, "exact"), weakest[1].get(key, "exact")) for key in keys}
    return Found(one.totals, other.totals, tuple(rows), (one.quality, other.quality), qualities)


def without_sums(query: UsageQuery) -> UsageQuery:
    """Return a question without its conditions on cost and tokens."""
    return replace(query, where=tuple(each for each in query.where if each.field not in NUMBER_FIELDS))


def ordered(rows: tuple[Compared, ...], measure: Measure) -> list[Compared]:
    """Return the lines with the largest change first; what cannot be told comes last."""

    def change(row: Compared) -> tuple[bool, int]:
        difference = measure.difference(row.a, row.b)
        return difference is None, -abs(difference or 0)

    return sorted(rows, key=change)


def comparison(sides: tuple[Side, Side], rows: list[Compared], by: str, zone: str) -> Comparison:
    """Return it as it is exported."""
    return Comparison(sides, tuple(rows), (by,), zone)


def heading(sides: tuple[Side, Side], width: int) -> Line:
    """Return what is compared with what."""
    line: Line = [(" A ", "accent"), (text.clean(sides[0].label, 200), "strong")]
    return [*line, ("   B ", "accent"), (text.clean(sides[1].label, 200), "strong")] if width else line


def titles(first: str, width: int, marked: str = "") -> Line:
    """Return the names of the columns."""
    label, figure = _label(width), _figure(width)
    line: Line = [(fit(f"   {first}", label), "muted"), (fit("A", figure, ">"), "accent")]
    line += [(fit("B", figure, ">"), "accent"), (fit(f"change {marked}".rstrip(), figure, ">"), "muted")]
    return line


def measured(
    measure: Measure,
    name: str,
    a: Usage,
    b: Usage,
    width: int,
    *,
    qualities: tuple[str, str],
    style: str = "text",
) -> Line:
    """Return one line: a figure on either side, by how much they differ, and by how many percent."""
    label, figure = _label(width), _figure(width)
    line: Line = [(fit(f"   {name}", label), style)]
    for usage, quality in zip((a, b), qualities, strict=True):
        said = measure.said(usage, quality) if usage.request_count else text.UNKNOWN
        line.append((fit(said, figure, ">"), style))
    difference = measure.difference(a, b)
    line.append((fit(_signed(difference, measure), figure, ">"), style))
    if width >= label + 3 * figure + _PERCENT:
        line.append((fit(_percent(measure, a, b), _PERCENT, ">"), "muted"))
    return line


def row(measure: Measure, by: str, compared: Compared, width: int, qualities: tuple[str, str]) -> Line:
    """Return one group."""
    name = key_fit(by, compared.key[0], _label(width) - 3)
    return measured(measure, name, compared.a, compared.b, width, qualities=qualities)


def by_title(by: str) -> str:
    """Return the heading of the groups."""
    return title(by)


def _label(width: int) -> int:
    figure = _figure(width)
    wanted = width - 3 * figure - _PERCENT
    return min(max(wanted if wanted >= _LABEL else width - 3 * figure, 4), 50)


def _figure(width: int) -> int:
    return _FIGURE if width >= _LABEL + 3 * _FIGURE else _NARROW_FIGURE


def _signed(difference: int | None, measure: Measure) -> str:
    if difference is None:
        return text.UNKNOWN
    if not difference:
        return "same"
    sign = "+" if difference > 0 else "−"
    return sign + (figures.money(abs(difference)) if measure.money else text.tokens(abs(difference)))


def _percent(measure: Measure, a: Usage, b: Usage) -> str:
    if not a.request_count:
        return "new"
    if not b.request_count:
        return "gone"
    return figures.change(measure.value(b), measure.value(a))
