"""Figures and their signs: `~` computed from list prices, `≥` a part is missing, `—` unknown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tokentui import text
from tokentui.store.snapshot import Usage
from tokentui.ui import privacy

if TYPE_CHECKING:
    from tokentui.store.snapshot import Card, Limit

WARN_PERCENT = 80.0
"""From here on a limit is a warning."""

CRIT_PERCENT = 95.0
"""From here on it is critical."""

STALE_SECONDS = 1_800
"""A limit read longer ago than this is shown dimmed, with its age."""

_FEW = 20
"""Below so many units a range of costs has decimals."""

_WINDOWS = {300: "5 h", 1_440: "day", 10_080: "week", 43_200: "month"}


def cost(usage: Usage, quality: str = "exact") -> str:
    """Return what some records cost: `$1.20~`, `≥$1.20~` when a part is unpriced, `—` when all of it is."""
    known = usage.known_cost
    if known is None:
        return text.UNKNOWN
    if privacy.hidden():
        return privacy.HIDDEN
    floor = (quality == "floor" and usage.request_count > 0) or usage.unpriced_request_count > 0
    return f"{'≥' if floor else ''}{money(known)}{'~' if known else ''}"


def money(nano: int | None, places: int = 2) -> str:
    """Return an amount of nano-dollars, `—` for None; dots while costs are hidden."""
    return privacy.HIDDEN if nano is not None and privacy.hidden() else text.money(nano, places)


def dollars(nano: int, places: int = 2) -> str:
    """Return what was billed in dollars, whatever currency is shown; dots while costs are hidden."""
    return privacy.HIDDEN if privacy.hidden() else text.money(nano, places, text.DOLLARS)


def between(costs: tuple[int, int] | None) -> str:
    """Return a range of costs: `541 – 640`, in the currency that is shown; nothing while costs are hidden."""
    if costs is None or privacy.hidden():
        return ""
    unit = text.shown_currency()
    few = costs[1] * unit.numerator < _FEW * 10**9 * unit.denominator
    return " – ".join(text.money(nano, 2 if few else 0).replace(unit.sign, "") for nano in costs)


def tokens(usage: Usage, quality: str = "exact") -> str:
    """Return all tokens of some records, with the sign of their quality."""
    sign = {"floor": "≥", "estimate": "~"}.get(quality, "") if usage.request_count else ""
    return f"{sign}{text.tokens(usage.total_tokens)}"


def requests(count: int) -> str:
    """Return a number of requests: `978 req`."""
    return f"{text.tokens(count)} req"


def unpriced(usage: Usage) -> str:
    """Return how many requests have no price, or nothing."""
    count = usage.unpriced_request_count
    return f"{text.tokens(count)} unpriced" if count else ""


def cache_read(usage: Usage) -> str:
    """Return which share of the input tokens came from a cache."""
    if not usage.input_tokens:
        return text.UNKNOWN
    return text.percent(100 * usage.cache_read_input_tokens / usage.input_tokens)


def change(now: int | None, before: int | None) -> str:
    """Return by how much a figure differs from another: `▲ 12 %`; nothing when it cannot be said.

    Nothing either while there is no figure yet: a day that has just begun is not 100 % below the last.
    """
    if not now or not before:
        return ""
    percent = 100 * (now - before) / before
    if abs(percent) < 0.5:
        return "= same"
    return f"{'▲' if percent > 0 else '▼'} {'>999' if percent > 999.5 else f'{abs(percent):.0f}'} %"


def share(part: int | None, whole: int | None) -> float | None:
    """Return a part as a percentage of the whole; None when either is unknown or there is no whole."""
    return None if part is None or not whole else 100 * part / whole


def total(usages: Iterable[Usage]) -> Usage:
    """Return the sum of some usages."""
    count = fresh = read = short = long = output = reasoning = nano = missing = 0
    for usage in usages:
        count += usage.request_count
        fresh += usage.uncached_input_tokens
        read += usage.cache_read_input_tokens
        short += usage.cache_creation_5m_input_tokens
        long += usage.cache_creation_1h_input_tokens
        output += usage.output_tokens
        reasoning += usage.reasoning_output_tokens
        nano += usage.cost
        missing += usage.unpriced_request_count
    return Usage(count, fresh, read, short, long, output, reasoning, nano, missing)


def quality_of(services: Iterable[str], cards: Iterable[Card]) -> str:
    """Return the quality of a sum over services: a lower bound as soon as one of its parts is."""
    floors = {card.service for card in cards if card.quality == "floor"}
    return "exact" if floors.isdisjoint(services) else "floor"


def window(limit: Limit) -> str:
    """Return what a person calls a limit: `5 h`, `week`, or its own name in front of that."""
    minutes = limit.window_minutes
    length = _WINDOWS.get(minutes) or (
        f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min" if minutes else ""
    )
    name = text.clean(limit.name, 24)
    if not name or name.casefold() == length.casefold() or name == limit.limit_id:
        return length or name or text.clean(limit.limit_id, 24)
    return name


def used(limit: Limit, now: float) -> float | None:
    """Return how full a limit is, None once its window was reset since it was read. `now`: UTC seconds."""
    if limit.resets_at is not None and limit.resets_at / 1e6 <= now:
        return None
    return limit.used_percent


def level(percent: float | None) -> str:
    """Return the style of a percentage: ok, warn or crit; rest when it is unknown."""
    if percent is None:
        return "rest"
    return "crit" if percent >= CRIT_PERCENT else "warn" if percent >= WARN_PERCENT else "ok"
