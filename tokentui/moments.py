"""Points in time, as stored and as shown. Apart from `usage`, which imports msgspec (4 ms)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(time: int) -> datetime:
    """Return UTC epoch microseconds as an aware datetime in UTC, exactly."""
    return _EPOCH + timedelta(microseconds=time)


def epoch_microseconds(when: datetime) -> int:
    """Return an aware datetime as UTC epoch microseconds, exactly."""
    return (when - _EPOCH) // timedelta(microseconds=1)
