"""What a request costs at given rates: integers only, rounded once, half to even.

A rate is kept as an integer over a power of ten, so that a request is a handful of integer products and
one division: $5 per million tokens is 5,000 nano-dollars a token, $0.003625 is 3,625 thousandths of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from typing import NamedTuple

import msgspec

from tokentui.pricing.snapshot import Rate
from tokentui.pricing.supplements import ANTHROPIC_SEARCH, CLAUDE_CACHE
from tokentui.usage import UsageRecord

EXACT = Context(prec=100)
"""Wide enough that no product of a rate, a multiple and a discount is ever rounded."""

_NANO_PER_TOKEN = 1_000
"""Nano-dollars a token at $1 per million tokens."""
_NANO_PER_CALL = 1_000_000
"""Nano-dollars a call at $1 per thousand calls."""


class Component(msgspec.Struct, frozen=True):
    """One part of the cost of a request."""

    name: str
    """The record's field that was counted, or `request`."""
    units: int
    """Tokens, searches or requests."""
    cost: Decimal
    """US dollars, exactly."""


class Careful(msgspec.Struct, frozen=True):
    """What keeps a row from being a plain sum of products."""

    missing: tuple[str, ...]
    """Fields of a record that the row has no rate for; a count in one of them leaves it unpriced."""
    reasoning: int
    """What a reasoning token costs more than another output token; same scale."""


class Rates(NamedTuple):
    """Rates of one price row, as integers over `scale` nano-dollars."""

    uncached: int
    read: int
    write_5m: int
    write_1h: int
    output: int
    search: int
    """Per web search; negative where the row has no rate for them, as most have none."""
    request: int
    scale: int
    careful: Careful | None
    """None for nearly every row."""
    label: str
    """Identity of the row."""


FIELDS = (
    "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens", "output_tokens", "web_search_count",
)  # fmt: skip
"""Fields of a record in the order of the first six rates."""


class Band(NamedTuple):
    """The rates of requests whose prompt has more than `above` tokens."""

    above: int
    rates: dict[str, Decimal]


def bands(rates: Mapping[str, Rate]) -> list[Band]:
    """Take tiered rates apart: the base first (`above` = -1), then each long-context tier upwards."""
    starts = sorted(
        {int(start) for rate in rates.values() if isinstance(rate, list) for start in rate[1::2]}
    )
    return [Band(above, {name: _at(rate, above) for name, rate in rates.items()}) for above in (-1, *starts)]


def _at(rate: Rate, above: int) -> Decimal:
    if not isinstance(rate, list):
        return Decimal(rate)
    price = rate[0]
    for start, dearer in zip(rate[1::2], rate[2::2], strict=True):
        if int(start) <= above:
            price = dearer
    return Decimal(price)


def compiled(
    rates: Mapping[str, Decimal], *, factor: Decimal, discount: Decimal, claude: bool, label: str
) -> Rates | None:
    """Return the rates of a row as integers; None when the row has no rate for tokens at all.

    `factor` multiplies the tokens' rates, `discount` everything. A cache rate that the row lacks is
    Anthropic's multiple of the input rate for a `claude`, else the nearest rate that the row has:
    a 1-hour write costs as much as any write, and a cached token as much as an uncached one.
    """
    full = _completed(rates, claude=claude)
    units = [full.get(name) for name in ("in", "read", "write_5m", "write_1h", "out", "search")]
    if not any(name in rates for name in ("in", "out", "read")):
        return None
    nanos = [_nano(price, factor * discount, _NANO_PER_TOKEN) for price in units[:5]]
    nanos.append(_nano(units[5], discount, _NANO_PER_CALL))
    nanos.append(_nano(full.get("request"), discount, _NANO_PER_CALL))
    reasoning = full.get("reasoning")
    extra = None if reasoning is None else EXACT.subtract(reasoning, full.get("out", Decimal(0)))
    nanos.append(_nano(extra, factor * discount, _NANO_PER_TOKEN))
    digits = max([0, *(-int(nano.as_tuple().exponent) for nano in nanos)])
    whole = [int(nano.scaleb(digits, EXACT)) for nano in nanos]
    missing = tuple(field for field, price in zip(FIELDS[:5], units[:5], strict=True) if price is None)
    careful = Careful(missing, whole[7]) if missing or whole[7] else None
    if units[5] is None:
        whole[5] = -1
    uncached, read, write_5m, write_1h, output, search, request, _ = whole
    return Rates(
        uncached, read, write_5m, write_1h, output, search, request, 10**digits, careful, label
    )


def _completed(rates: Mapping[str, Decimal], *, claude: bool) -> dict[str, Decimal]:
    full = dict(rates)
    if claude:
        full.setdefault("search", ANTHROPIC_SEARCH)
        if "in" in full:
            for name, times in CLAUDE_CACHE.items():
                full.setdefault(name, EXACT.multiply(full["in"], times))
    for name, nearest in (("read", "in"), ("write", "in"), ("write_5m", "write"), ("write_1h", "write")):
        if nearest in full:
            full.setdefault(name, full[nearest])
    return full


def _nano(price: Decimal | None, factor: Decimal, unit: int) -> Decimal:
    """Return a price in nano-dollars a token or call, without trailing zeros."""
    nano = EXACT.multiply(EXACT.multiply(price or Decimal(0), factor), unit).normalize(EXACT)
    return nano if int(nano.as_tuple().exponent) < 0 else nano.quantize(Decimal(1), context=EXACT)


def careful_total(careful: Careful, record: UsageRecord, total: int) -> int | None:
    """Return the numerator of a request at a row that is no plain sum; None when a rate is missing."""
    if any(getattr(record, field) for field in careful.missing):
        return None
    return total + careful.reasoning * min(record.reasoning_output_tokens, record.output_tokens)


def rounded(total: int, scale: int) -> int:
    """Return total / scale, rounded half to even."""
    whole, rest = divmod(total, scale)
    return whole + (2 * rest > scale or (2 * rest == scale and whole & 1 == 1))


def components(rates: Rates, record: UsageRecord) -> Iterator[Component]:
    """Return the parts a request's cost consists of, exact to the last digit."""
    reasoning = rates.careful.reasoning if rates.careful else 0
    for field, rate in zip(FIELDS, rates[:6], strict=True):
        units: int = getattr(record, field)
        total = units * rate
        if field == "output_tokens" and reasoning:
            total += reasoning * min(record.reasoning_output_tokens, units)
        if units:
            yield Component(field, units, _dollars(total, rates.scale))
    if rates.request:
        yield Component("request", 1, _dollars(rates.request, rates.scale))


def _dollars(total: int, scale: int) -> Decimal:
    # The scale is a power of ten: the quotient ends.
    return EXACT.divide(EXACT.divide(Decimal(total), Decimal(scale)), Decimal(10**9))
