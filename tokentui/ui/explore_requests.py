"""The single requests of a selection: their order is known by 8 bytes each, a screenful is read at a time."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from tokentui.store.snapshot import Usage
from tokentui.ui import figures

if TYPE_CHECKING:
    from tokentui.store import Reader, UsageQuery
    from tokentui.store.explain import Request

ORDERS = ("time", "cost", "tokens")
"""What requests can be sorted by."""

BLOCK = 200
"""Requests that are read at once: 2 ms, and more than the highest screen shows."""

MOST_KEPT = 10_000
"""Requests that are remembered, some 10 MB."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What is known at once: how many there are, and the first of them."""

    count: int
    first: tuple[Request, ...]


def first_look(reader: Reader, query: UsageQuery, order: str, *, descending: bool) -> FirstLook:
    """Return how many requests there are and the first block; 0.2 s at a million."""
    count = reader.request_count(query)
    first = reader.requests(query, order, descending=descending, limit=BLOCK)
    return FirstLook(count, first)


class Requests:
    """The requests on the screen and around it."""

    def __init__(self, look: FirstLook) -> None:
        self.look = look
        self._keys: Sequence[int] = array("q", (each.record.key for each in look.first))
        self._read: dict[int, Request | None] = {each.record.key: each for each in look.first}

    @property
    def complete(self) -> bool:
        """Whether the order of all is known."""
        return len(self._keys) >= self.look.count

    def know(self, keys: Sequence[int]) -> None:
        """Take the order of all requests."""
        self._keys = keys

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._keys) if len(self._keys) > BLOCK else self.look.count

    def at(self, number: int) -> Request | None:
        """Return a request; None while it is not read, or when it is gone."""
        return self._read.get(self._keys[number]) if number < len(self._keys) else None

    def wanted(self, seen: range) -> list[int]:
        """Return the keys to read so that these rows and their neighbours can be drawn, if any."""
        if all(number >= len(self._keys) or self._keys[number] in self._read for number in seen):
            return []
        middle = (seen.start + seen.stop) // 2
        start = max(min(middle - BLOCK // 2, len(self._keys) - BLOCK), 0)
        return list(self._keys[start : start + BLOCK])

    def take(self, keys: Iterable[int], found: Iterable[Request]) -> None:
        """Remember what was read; what was asked for and not found is gone."""
        if len(self._read) > MOST_KEPT:
            self._read.clear()
        self._read.update(dict.fromkeys(keys))
        self._read.update((each.record.key, each) for each in found)


def usage(request: Request) -> Usage:
    """Return a request as the sum of itself."""
    record = request.record
    return Usage(
        1,
        record.uncached_input_tokens,
        record.cache_read_input_tokens,
        record.cache_creation_5m_input_tokens,
        record.cache_creation_1h_input_tokens,
        record.output_tokens,
        record.reasoning_output_tokens,
        record.cost or 0,
        int(record.cost is None),
    )


def total(requests: Iterable[Request]) -> Usage:
    """Return the sum of some requests."""
    return figures.total(usage(request) for request in requests)


def key(request: Request, zone: tzinfo) -> tuple[str, str, str]:
    """Return what names a request in its row: when, which model, where."""
    moment = (_EPOCH + timedelta(microseconds=request.record.time)).astimezone(zone)
    return f"{moment:%d %b %H:%M:%S}", request.record.model, request.context.project
