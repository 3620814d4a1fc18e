"""Usage that no log and no API tells of, entered by hand: what `tokentui track` and its window have.

An entry is checked field by field, so that whoever typed it hears which one is wrong, why, and what
would do. It becomes a record of provenance `manual`; with an id of its own it counts once, and the
newest word on an id counts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from datetime import time as time_of_day
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from tokentui import periods, sources
from tokentui.engine.account_check import AccountProblem
from tokentui.sources.providers import find, rows
from tokentui.store.rows import LARGEST, MOST_COST
from tokentui.text import clean
from tokentui.usage import (
    BY_HAND,
    MODEL_UNKNOWN,
    NANO,
    UsageContext,
    UsageRecord,
    epoch_microseconds,
    record_key,
)

if TYPE_CHECKING:
    from tokentui.engine.accounts import Accounts

COUNTS = {
    "input": "uncached_input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation_5m_input_tokens",
}
"""Fields of an entry -> fields of the record. Input is what no cache held."""

TEXTS = ("model", "provider", "session", "project", "error", "id")

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before this a time is a slip of the pen."""

_DAY = 86_400_000_000
_UNITS = {"k": 10**3, "m": 10**6, "b": 10**9}
_MOST_TEXT = 200


class EntryProblem(AccountProblem):
    """A field of an entry is wrong: says which, why, and gives an example of a right one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody entered, checked."""

    service: str
    """As it is stored: `chatgpt-web`."""
    title: str
    """As it was written: `ChatGPT web`."""
    account: str
    record: UsageRecord
    """Without a price unless its cost was entered."""
    context: UsageContext


class Noted(NamedTuple):
    """What came of an entry."""

    entry: Entry
    news: bool
    """False when the same id was known: it counts once."""
    changed: bool
    """Whether the words on a known id are others than before."""


def parse(fields: Mapping[str, str], now: int, zone: str) -> Entry:
    """Return an entry from what was typed. Raises EntryProblem.

    `fields`: `service`, `account`, `time`, `cost`, `failed`, those of COUNTS and of TEXTS; all but the
    service may be missing or empty. `now` in UTC epoch µs; a time without a zone is in `zone`.
    """
    title = _text(fields, "service")
    service = _service(title)
    counts = {name: _count(fields, field) for field, name in COUNTS.items()}
    cost = _cost(fields.get("cost", "").strip())
    texts = {name: _text(fields, name) for name in TEXTS}
    if not any(counts.values()) and cost is None and not texts["error"] and not fields.get("failed"):
        raise EntryProblem("there is nothing to count", "give tokens or a cost, such as: 1200", field="input")
    at = _time(fields.get("time", "").strip(), now, zone)
    error = texts["error"] or ("failed" if fields.get("failed") else "")
    account = _text(fields, "account").lower()
    context = UsageContext(
        service=service,
        account=account,
        conversation_id=texts["session"],
        project=os.path.abspath(texts["project"])
        if texts["project"].startswith(("/", "."))
        else texts["project"],
        provenance="manual",
        quality="exact",
    )
    natural = texts["id"] or os.urandom(16).hex()
    record = UsageRecord(
        key=record_key(service, f"by hand:{account}:{natural}"),
        rank=now,
        time=at,
        context=0,
        provider_name=texts["provider"].lower(),
        model=texts["model"],
        flags=0 if texts["model"] else MODEL_UNKNOWN,
        error=error,
        recorded_cost=cost,
        cost=cost,
        price="" if cost is None else BY_HAND,
    )
    record = replace(record, **counts)
    return Entry(service, title, account, record, context)


def note(accounts: Accounts, fields: Mapping[str, str]) -> Noted:
    """Store an entry, in one short transaction beside whoever collects. Blocks.

    Raises EntryProblem, StoreError.
    """
    now = time.time_ns() // 1000
    entry = parse(fields, now, accounts.zone)
    record = entry.record
    if record.cost is None and record.model and record.total_tokens:
        cost, price = accounts.prices().of(entry.context.account_key).cost(record)
        if cost is not None:
            record = replace(record, cost=cost, price=price)
    with accounts.writing() as writer:
        if _title(entry) != entry.service and not writer.known_service(entry.service):
            writer.describe_services({entry.service: _title(entry)})
        stored = writer.put_record(entry.context, record, now)
    entry = Entry(entry.service, _title(entry), entry.account, record, entry.context)
    return Noted(entry, stored.records_added > 0, stored.total_tokens != 0 or stored.cost != 0)


def words(noted: Noted) -> str:
    """Return one sentence on what was stored; amounts are written out by whoever shows it."""
    record = noted.entry.record
    model = f", {clean(record.model, 60)}" if record.model else ""
    said = f"{clean(noted.entry.title, 60)}{model}: {record.input_tokens:,} in, {record.output_tokens:,} out"
    if not noted.news:
        return f"{said}; this id was known and counts once{', as said now' if noted.changed else ''}"
    return said


def _title(entry: Entry) -> str:
    """Return what a card of the service says: its own name where it is one of ours."""
    source = sources.find(entry.service)
    row = find(entry.service)
    return source.title if source else row.title if row else entry.title


def _service(title: str) -> str:
    """Return the name that a service is stored under; anything with letters will do."""
    folded = title.casefold()
    for source in sources.everything():
        if folded in (source.name, source.title.casefold()):
            return source.name
    for row in rows().values():
        if folded in (row.name, row.title.casefold()):
            return row.name
    words = "".join(sign if sign.isalnum() or sign in "._" else " " for sign in folded).split()
    name = "-".join(words)[:40].strip("-")
    if not name:
        reason = f"“{title}” is no name of a service" if title else "the service is missing"
        raise EntryProblem(reason, "any name, such as: ChatGPT web", field="service")
    return name


def _text(fields: Mapping[str, str], name: str) -> str:
    value = clean(fields.get(name, "").strip(), _MOST_TEXT + 1)
    if len(value) > _MOST_TEXT:
        raise EntryProblem(f"the {name} is longer than {_MOST_TEXT} characters", field=name)
    return value


def _count(fields: Mapping[str, str], name: str) -> int:
    """Return a count as people write it: `1200`, `1,200`, `12k`, `1.5M`."""
    typed = fields.get(name, "").strip()
    digits = typed.replace(",", "").replace("_", "").lower()
    if not digits:
        return 0
    unit = _UNITS.get(digits[-1], 1)
    number = _decimal(digits[:-1] if unit > 1 else digits)
    if number is None or number < 0 or number * unit != int(number * unit) or number * unit > LARGEST:
        hint = "a whole number, such as: 1200, 12k or 1.5M"
        raise EntryProblem(f"“{clean(typed, 40)}” is no count of tokens", hint, field=name)
    return int(number * unit)


def _cost(typed: str) -> int | None:
    if not typed:
        return None
    number = _decimal(typed.removeprefix("$").replace(",", ""))
    if number is None or number < 0 or number * NANO > MOST_COST:
        reason = f"“{clean(typed, 40)}” is no amount of dollars up to $70,000"
        raise EntryProblem(reason, "such as: 0.25", field="cost")
    return int(number * NANO)


def _decimal(typed: str) -> Decimal | None:
    try:
        number = Decimal(typed) if typed.isascii() and len(typed) <= 30 else Decimal("NaN")
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < 20 else None


def _time(typed: str, now: int, zone: str) -> int:
    """Return a moment in UTC epoch µs: now, an ISO time, or noon of a date; in `zone` unless it names one."""
    if not typed:
        return now
    example = "such as: 2026-07-29 14:30"
    try:
        when = datetime.fromisoformat(typed)
        if len(typed) <= len("2026-07-29"):
            when = datetime.combine(when.date(), time_of_day(12))
        if when.tzinfo is None:
            when = when.replace(tzinfo=periods.zone(zone))
        at = epoch_microseconds(when.astimezone(UTC))
    except (ValueError, OverflowError):
        raise EntryProblem(f"“{clean(typed, 40)}” is no time", example, field="time") from None
    if not epoch_microseconds(EARLIEST) <= at <= now + _DAY:
        raise EntryProblem(f"“{clean(typed, 40)}” lies in the future, or before 2000", example, field="time")
    return min(at, now) if len(typed) <= len("2026-07-29") else at
