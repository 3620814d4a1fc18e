"""What is asked of a provider, and what its answer is worth at list prices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec.structs import replace

from tokentui.billing import Account, Bucket, Covered, Feature, Fetched
from tokentui.sources.providers import Provider, Span
from tokentui.sources.providers.http import Client
from tokentui.usage import UsageRecord

DAY = 86_400_000_000
AGAIN_DAYS = 3
"""Days before today that are fetched again each time: providers correct and complete them for as long."""
CHUNK_DAYS = 31
"""Days of history fetched at a time while it is filled up backwards."""

SKEW_SECONDS = 120.0
"""From here on a user is told that the clock of this machine is wrong."""

_COUNTS = (
    "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens", "output_tokens",
)  # fmt: skip
_SAMPLE = 1_000
"""Tokens of the request that a rate is taken from: too few for the rates of long contexts."""


class Pricing(Protocol):
    """What prices a request."""

    @property
    def account(self) -> str:
        """The account whose own prices these are; empty for what holds for all."""

    def cost(self, record: UsageRecord) -> tuple[int | None, str]:
        """Return its cost in nano-dollars and the identity of the price; (None, "") when unpriced."""


class Known(Protocol):
    """How asking for a feature went so far; times are UTC epoch microseconds."""

    @property
    def filled_from(self) -> int | None:
        """How far back its history is there."""

    @property
    def last_success_at(self) -> int | None:
        """When it was answered last."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which spans to ask for, and how far back the history reaches once they are there."""

    spans: tuple[Span, ...]
    filled_from: int | None


def plan(
    feature: Feature, history_days: int, now: int, filled_from: int | None, last_success_at: int | None
) -> Plan:
    """Return what to ask for. All times are UTC epoch microseconds; spans end at the coming UTC midnight.

    The last days again, and what was missed since the last answer; then a month further back each time,
    until `history_days` are there.
    """
    tomorrow = (now // DAY + 1) * DAY
    if feature not in ("history", "cost"):
        return Plan((Span(tomorrow - DAY, tomorrow),), filled_from)
    since = tomorrow - (AGAIN_DAYS + 1) * DAY
    if last_success_at is not None and filled_from is not None:
        since = min(since, (last_success_at // DAY - AGAIN_DAYS) * DAY)
    oldest = tomorrow - max(history_days, AGAIN_DAYS + 1) * DAY
    since = max(since, oldest)
    known = since if filled_from is None else min(filled_from, since)
    if known <= oldest:
        return Plan((Span(since, tomorrow),), known)
    further = max(oldest, known - CHUNK_DAYS * DAY)
    if filled_from is None:  # one span: nothing lies between
        return Plan((Span(further, tomorrow),), further)
    return Plan((Span(since, tomorrow), Span(further, known)), further)


def planned(
    feature: Feature, row: Provider, since: int | None, now: int, known: Known | None, *, further: bool
) -> Plan:
    """Return what to ask for, with what is known of the answers so far; `further` for older history only."""
    days, reaches = depth(row, since, now), known.filled_from if known else None
    if further and reaches is not None:
        return earlier(days, now, reaches)
    return plan(feature, days, now, reaches, known.last_success_at if known else None)


def earlier(history_days: int, now: int, filled_from: int) -> Plan:
    """Return the month before what is there, as far as `history_days` reach."""
    oldest = (now // DAY + 1 - history_days) * DAY
    further = max(oldest, filled_from - CHUNK_DAYS * DAY)
    return Plan((Span(further, filled_from),), further)


def is_missing(feature: str, row: Provider, since: int | None, now: int, filled_from: int | None) -> bool:
    """Whether history back to `since` is wanted at once and not all there."""
    if since is None or filled_from is None or feature not in ("history", "cost"):
        return False
    return filled_from > (now // DAY + 1 - depth(row, since, now)) * DAY


def depth(row: Provider, since: int | None, now: int) -> int:
    """Return how many days of history are wanted: the usual ones, or back to `since` where that is told."""
    if since is None:
        return row.history_days
    wanted = now // DAY + 1 - since // DAY
    return min(max(row.history_days, wanted), max(row.reach_days, row.history_days))


async def fetch(client: Client, row: Provider, feature: Feature, spans: Sequence[Span]) -> Fetched:
    """Ask for all spans; return the answers as one. Raises ProviderError."""
    ask = row.load().FETCHES[feature]
    answers: list[Fetched] = []
    told: list[Covered] = []
    for span in spans:
        answer = _within(await ask(client, client.account, span), span, told)
        told += answer.covered
        answers.append(answer)
    return joined(answers)


def _within(answer: Fetched, span: Span, told: Sequence[Covered]) -> Fetched:
    """Return an answer without what was not asked for, and what an earlier one has `told`.

    Some ignore the span, and some tell a month in one figure: both would count twice with two spans.
    """
    kept = tuple(
        bucket for bucket in answer.buckets
        if (span.start <= bucket.start < span.end or _is_in(bucket, answer.covered))
        and not _is_in(bucket, told)
    )  # fmt: skip
    return answer if len(kept) == len(answer.buckets) else replace(answer, buckets=kept)


def _is_in(bucket: Bucket, told: Sequence[Covered]) -> bool:
    return any(
        bucket.feature == each.feature
        and each.start <= bucket.start < each.end
        and each.operation in ("", bucket.operation)
        for each in told
    )


def joined(answers: Sequence[Fetched]) -> Fetched:
    """Return several answers as one."""
    if len(answers) == 1:
        return answers[0]
    return Fetched(
        buckets=tuple(each for answer in answers for each in answer.buckets),
        covered=tuple(each for answer in answers for each in answer.covered),
        limits=tuple(each for answer in answers for each in answer.limits),
        balances=tuple(each for answer in answers for each in answer.balances),
        notes=tuple(dict.fromkeys(note for answer in answers for note in answer.notes)),
        plan=next((answer.plan for answer in answers if answer.plan), ""),
    )


def priced(fetched: Fetched, prices: Pricing, provider_name: str) -> Fetched:
    """Return an answer with what its tokens cost at `prices`, where all of a bucket has a price.

    Without a provider's name (a proxy to many) that is done only where the user says what the account pays.
    Sums of many requests have no long-context rates: which prompt was long is not in them.
    """
    if not any(bucket.feature == "history" for bucket in fetched.buckets):
        return fetched
    if not provider_name and not prices.account:
        return replace(fetched, buckets=tuple(replace(each, computed_cost=None) for each in fetched.buckets))
    buckets = tuple(_priced(bucket, prices, provider_name) for bucket in fetched.buckets)
    return replace(fetched, buckets=buckets)


def _priced(bucket: Bucket, prices: Pricing, provider_name: str) -> Bucket:
    used = [(name, getattr(bucket, name)) for name in _COUNTS if getattr(bucket, name)]
    if bucket.feature != "history" or not bucket.model or not used or bucket.operation not in _TOKENS:
        return bucket
    total = 0
    for name, units in used:
        sample = UsageRecord(0, 0, bucket.start, 0, provider_name, bucket.model, service_tier=_tier(bucket))
        cost, _ = prices.cost(replace(sample, **{name: _SAMPLE}))
        if cost is None:
            return replace(bucket, computed_cost=None)
        total += cost * units
    return replace(bucket, computed_cost=round(total / _SAMPLE))


_TOKENS = frozenset({"", "chat", "completions", "messages", "embeddings"})
"""Operations that are charged by the token."""


def _tier(bucket: Bucket) -> str:
    """Return the service tier a bucket is of, as records name it."""
    named = dict(pair.partition("=")[::2] for pair in bucket.dimensions.split(";"))
    if named.get("batch") == "true":
        return "batch"
    tier = named.get("service_tier", "")
    return "" if tier in ("standard", "default", "auto") else tier


def features_of(row: Provider, account: Account) -> list[tuple[Feature, float]]:
    """Return what an account is asked for by itself, with the seconds between two questions."""
    found: list[tuple[Feature, float]] = []
    offered: Iterable[Feature] = row.load().FETCHES
    for feature in offered:
        capability = row.capabilities.get(feature)
        if capability is None or not capability.interval_seconds or capability.offer == "no":
            continue
        ways = (feature, *(each for each in row.opt_ins if each.startswith(f"{feature}-")))
        if capability.offer == "opt-in" and not any(map(account.opted_in, ways)):
            continue
        found.append((feature, float(max(capability.interval_seconds, account.interval_seconds))))
    return found


def clock_note(skew_seconds: float | None) -> tuple[str, ...]:
    """Return what to tell of a provider whose clock is so far ahead of this machine's."""
    if skew_seconds is None or abs(skew_seconds) <= SKEW_SECONDS:
        return ()
    direction = "behind" if skew_seconds > 0 else "ahead of"
    return (f"the clock of this machine is {abs(skew_seconds) / 60:.0f} minutes {direction} the provider's",)
