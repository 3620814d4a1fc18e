"""What is behind a figure: frozen data, read in one go by `store.explain_query`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import UsageQuery
from tokentui.usage import (
    COUNT_REPAIRED,
    MODEL_UNKNOWN,
    SIDECHAIN,
    TIME_BORROWED,
    TIME_IN_FUTURE,
    UsageContext,
    UsageRecord,
)

FLAGS = {
    TIME_BORROWED: "time_borrowed",
    TIME_IN_FUTURE: "time_in_future",
    COUNT_REPAIRED: "count_repaired",
    SIDECHAIN: "sidechain",
    MODEL_UNKNOWN: "model_unknown",
}
"""What the flags of a record are called."""

Counted = tuple[tuple[str, int], ...]
"""(name, requests), the most requests first."""


def flag_names(flags: int) -> tuple[str, ...]:
    """Return what the flags of a record are called."""
    return tuple(name for flag, name in FLAGS.items() if flags & flag)


@dataclass(frozen=True, slots=True)
class Request:
    """One record with its context."""

    record: UsageRecord
    context: UsageContext


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The records of one model and service tier that one price was put on; no record is in two rows."""

    price: str
    """Identity of the price; empty without one."""
    provider_name: str
    model: str
    service_tier: str
    usage: Usage
    web_searches: int
    floor_count: int
    """Requests whose counts are lower bounds."""
    sample: UsageRecord
    """One of its records."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the tools themselves wrote about the cost, in nano-dollars, beside what was computed."""

    request_count: int = 0
    """Requests for which a tool wrote a cost."""
    cost: int = 0
    """The sum of what was written."""
    both_count: int = 0
    """Those of them that have a price too: only these can be compared."""
    both_cost: int = 0
    """What was written for these."""
    both_computed: int = 0
    """What was computed for these."""

    @property
    def gap(self) -> int | None:
        """Computed less recorded, of the requests that have both; None where none has."""
        return self.both_computed - self.both_cost if self.both_count else None


@dataclass(frozen=True, slots=True)
class Logs:
    """All log files of a source. Which of them a record came from is not kept."""

    source: str
    files: int
    gone: int
    """Deleted since; their records stay."""
    unreadable: int
    bad_lines: int
    anomalies: int
    read_at: int | None
    """UTC epoch microseconds of the last reading."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where there is usage, when a selection has none."""

    other_days: Usage
    """What fits the conditions on any day."""
    first_day: date | None
    """The first and the last of these days."""
    last_day: date | None
    same_days: Usage
    """What there is on the days of the selection, whatever the conditions."""
    everything: Usage


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is behind the sums of a selection."""

    query: UsageQuery
    totals: Usage
    """The sum of the records."""
    stored_sums: Usage
    """The same from the stored sums, as every report shows it. More than the records where old ones were
    removed (`expired_before`); else it differs in a damaged database only."""
    price_rows: tuple[PriceRow, ...] = ()
    """The most expensive first, those without a price last."""
    flags: Counted = ()
    """By the names in FLAGS, without those that no record has."""
    qualities: Counted = ()
    provenances: Counted = ()
    services: Counted = ()
    recorded: Recorded = Recorded()
    logs: tuple[Logs, ...] = ()
    """Of the services of the selection; of all when it is empty."""
    first_at: int | None = None
    """UTC epoch microseconds of the first and the last record."""
    last_at: int | None = None
    largest: tuple[Request, ...] = ()
    """The most expensive first; those without a price last, of them the longest first."""
    elsewhere: Elsewhere | None = None
    """For an empty selection only."""
    expired_before: int = 0
    """UTC epoch microseconds before which only sums are kept; 0 where every record is."""

    @property
    def expired(self) -> int:
        """How many requests are in the sums only, because they are older than retention_days."""
        more = self.stored_sums.request_count - self.totals.request_count
        return max(more, 0) if self.expired_before else 0

    @property
    def unpriced(self) -> tuple[PriceRow, ...]:
        """The rows without a price."""
        return tuple(row for row in self.price_rows if row.usage.known_cost is None)
