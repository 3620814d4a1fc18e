"""A batch as it travels to the store: its requests as rows of 64-bit numbers, their texts beside them.

A request is 128 bytes, which no process has to take apart before it is stored. As msgspec structs the same
requests took a process 1.5 µs each to read from a pipe and to turn into rows; so they take 0.5 µs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from struct import error as StructError
from typing import Protocol

import msgspec
from msgspec.structs import astuple

from tokentui.batch import Batch, Checkpoint
from tokentui.usage import BadLine, LimitReading, UsageContext, UsageRecord

VERSION = 2
"""Of what the compiled code takes and returns. A build left behind by an older source is passed over."""

ROW = Struct("=16q")
"""key, rank, time, context, words, seven counts in the order of UsageRecord, flags, duration, recorded
cost, cost: `context` and `words` are places in the batch's lists."""
ABSENT = -(2**63)
"""Stands for None."""
_LEAST = ABSENT + 1

Words = tuple[str, str, str, str, str]
"""provider_name, model, service_tier, error and price of a request: the same for most of a file's."""
PlainRates = tuple[int, int, int, int, int, int, int, int, int, int, str]
"""From when to before when it holds (UTC epoch µs), for prompts of how many tokens at most; the rates of
uncached tokens, those read from a cache, written to it for 5 minutes and for an hour, and of output; what
a request costs besides; by what the sum is divided for nano-dollars (half to even); the identity."""


class Pricing(Protocol):
    """What prices the records of one account."""

    def cost(self, record: UsageRecord) -> tuple[int | None, str]:
        """Return the cost in nano-dollars and the identity of the price; (None, "") when unpriced."""
        ...

    def plain(self, provider: str, model: str, tier: str, time: int) -> PlainRates | None:
        """Return what `cost` comes to without web searches, if that is a plain sum; None if not."""
        ...


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """A batch, priced, of which `rows` and `words` are the records."""

    source: str
    checkpoint: Checkpoint
    contexts: list[UsageContext]
    rows: bytes
    words: list[Words]
    limits: list[LimitReading]
    bad_lines: list[BadLine]
    anomalies: int
    restarted: bool

    @property
    def count(self) -> int:
        """How many requests it holds."""
        return len(self.rows) // ROW.size


def compiled_rows() -> Callable[[list[UsageRecord], Sequence[Pricing], dict[Words, int]], bytes] | None:
    """Return the compiled code that packs, where the build has it."""
    try:
        from tokentui import packed_compiled
    except ImportError:  # built without a C compiler
        return None
    return packed_compiled.rows if packed_compiled.VERSION == VERSION else None


compiled = compiled_rows()


def pack(batch: Batch, prices: Sequence[Pricing] = ()) -> Packed:
    """Pack a batch; `prices` price the records of its contexts, without any they stay as they are.

    A number beyond 64 bits becomes the nearest one within: either is repaired where it is stored.
    """
    words: dict[Words, int] = {}
    rows = (compiled or _rows)(batch.records, prices, words)
    return Packed(
        batch.source, batch.checkpoint, batch.contexts, rows, list(words),
        batch.limits, batch.bad_lines, batch.anomalies, batch.restarted,
    )  # fmt: skip


def _rows(records: Sequence[UsageRecord], prices: Sequence[Pricing], words: dict[Words, int]) -> bytes:
    """Return the rows of records, and add their texts to `words` (see `packed_compiled.rows`)."""
    rows = []
    for record in records:
        (
            key, rank, time, context, provider, model, uncached, read, made_5m, made_1h, output, reasoning,
            searches, tier, flags, duration, error, recorded, cost, price,
        ) = astuple(record)  # fmt: skip
        if prices:
            found, identity = prices[context].cost(record)
            if found is not None:
                cost, price = found, identity
        said = words.setdefault((provider, model, tier, error, price), len(words))
        row = (
            key, rank, time, context, said, uncached, read, made_5m, made_1h, output, reasoning, searches,
            flags,
            ABSENT if duration is None else max(duration, _LEAST),
            ABSENT if recorded is None else max(recorded, _LEAST),
            ABSENT if cost is None else max(cost, _LEAST),
        )  # fmt: skip
        try:
            rows.append(ROW.pack(*row))
        except StructError:
            rows.append(ROW.pack(*(min(max(number, ABSENT), -ABSENT - 1) for number in row)))
    return b"".join(rows)
