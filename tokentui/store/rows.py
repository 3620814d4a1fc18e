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

_INT64 = 2**63 - 1
LARGEST = 2**43
"""No count is larger (nine million million): a million of them can still be summed in 64 bits."""
LATEST = 2**53
"""No time and no recorded cost is larger, so that JSON keeps them exact."""
MOST_COST = 2**46
"""Nano-dollars, $70,369. What would cost more has a broken count, so nobody knows what it cost; a
hundred thousand of the dearest can still be summed in 64 bits."""

SELECT_KEYS = (
    f"SELECT {', '.join('r.' + name for name in COLUMNS)}"
    " FROM json_each(?) AS k CROSS JOIN usage_records AS r ON r.key = k.value"
)
REPLACE = f"INSERT OR REPLACE INTO usage_records ({', '.join(COLUMNS)})"
# What fails ends the transaction anyway; by default each statement would keep the old pages, 8 % slower.
ADD = f"INSERT OR ROLLBACK INTO usage_records ({', '.join(COLUMNS)})"

USUAL = {TIER: "", DURATION: None, ERROR: "", RECORDED_COST: None}
"""What nearly all rows say in these columns."""
USUAL_ROW = ", ".join(
    {"": "''", None: "NULL"}[USUAL[at]] if at in USUAL else "?" for at in range(len(COLUMNS))
)
"""The SQL of a row of which only the other columns are given. Each text that is bound costs SQLite 0.1 µs;
without them rows are stored in half of the time."""


def int64(number: int) -> int:
    """Return a number that SQLite can hold: a file may claim to be of the year 2400."""
    return min(max(number, -_INT64), _INT64)


def repaired(row: Row) -> Row:
    """Return a row whose numbers can be stored and summed, and flag it."""
    fixed = list(row)
    for at in (*range(FIRST_COUNT, LAST_COUNT + 1), DURATION):
        if fixed[at] is not None:
            fixed[at] = min(max(fixed[at], 0), LARGEST)
    if fixed[RECORDED_COST] is not None:
        fixed[RECORDED_COST] = min(max(fixed[RECORDED_COST], 0), LATEST)
    fixed[RANK] = int64(fixed[RANK])
    fixed[TIME] = min(max(fixed[TIME], 0), LATEST)
    fixed[COST], fixed[PRICE] = possible_cost(fixed[COST], fixed[PRICE])
    fixed[FLAGS] = (fixed[FLAGS] & 0xFFFF) | COUNT_REPAIRED
    return tuple(fixed)


def possible_cost(cost: int | None, price_id: int) -> tuple[int | None, int]:
    """Return a cost and its price; (None, 0), unpriced, for one that no request can have."""
    return (cost, price_id) if cost is not None and 0 <= cost <= MOST_COST else (None, 0)


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
        mine, others = _said(old, names), _said(new, names)
        if others > mine or (others == mine and old[COST] is None):
            winner = new
    time, context = (new if new[TIME] < old[TIME] else old)[TIME : CONTEXT + 1]
    if old[TIME] == new[TIME] and old[CONTEXT] != new[CONTEXT]:
        context = elder(old[CONTEXT], new[CONTEXT])
    if winner[TIME] == time and winner[CONTEXT] == context:
        return winner
    return (*winner[:TIME], time, context, *winner[MODEL:])


def _said(row: Row, names: dict[int, tuple[str, str]]) -> tuple[Any, ...]:
    """Return what a copy says, as `usage.merged` weighs copies of equal rank."""
    _, _, _, _, model, uncached, read, made_5m, made_1h, output, reasoning, searches, *rest = row
    tier, flags, duration, error, recorded, _, _ = rest
    return (
        output, uncached, read, made_1h, made_5m, reasoning, searches, *names[model], tier, flags, error,
        -1 if duration is None else duration, -1 if recorded is None else recorded,
    )  # fmt: skip
