"""Batches into the database: records merged by key, rollups moved along, exactly once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one call of `Writer.ingest` did. Tokens and cost are what the totals grew by."""

    records_seen: int = 0
    records_added: int = 0
    records_changed: int = 0
    total_tokens: int = 0
    cost: int = 0
    """Nano-US-dollars."""
    unpriced: int = 0
    """How many more records have no price."""
    limits_added: int = 0
    bad_lines: int = 0
    anomalies: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything a screen shows has changed."""
        return bool(self.records_added or self.records_changed or self.limits_added or self.bad_lines)
