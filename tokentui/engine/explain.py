"""An explanation in words: what the prices behind a figure say, and whether they say it still."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from msgspec.structs import replace

from tokentui.pricing import Breakdown, Prices
from tokentui.store.explain import Explanation, PriceRow
from tokentui.usage import BY_HAND, UsageRecord

FLAG_WORDS = {
    "time_borrowed": "time of a neighbour: the log gave none",
    "time_in_future": "dated more than a day ahead of the clock",
    "count_repaired": "a count in the log was impossible and was repaired",
    "sidechain": "made by a sub-agent or a side question",
    "model_unknown": "the log names no model",
}
"""The flags of a record (store.explain.FLAGS) as a person reads them."""

QUALITY_WORDS = {
    "exact": "final counts",
    "floor": "lower bounds: the tool's log may leave something out",
    "session_total": "one figure for a whole session",
    "estimate": "estimated counts",
}

PROVENANCE_WORDS = {
    "computed": "computed from the logs at list prices; no bill",
    "billed": "billed by the provider",
    "estimated": "estimated",
    "manual": "entered by hand",
}

_COUNTS = (
    "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens", "output_tokens",
)  # fmt: skip

# anthropic/claude-opus-4-6@2026-02-05+batch>200000 -12.5% for claude-code/work: see pricing.plan
_IDENTITY = re.compile(
    r"^(?P<own>overlay:)?(?P<name>.*?)(?:@(?P<condition>\d{4}-\d\d-\d\d|\d\d:\d\d-\d\d:\d\d))?"
    r"(?:\+(?P<tier>[^+>@]+?))?(?:>(?P<above>\d+))?(?: (?P<percent>[-+][\d.]+(?:E\+\d+)?)%)?"
    r"(?: for (?P<account>.+))?$",
    re.DOTALL,
)

_MILLION, _THOUSAND = Decimal(1_000_000), Decimal(1_000)
_HALF_NANO = Decimal("0.5e-9")


@dataclass(frozen=True, slots=True)
class Component:
    """One part of what the requests of a price row cost."""

    name: str
    """The field of a record that is counted, or `request`."""
    units: int
    rate: Decimal
    """US dollars per million tokens, per thousand of anything else. Reasoning: what it costs more."""
    cost: Decimal
    """US dollars: units times rate, not rounded."""


@dataclass(frozen=True, slots=True)
class PriceInWords:
    """What is to be said of the price of a `PriceRow`."""

    price: str
    """Identity of the price; empty without one."""
    since: str
    """The day it begins (UTC), `2026-07-30`; empty for a price without an earlier one."""
    components: tuple[Component, ...]
    words: tuple[str, ...]
    """What multiplies the rates, whose they are, when they hold."""
    problem: str
    """Why there is no price, or why the rates cannot be told; empty when all is well."""


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation with its prices in words, one for each price row."""

    explanation: Explanation
    prices: tuple[PriceInWords, ...]


def explained(explanation: Explanation, prices: Prices) -> Explained:
    """Return an explanation with its prices in words."""
    return Explained(explanation, tuple(in_words(row, prices) for row in explanation.price_rows))


def in_words(row: PriceRow, prices: Prices) -> PriceInWords:
    """Return what is to be said of the price of a row, from the price data as they are now."""
    if row.usage.known_cost is None:
        why = prices.why_unpriced(row.sample) or "a price is known by now; it is put on with the next reading"
        return PriceInWords("", "", (), (), why)
    if row.price == BY_HAND:
        return PriceInWords(BY_HAND, "", (), ("the cost was entered, and is never priced anew",), "")
    named = _IDENTITY.match(row.price)
    prices = prices.of((named and named["account"]) or "")
    condition = (named and named["condition"]) or ""
    since = condition if "-" in condition and ":" not in condition else ""
    words = tuple(_words(row, prices)) if row.price else ()
    found = prices.breakdown(row.sample)
    if found is None or found.price != row.price:
        return PriceInWords(row.price, since, (), words, "this price is no longer in the price data")
    components = tuple(_components(row, prices))
    summed = sum((part.cost for part in components), Decimal(0))
    stored = Decimal(row.usage.cost).scaleb(-9)
    problem = ""
    if abs(summed - stored) > _HALF_NANO * row.usage.request_count:
        problem = "computed when the requests were read, with other rates than the price data hold now"
    return PriceInWords(row.price, since, components, words, problem)


def _words(row: PriceRow, prices: Prices) -> Iterator[str]:
    named = _IDENTITY.match(row.price)
    if named is None:
        return
    condition = named["condition"] or ""
    whose = " for this account" if named["account"] else ""
    if named["own"]:
        yield f"your own price{whose}, from prices.toml"
    if ":" in condition:
        yield f"daily from {condition.replace('-', ' to ')} UTC"
    if named["above"]:
        yield f"long-context rates, for prompts of more than {int(named['above']):,} tokens"
    if named["tier"]:
        times = _multiple(row, prices)
        yield f"tier {named['tier']}" + (f": {times.normalize():f} times the standard rates" if times else "")
    if named["percent"]:
        percent = Decimal(named["percent"])
        yield f"{abs(percent):f} % {'off' if percent < 0 else 'on top'}{whose}, from prices.toml"


def _multiple(row: PriceRow, prices: Prices) -> Decimal | None:
    """Return what a tier multiplies the standard rates by; None where it has rates of its own."""
    tier = _rates(row, prices, row.sample)
    standard = _rates(row, prices, replace(row.sample, service_tier=""))
    pairs = [(tier.get(name), standard.get(name)) for name in _COUNTS if name in tier or name in standard]
    times = {one / other if one is not None and other else None for one, other in pairs}
    only = times.pop() if len(times) == 1 else None
    return only if only is not None and only != 1 else None


def _components(row: PriceRow, prices: Prices) -> Iterator[Component]:
    """Return what the row's counts cost at the rates of its sample: all its requests have the same."""
    rates = _rates(row, prices, row.sample)
    for name, rate in rates.items():
        units = row.usage.request_count if name == "request" else _units(row, name)
        per = _MILLION if name.endswith("_tokens") else _THOUSAND
        if units:
            yield Component(name, units, rate * per, rate * units)


def _units(row: PriceRow, name: str) -> int:
    return row.web_searches if name == "web_search_count" else int(getattr(row.usage, name))


def _rates(row: PriceRow, prices: Prices, sample: UsageRecord) -> dict[str, Decimal]:
    """Return dollars a unit of everything that the row counts, reasoning tokens' surcharge included."""
    used = [name for name in (*_COUNTS, "web_search_count") if _units(row, name)]
    full = replace(sample, **_of_each_kind(sample, used), reasoning_output_tokens=0)
    found = prices.breakdown(full)
    if found is None:
        return {}
    rates = {part.name: part.cost / part.units for part in found.components}
    if row.usage.reasoning_output_tokens and full.output_tokens:
        thinking = prices.breakdown(replace(full, reasoning_output_tokens=1))
        extra = _output(thinking) - _output(found)
        if extra:
            rates["reasoning_output_tokens"] = extra
    return rates


def _of_each_kind(sample: UsageRecord, used: Iterable[str]) -> dict[str, int]:
    """Return the counts of a record with one of each kind it lacks, as long a prompt as it can be.

    The length of the prompt decides on the long-context rates, so the one is taken from its largest part.
    """
    counts = {name: 1 for name in used if not getattr(sample, name)}
    added = sum(name in _COUNTS[:4] for name in counts)
    largest = max(_COUNTS[:4], key=lambda name: int(getattr(sample, name)))
    if getattr(sample, largest) > added:
        counts[largest] = getattr(sample, largest) - added
    return counts


def _output(found: Breakdown | None) -> Decimal:
    parts = found.components if found else ()
    return sum((part.cost for part in parts if part.name == "output_tokens"), Decimal(0))
