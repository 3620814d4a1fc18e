"""Records to price: one line each."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tokentui.pricing import Prices
from tokentui.usage import NANO, UsageRecord, epoch_microseconds


def at(text: str) -> int:
    """Return `2026-07-29` (noon) or `2026-07-29T14:30` in UTC as epoch microseconds."""
    when = datetime.fromisoformat(text if "T" in text else f"{text}T12:00")
    return epoch_microseconds(when.replace(tzinfo=UTC))


def record(
    provider: str, model: str, *u: int, when: str | int = "2026-06-01", tier: str = "", **more: Any
) -> UsageRecord:
    """Return a record of u = (uncached, cache read, 5-minute write, 1-hour write, output)."""
    uncached, read, write_5m, write_1h, output = u
    return UsageRecord(
        key=1, rank=0, time=at(when) if isinstance(when, str) else when, context=0, provider_name=provider,
        model=model, uncached_input_tokens=uncached, cache_read_input_tokens=read,
        cache_creation_5m_input_tokens=write_5m, cache_creation_1h_input_tokens=write_1h,
        output_tokens=output, service_tier=tier, **more,
    )  # fmt: skip


def prices(folder: Path, text: str) -> Prices:
    """What a price file with this text says."""
    path = folder / "prices.toml"
    path.write_text(text)
    return Prices.load(overlay=path)


def cost(found: Prices, *asked: object, **more: object) -> Decimal | None:
    """What a record costs, in dollars."""
    nano, _ = found.cost(record(*asked, **more))  # type: ignore[arg-type]
    return None if nano is None else Decimal(nano) / NANO
