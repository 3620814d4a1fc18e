"""One question without a record: what would so many tokens cost?"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from tokentui.pricing.prices import Prices
from tokentui.usage import UsageRecord, epoch_microseconds


class Cost(NamedTuple):
    """US dollars, exact to the last digit."""

    prompt: Decimal
    completion: Decimal
    total: Decimal


def calculate_cost(
    model: str,
    provider: str,
    prompt_tokens: int,
    completion_tokens: int,
    *,
    at: datetime | None = None,
    prices: Prices | None = None,
) -> Cost | None:
    """Return what a request costs at a moment (aware; default: now); None when it has no price.

    `prompt_tokens` are uncached. An empty `provider` means whoever makes the model. Without `prices` the
    data that ships with tokentui counts.
    """
    if prompt_tokens < 0 or completion_tokens < 0:
        raise ValueError("token counts are not negative")
    record = UsageRecord(
        key=0,
        rank=0,
        time=epoch_microseconds(at or datetime.now(UTC)),
        context=0,
        provider_name=provider,
        model=model,
        uncached_input_tokens=prompt_tokens,
        output_tokens=completion_tokens,
    )
    found = (prices or Prices.load()).breakdown(record)
    if found is None:
        return None
    completion = sum((part.cost for part in found.components if part.name == "output_tokens"), Decimal(0))
    return Cost(found.total - completion, completion, found.total)
