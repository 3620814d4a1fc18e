"""Packed requests as records again."""

from __future__ import annotations

from collections.abc import Callable

from tokentui.packed import ABSENT, ROW, Packed
from tokentui.usage import UsageRecord


def unpacked(batch: Packed) -> list[UsageRecord]:
    """Return the records a batch was packed from, priced."""
    found = []
    for key, rank, time, context, words, *counts, flags, duration, recorded, cost in ROW.iter_unpack(
        batch.rows
    ):
        provider, model, tier, error, price = batch.words[words]
        duration, recorded, cost = (None if x == ABSENT else x for x in (duration, recorded, cost))
        found.append(
            UsageRecord(
                key, rank, time, context, provider, model, *counts, tier, flags, duration, error, recorded,
                cost, price,
            )
        )  # fmt: skip
    return found


class Asked:
    """Prices that a function tells, record by record."""

    def __init__(self, cost: Callable[[UsageRecord], tuple[int | None, str]]) -> None:
        self.cost = cost

    def plain(self, *_: object) -> None:
        """No price is a plain sum."""
