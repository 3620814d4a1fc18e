"""One record as the row that is stored, and what two rows of the same request say together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tokentui.usage import COUNT_REPAIRED

# A row is a plain tuple, for speed: 20 columns by name cost 3 µs a record, in order 0.3.
COLUMNS = (
    "key", "rank", "time", "context_id", "model_id",
    "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens", "output_tokens", "reasoning_output_tokens", "web_search_count",
    "service_tier", "flags", "duration_ms", "error", "recorded_cost", "cost", "price_id",
)
KEY, RANK, TIME, CONTEXT, MODEL = range(5)
FIRST_COUNT, LAST_COUNT = 5, 11
TIER, FLAGS, DURATION, ERROR, RECORDED_COST, COST, PRICE = range(12, 19)

Row = tuple[Any, ...]

LARGEST = 2**53
"""No count is larger: a thousand of them can still be summed in 64 bits, and JSON keeps them exact."""

_INT64 = 2**63 - 1

SELECT_KEYS = (
    f"SELECT {', '.join('r.' + name for name in COLUMNS)}"
    " FROM json_each(?) AS k CROSS JOIN usage_records AS r ON r.key = k.value"
)
WRITE = (
    f"INSERT OR REPLACE INTO usage_records ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
)


def repaired(row: Row) -> Row:
    """Return a row whose numbers SQLite can hold, and flag it: counts from 0 to 2**53."""
    fixed = list(row)
    for at in (*range(FIRST_COUNT, LAST_COUNT + 1), DURATION, RECORDED_COST, COST):
        if fixed[at] is not None:
            fixed[at] = min(max(fixed[at], 0), LARGEST)
    fixed[RANK] = min(max(fixed[RANK], -_INT64), _INT64)
    fixed[TIME] = min(max(fixed[TIME], 0), LARGEST)
    fixed[FLAGS] = (fixed[FLAGS] & 0xFFFF) | COUNT_REPAIRED
    return tuple(fixed)


def merged_rows(
    old: Row, new: Row, elder: Callable[[int, int], int], names: dict[int, tuple[str, str]]
) -> Row:
    """Return what two rows of one request say together, whichever comes first.

    The larger rank gives the counts; of equal ranks the larger counts. The earlier time gives the
    time and the context; of equal times `elder` chooses the context. A price that is there stays.
    """
    if old == new:
        return old
    winner = old
    if new[RANK] > old[RANK]:
        winner = new
    elif new[RANK] == old[RANK]:
        mine, others = _content(old, names), _content(new, names)
        if others > mine or (others == mine and old[COST] is None):
            winner = new
    time, context = (new if new[TIME] < old[TIME] else old)[TIME : CONTEXT + 1]
    if old[TIME] == new[TIME] and old[CONTEXT] != new[CONTEXT]:
        context = elder(old[CONTEXT], new[CONTEXT])
    if winner[TIME] == time and winner[CONTEXT] == context:
        return winner
    return (*winner[:TIME], time, context, *winner[MODEL:])


def _content(row: Row, names: dict[int, tuple[str, str]]) -> tuple[Any, ...]:
    """Return what a copy counts, in an order that is the same in every database."""
    optional = (-1 if row[at] is None else row[at] for at in (DURATION, RECORDED_COST))
    return (
        row[9], row[FIRST_COUNT : LAST_COUNT + 1], names[row[MODEL]], row[TIER], row[FLAGS], row[ERROR],
        *optional,
    )
