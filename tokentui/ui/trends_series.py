"""What Trends stacks: sums by bucket and part, from the snapshot or from the database, as named series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from tokentui import text
from tokentui.store.snapshot import Usage
from tokentui.store.snapshot_query import TREND_DAYS
from tokentui.ui import figures
from tokentui.ui.trends_span import Span
from tokentui.usage import NANO

if TYPE_CHECKING:
    from tokentui.store import Reader
    from tokentui.store.snapshot import Snapshot

Buckets = tuple[Usage | None, ...]
"""One sum for each bucket of a span, oldest first; None for one without use."""

MOST_SERIES = 5
"""How many series have a colour of their own; the smaller ones are one series, `others`."""

DIMENSIONS = ("service", "account", "model", "project")
"""What a question to the database can group by."""

_KINDS: tuple[tuple[str, Callable[[Usage], Usage]], ...] = (
    ("cache read", lambda used: Usage(used.request_count, 0, used.cache_read_input_tokens)),
    ("uncached", lambda used: Usage(used.request_count, used.uncached_input_tokens)),
    ("cache write", lambda used: Usage(
        used.request_count, 0, 0, used.cache_creation_5m_input_tokens, used.cache_creation_1h_input_tokens
    )),
    ("output", lambda used: Usage(
        used.request_count, output_tokens=used.output_tokens - used.reasoning_output_tokens
    )),
    ("reasoning", lambda used: Usage(used.request_count, output_tokens=used.reasoning_output_tokens)),
)  # fmt: skip
_DIRECTIONS: tuple[tuple[str, Callable[[Usage], Usage]], ...] = (
    ("input", lambda used: replace(used, output_tokens=0, reasoning_output_tokens=0)),
    ("output", lambda used: Usage(used.request_count, output_tokens=used.output_tokens)),
)
TOKEN_PARTS = {"kind": _KINDS, "direction": _DIRECTIONS}
"""What tokens alone can be split by: each part's name, and the part of a sum that it is."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What the bars measure."""

    title: str
    amount: Callable[[Usage], int | None]
    """The amount of some usage; None where it is not known."""
    figure: Callable[[Usage, str], str]
    """The same as a person reads it, with the sign of a quality."""
    label: Callable[[float, float], str]
    """A value of the axis, and how far its ticks are apart, as text."""
    scale: int = 1
    """What an amount is divided by to become a value of the axis."""
    rate: Callable[[], float] = lambda: 1.0
    """What it is multiplied by: the axis has round steps in the currency that is shown."""

    def value(self, usage: Usage | None) -> float:
        """Return the height of a bar."""
        return (self.amount(usage) or 0) / self.scale * self.rate() if usage else 0.0


def _requests(usage: Usage, quality: str) -> str:
    return f"{'≥' if quality == 'floor' and usage.request_count else ''}{text.tokens(usage.request_count)}"


def _rate() -> float:
    """Return how many units of the currency that is shown a dollar is."""
    currency = text.shown_currency()
    return currency.numerator / currency.denominator


def _money(value: float, step: float) -> str:
    # Rounded up: a tick of 1 must not become `<€1` on its way through dollars.
    return figures.money(ceil(value / _rate() * NANO), 0 if step >= 1 else 2 if step >= 0.01 else 4)


def _count(value: float, _step: float) -> str:
    return text.tokens(round(value))


MEASURES = {
    "cost": Measure("Cost", lambda used: used.known_cost, figures.cost, _money, NANO, _rate),
    "tokens": Measure("Tokens", lambda used: used.total_tokens, figures.tokens, _count),
    "requests": Measure("Requests", lambda used: used.request_count, _requests, _count),
}


class Part(NamedTuple):
    """What one service, account, model or project used, or all of them together."""

    key: str
    """As the database names it."""
    now: Buckets
    before: Buckets
    """The same buckets of the span before; empty when that was not asked for."""
    quality: str = "exact"
    qualities: tuple[str, ...] = ()
    """The same of each bucket, then of each before."""


class Question(NamedTuple):
    """What Trends asks the database."""

    span: Span
    before: Span | None
    """The span before it, when that is to be compared."""
    by: str
    """One of DIMENSIONS; empty for everything together."""
    zone: str
    week_start: str

    def ask(self, reader: Reader) -> tuple[Part, ...]:
        """Return the answer; raises PeriodError for an unknown zone."""
        from tokentui.store.usage_table import UsageQuery

        first = self.before.first if self.before else self.span.first
        group_by = (self.span.bucket, self.by) if self.by else (self.span.bucket,)
        table = reader.usage(UsageQuery(first, self.span.last, self.zone, self.week_start, group_by))
        qualities = table.qualities or (table.quality,) * len(table.groups)
        return _parts(
            self.span,
            self.before,
            (
                (key[1] if self.by else "", key[0], usage, quality)
                for (key, usage), quality in zip(table.groups, qualities, strict=True)
            ),
        )

    def answer_from(self, snapshot: Snapshot) -> tuple[Part, ...] | None:
        """Return the answer as far as a snapshot knows it; None when it does not.

        A snapshot does not tell which service's models a lower bound belongs to: then it stands at all.
        """
        oldest = snapshot.today.toordinal() - TREND_DAYS + 1
        first = self.before.first if self.before else self.span.first
        if self.span.bucket != "day" or self.by not in ("", "service", "model"):
            return None
        if first.toordinal() < oldest:
            return None
        floors = {card.service for card in snapshot.cards if card.quality == "floor"}
        rows: list[tuple[str, str, Usage, str]] = []
        for day in snapshot.days:
            weakest = "exact" if floors.isdisjoint(name for name, _ in day.by_service) else "floor"
            for name, usage in day.by_model if self.by == "model" else day.by_service:
                quality = weakest if self.by == "model" else "floor" if name in floors else "exact"
                rows.append((name if self.by else "", day.day.isoformat(), usage, quality))
        return _parts(self.span, self.before, rows)


def _parts(span: Span, before: Span | None, rows: Iterable[tuple[str, str, Usage, str]]) -> tuple[Part, ...]:
    """Return the parts of rows of (key, bucket, usage, quality)."""
    here, there = span.places, before.places if before else {}
    found: dict[str, tuple[list[Usage | None], list[Usage | None], list[set[str]]]] = {}
    for key, bucket, usage, quality in rows:
        place = here.get(bucket, there.get(bucket))
        if place is not None:
            count, count_before = len(span.starts), len(before.starts) if before else 0
            now, past, qualities = found.setdefault(
                key, ([None] * count, [None] * count_before, [set() for _ in range(count + count_before)])
            )
            sums = now if bucket in here else past
            known = sums[place]
            sums[place] = usage if known is None else figures.total((known, usage))
            qualities[place if bucket in here else count + place].add(quality)
    return tuple(
        Part(key, tuple(now), tuple(past), _weakest(set().union(*qualities)), tuple(map(_weakest, qualities)))
        for key, (now, past, qualities) in found.items()
    )


def _weakest(qualities: Iterable[str]) -> str:
    """Return what is to be said of a sum over some qualities: a bound, then an estimate, then exact."""
    found = set(qualities)
    return next((each for each in ("floor", "session_total", "estimate") if each in found), "exact")


class Series(NamedTuple):
    """One colour of the plot and one row of the table."""

    name: str
    now: Buckets
    before: Buckets = ()
    quality: str = "exact"
    qualities: tuple[str, ...] = ()
    """The same of each bucket, then of each before."""

    def quality_of(self, buckets: slice, *, before: bool = False) -> str:
        """Return the weakest quality of some buckets."""
        count = len(self.now)
        known = self.qualities[count:] if before else self.qualities[:count]
        return _weakest(known[buckets]) if self.qualities else self.quality

    @property
    def whole(self) -> Usage:
        """All buckets together."""
        return figures.total(used for used in self.now if used)

    @property
    def whole_before(self) -> Usage:
        """All buckets of the span before together."""
        return figures.total(used for used in self.before if used)


def named(parts: Sequence[Part], by: str, measure: Measure, snapshot: Snapshot) -> list[Series]:
    """Return the largest parts of this span, largest first, and all others as one; or kinds of tokens."""
    if by in TOKEN_PARTS:
        return [
            Series(name, _of(take, part.now), _of(take, part.before), part.quality, part.qualities)
            for part in parts
            for name, take in TOKEN_PARTS[by]
        ]
    titles = {card.service: card.title for card in snapshot.cards}
    found = [
        Series(text.clean(_title(part.key, by, titles), 200), *part[1:])
        for part in parts
    ]
    found.sort(key=lambda each: (-(measure.amount(each.whole) or 0), each.name))
    if len(found) <= MOST_SERIES + 1:
        return found
    rest = found[MOST_SERIES:]
    return [*found[:MOST_SERIES], together(f"{len(rest)} others", rest)]


def together(name: str, series: Sequence[Series]) -> Series:
    """Return the sum of some series."""
    return Series(
        name,
        _sums([each.now for each in series]),
        _sums([each.before for each in series]),
        _weakest(each.quality for each in series),
        tuple(map(_weakest, zip(*(each.qualities for each in series), strict=True))),
    )


def _of(take: Callable[[Usage], Usage], buckets: Buckets) -> Buckets:
    return tuple(take(used) if used else None for used in buckets)


def _sums(every: Sequence[Buckets]) -> Buckets:
    columns = zip(*every, strict=True)
    return tuple(
        figures.total(used for used in column if used) if any(column) else None for column in columns
    )


def _title(key: str, by: str, titles: dict[str, str]) -> str:
    """Return what a person calls a part."""
    if by == "project":
        return text.tilde(key) or "no project"
    if by in ("service", "account"):
        service, _, account = key.partition("/")
        title = titles.get(service, service)
        return f"{title} · {account}" if account else title
    return key or "(unknown)"
