"""A provider without code: a block of providers.toml says which address to ask, and where the figures stand.

`written.py` reads the blocks; this asks and understands. A place that is not in the answer is the same
ChangedFormat as for any provider, with the path that is to be corrected.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from tokentui.billing import TO_DATE, Account, Balance, Bucket, Covered, Feature, Fetched, KeyReport
from tokentui.sources.providers.errors import ChangedFormat
from tokentui.sources.providers.fields import Row, percent
from tokentui.sources.providers.json_paths import Path, rows
from tokentui.sources.providers.json_paths import field as field_at
from tokentui.sources.providers.provider import Span
from tokentui.text import clean
from tokentui.usage import LimitReading, epoch_microseconds, moment

DAY = 86_400_000_000
if TYPE_CHECKING:
    from tokentui.sources.providers.http import Client  # 60 ms that reading providers.toml need not spend

PER_UNIT = {"dollars": 1, "cents": 100}
"""How many of a unit make one of the currency."""
TOKENS: Mapping[str, str] = {
    "input_tokens": "uncached_input_tokens", "cache_read_tokens": "cache_read_input_tokens",
    "cache_write_tokens": "cache_creation_5m_input_tokens", "output_tokens": "output_tokens",
    "requests": "request_count",
}  # fmt: skip
"""Names in providers.toml -> fields of a Bucket."""
_SECONDS_BELOW = 10**11
"""A reset below is in Unix seconds, else in milliseconds: as seconds it would be the year 5138."""

Fetch = Callable[["Client", Account, Span], Awaitable[Fetched]]


@dataclass(frozen=True, slots=True)
class Question:
    """Which address is asked, and where the figures of its answer stand."""

    where: str
    """The block: `[acme.balance]`."""
    path: str
    """Below the base URL."""
    query: Mapping[str, str]
    """May hold {from_date}, {to_date}, {from_seconds}, {to_seconds}."""
    body: Mapping[str, object] | None
    """Of a question by POST; its texts may hold the same."""
    fields: Mapping[str, Path]
    unit: str = "dollars"
    currency: str = "USD"
    name: str = ""
    window_minutes: int = 0
    period: Literal["", "day", "month"] = ""
    """Of costs without a day: what the one figure is the sum of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a block of providers.toml asks for."""

    title: str
    header: tuple[str, str] | None
    """Name and template with {key}; None where no key is sent."""
    questions: Mapping[Feature, tuple[Question, ...]] = field(default_factory=dict)

    def authorize(self, key: str) -> dict[str, str]:
        """Return the header that carries the key."""
        return {} if self.header is None else {self.header[0]: self.header[1].replace("{key}", key)}

    async def test(self, client: Client, account: Account) -> KeyReport:
        """Ask every question once, for today."""
        today = client.now // DAY * DAY
        words: list[str] = []
        for feature in self.questions:
            found = await self.fetch(feature)(client, account, Span(today, today + DAY))
            words.append(_told(feature, found))
        return KeyReport(f"{self.title} answers: {', '.join(words)}", tuple(self.questions))

    def fetch(self, feature: Feature) -> Fetch:
        """Return what asks for one feature."""

        async def ask(client: Client, account: Account, span: Span) -> Fetched:
            parts = []
            for question in self.questions[feature]:
                query = [(name, _filled(value, span)) for name, value in question.query.items()]
                if question.body is None:
                    answer = await client.get(question.path, query)
                else:
                    answer = await client.post(question.path, _filled_in(question.body, span), query)
                try:
                    parts.append(_UNDERSTOOD[feature](question, answer, client, account, span))
                except ChangedFormat as changed:
                    changed.hint = f"compare {question.where} in providers.toml with what the service answers"
                    raise
            return Fetched(
                buckets=tuple(each for part in parts for each in part.buckets),
                covered=tuple(each for part in parts for each in part.covered),
                limits=tuple(each for part in parts for each in part.limits),
                balances=tuple(each for part in parts for each in part.balances),
            )

        return ask


def _filled(text: str, span: Span) -> str:
    """Return a text with the days that are asked for in the places of their names."""
    known = {
        "{from_date}": f"{moment(span.start):%Y-%m-%d}", "{to_date}": f"{moment(span.end - DAY):%Y-%m-%d}",
        "{from_seconds}": str(span.start // 1_000_000), "{to_seconds}": str(span.end // 1_000_000),
    }  # fmt: skip
    for sign, meant in known.items():
        text = text.replace(sign, meant)
    return text


def _filled_in(value: object, span: Span) -> object:
    """Return a part of a body with the days in its texts; seconds that stand alone are a number."""
    if isinstance(value, Mapping):
        return {name: _filled_in(each, span) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled_in(each, span) for each in value]
    if not isinstance(value, str):
        return value
    text = _filled(value, span)
    return int(text) if value in ("{from_seconds}", "{to_seconds}") else text


def _sum(question: Question, answer: object, name: str) -> int:
    """Return an amount in nano-units; of a path with `[]` the sum."""
    path, total = question.fields[name], 0
    for value, place in rows(answer, path.each):
        at = field_at(value, path.steps[len(path.each) :], place)
        total += at.row.money(at.name, PER_UNIT[question.unit])
    return total


def _balance(question: Question, answer: object, client: Client, account: Account, span: Span) -> Fetched:
    del client, account, span
    granted = _sum(question, answer, "granted") if "granted" in question.fields else None
    amount, currency = _sum(question, answer, "amount"), _currency(question, answer)
    return Fetched(balances=(Balance(amount, currency, question.name or "balance", granted),))


def _currency(question: Question, answer: object) -> str:
    if "currency_at" not in question.fields:
        return question.currency
    at = field_at(answer, question.fields["currency_at"].steps)
    found = at.row.text(at.name, limit=10).upper()
    if not (len(found) == 3 and found.isalpha() and found.isascii()):
        raise ChangedFormat(question.fields["currency_at"].text, "is no currency")
    return found


def _limits(question: Question, answer: object, client: Client, account: Account, span: Span) -> Fetched:
    del span
    at = {name: field_at(answer, path.steps) for name, path in question.fields.items()}

    def number(name: str) -> Decimal:
        return at[name].row.number(at[name].name)

    if "used_percent" in at:
        used = float(max(number("used_percent"), Decimal(0)))
    elif "used" in at:
        used = percent(number("used"), number("limit"))
    else:
        used = percent(number("limit") - number("remaining"), number("limit"))
    if used > 1e9:
        raise ChangedFormat(next(iter(question.fields.values())).text, "is too large")
    resets = None
    if "resets_at" in at and at["resets_at"].row.has(at["resets_at"].name):
        resets = _reset(at["resets_at"].row, at["resets_at"].name)
    reading = LimitReading(
        account.service, account.name, question.name, question.window_minutes, used, resets, client.now,
        limit_name=question.name, origin="api",
    )  # fmt: skip
    return Fetched(limits=(reading,))


def _reset(row: Row, name: str) -> int:
    try:
        written = row.number(name)
    except ChangedFormat:
        return row.moment(name)
    return row.seconds(name) if abs(written) < _SECONDS_BELOW else row.milliseconds(name)


def _history(question: Question, answer: object, client: Client, account: Account, span: Span) -> Fetched:
    del client, account
    found: dict[tuple[int, str], dict[str, int]] = {}
    for row, start in _days(question, answer, span):
        counts = found.setdefault((start, row.text_at("model")), {})
        for name, meant in TOKENS.items():
            if name in question.fields:
                counts[meant] = counts.get(meant, 0) + row.count_at(name)
    buckets = tuple(
        replace(Bucket("history", start, start + DAY, model), **counts)
        for (start, model), counts in found.items()
    )
    return Fetched(buckets, (Covered("history", span.start, span.end),))


def _cost(question: Question, answer: object, client: Client, account: Account, span: Span) -> Fetched:
    del account
    currency = _currency(question, answer)
    if question.period:
        first, end = _running(question.period, client.now)
        amount, operation = _sum(question, answer, "amount"), f"{question.period}{TO_DATE}"
        bucket = Bucket("cost", first, end, operation=operation, cost=amount, currency=currency)
        return Fetched((bucket,), (Covered("cost", first, end),))
    found: dict[tuple[int, str], int] = {}
    for row, start in _days(question, answer, span):
        key = (start, row.text_at("model"))
        found[key] = found.get(key, 0) + row.money_at("amount")
    buckets = tuple(
        Bucket("cost", start, start + DAY, model, cost=amount, currency=currency)
        for (start, model), amount in found.items()
    )
    return Fetched(buckets, (Covered("cost", span.start, span.end),))


def _running(period: str, now: int) -> tuple[int, int]:
    """Return when the running day or month began, and when it ends, in UTC."""
    at = moment(now)
    first = datetime(at.year, at.month, 1 if period == "month" else at.day, tzinfo=UTC)
    end = (first + timedelta(days=32)).replace(day=1) if period == "month" else first + timedelta(days=1)
    return epoch_microseconds(first), epoch_microseconds(end)


class _DayRow:
    """One of the rows of an answer, read by the names of providers.toml."""

    def __init__(self, question: Question, value: object, place: str, skipped: int) -> None:
        self._question, self._value, self._place, self._skipped = question, value, place, skipped

    def at(self, name: str) -> tuple[Row, str]:
        found = field_at(self._value, self._question.fields[name].steps[self._skipped :], self._place)
        return found.row, found.name

    def text_at(self, name: str) -> str:
        if name not in self._question.fields:
            return ""
        row, at = self.at(name)
        return row.text(at, "")

    def count_at(self, name: str) -> int:
        row, at = self.at(name)
        return row.count(at, 0)

    def money_at(self, name: str) -> int:
        row, at = self.at(name)
        return row.money(at, PER_UNIT[self._question.unit])


def _days(question: Question, answer: object, span: Span) -> list[tuple[_DayRow, int]]:
    """Return the rows of an answer with their UTC day, those outside of the span left out."""
    each = question.fields["day"].each
    found = []
    for value, place in rows(answer, each):
        row = _DayRow(question, value, place, len(each))
        start = _day(*row.at("day"))
        if span.start <= start < span.end:
            found.append((row, start))
    return found


def _day(row: Row, name: str) -> int:
    """Return the UTC day that a date, a time or Unix seconds or milliseconds name."""
    try:
        day = date.fromisoformat(row.text(name, limit=40))
    except ValueError:
        return _reset(row, name) // DAY * DAY
    return epoch_microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))


_UNDERSTOOD: Mapping[Feature, Callable[[Question, object, Client, Account, Span], Fetched]] = {
    "balance": _balance, "limits": _limits, "cost": _cost, "history": _history,
}  # fmt: skip


def _told(feature: Feature, found: Fetched) -> str:
    if feature == "balance":
        balance = found.balances[0]
        return f"{balance.name} {balance.amount / 10**9:,.2f} {balance.currency}"
    if feature == "limits":
        return clean(", ".join(f"{limit.limit_id} {limit.used_percent:.0f} %" for limit in found.limits), 200)
    return f"{len(found.buckets):,} {'days of cost' if feature == 'cost' else 'days of use'}"
