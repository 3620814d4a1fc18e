"""The sentences of an explanation, as the command and the dashboard say them both."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tokentui.engine.explain import FLAG_WORDS, PROVENANCE_WORDS, QUALITY_WORDS, Component, PriceInWords
from tokentui.store.explain import Elsewhere, Explanation, PriceRow, Request
from tokentui.store.snapshot import Usage
from tokentui.text import UNKNOWN, clean, money, shown_currency
from tokentui.usage import moment

COMPONENT_WORDS = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cache read",
    "cache_creation_5m_input_tokens": "cache write 5m",
    "cache_creation_1h_input_tokens": "cache write 1h",
    "output_tokens": "output",
    "reasoning_output_tokens": "reasoning, on top of output",
    "web_search_count": "web searches",
    "request": "requests",
}


def cost(usage: Usage, floors: int) -> str:
    """Return a cost with its signs: `≥` a part may be missing, `~` computed from list prices."""
    known = usage.known_cost
    if known is None:
        return "unpriced"
    shown = money(known)
    if floors or usage.unpriced_request_count:
        shown = "≥$0.00" if shown.startswith("<") else f"≥{shown}"
    return shown + ("~" if known else "")


def request_cost(request: Request) -> str:
    """Return what one request cost, to a hundredth of a cent."""
    cost = request.record.cost
    if cost is None:
        return "unpriced"
    return ("≥" if request.context.quality == "floor" else "") + money(cost, 4) + ("~" if cost else "")


def price(row: PriceRow, price: PriceInWords) -> Iterator[tuple[str, bool]]:
    """Yield what is to be said of a price, and whether that is a warning."""
    if row.usage.known_cost is None:
        name = clean(row.model, 80) or "(no model)"
        yield f"{name}: {requests(row.usage.request_count)} unpriced: {clean(price.problem, 200)}", True
        return
    said = [f"since {price.since}" if price.since else "", *price.words]
    yield clean(price.price, 120) + "".join(f", {clean(each, 100)}" for each in said if each), False
    if price.components:
        yield "  " + ", ".join(map(component, price.components)), False
    if price.problem:
        yield f"  {clean(price.problem, 200)}", True


def component(part: Component) -> str:
    """Return what a part costs: `cache read $0.50/M`."""
    per = "M" if part.name.endswith("_tokens") else "k"
    return f"{COMPONENT_WORDS[part.name]} ${_digits(part.rate)}/{per}"


def doubts(explanation: Explanation) -> Iterator[str]:
    """Return what a reader must know of the figures: where they come from, how sure they are."""
    if explanation.expired:
        yield _sums_only(explanation)
    elif explanation.stored_sums != explanation.totals:
        yield "The stored sums differ from the records: run `tokentui doctor`."
    if note := shown_currency().note:
        yield f"Costs are shown at {note}; prices are in US dollars"
    for names, words in ((explanation.provenances, PROVENANCE_WORDS), (explanation.qualities, QUALITY_WORDS)):
        yield from (f"{requests(count)}: {words.get(name, clean(name))}" for name, count in names)
    yield from (f"{requests(count)}: {FLAG_WORDS[name]}" for name, count in explanation.flags)
    recorded = explanation.recorded
    if not recorded.request_count:
        yield f"The tools' own figure: {UNKNOWN}, their logs name no cost"
        return
    yield f"The tools' own figure: {money(recorded.cost)} for {requests(recorded.request_count)}"
    if recorded.gap is not None:
        way = "more" if recorded.gap > 0 else "less"
        gap = f"{money(abs(recorded.gap))} {way}" if recorded.gap else "the same"
        compared = f"{money(recorded.both_computed)}~ computed, {money(recorded.both_cost)} recorded"
        yield f"Of {requests(recorded.both_count)} with both: {compared}: {gap}"


def nothing(explanation: Explanation, elsewhere: Elsewhere, selection: str) -> Iterator[str]:
    """Say what was looked for, and why there may be none of it."""
    yield f"No usage: {selection}."
    if not elsewhere.everything.request_count:
        yield "Nothing is recorded yet: `tokentui detect` shows which tools were looked for, and where."
        return
    if explanation.expired:
        yield _sums_only(explanation)
    elif explanation.stored_sums != explanation.totals:
        yield "The stored sums say otherwise: run `tokentui doctor`."
    if count := elsewhere.other_days.request_count:
        days = f"from {elsewhere.first_day} to {elsewhere.last_day}"
        yield f"On other days there is some: {requests(count)} {days}."
    else:
        yield "Nothing that is recorded matches, on no day."
    if explanation.query.where and (count := elsewhere.same_days.request_count):
        yield f"On these days there is other usage, which does not match: {requests(count)}."
    if any(each.unreadable or each.bad_lines for each in explanation.logs):
        yield "Some logs or lines could not be read: `tokentui doctor` lists them."


def _sums_only(explanation: Explanation) -> str:
    day = moment(explanation.expired_before).date()
    return f"{requests(explanation.expired)} from before {day}: only the sums are kept (retention_days)"


def requests(count: int) -> str:
    """Return a number of requests: `1 request`, `1,204 requests`."""
    return "1 request" if count == 1 else f"{count:,} requests"


def usage_of(request: Request) -> Usage:
    """Return one request as a sum."""
    record = request.record
    return Usage(
        1, record.uncached_input_tokens, record.cache_read_input_tokens,
        record.cache_creation_5m_input_tokens, record.cache_creation_1h_input_tokens, record.output_tokens,
        record.reasoning_output_tokens, record.cost or 0, record.cost is None,
    )  # fmt: skip


def _digits(amount: Decimal) -> str:
    """Write dollars with all their digits, at least two."""
    whole, _, part = f"{amount:f}".partition(".")
    return f"{int(whole):,}.{part.rstrip('0'):0<2}" if amount >= 0 else "-" + _digits(-amount)
