"""The times logs write, as UTC epoch microseconds."""

from __future__ import annotations

from datetime import UTC, datetime

from tokentui.usage import epoch_microseconds

EARLIEST = 10**15
"""2001-09-09: no tool wrote a log before; an earlier time is a zero in disguise."""
LATEST = 1 << 53
"""The year 2255: whole numbers beyond are not exact in JSON, and no clock is that wrong."""

_minutes: dict[str, int] = {}
_MOST_MINUTES = 4096


def microseconds(value: object) -> int | None:
    """Return a logged time as UTC epoch microseconds; None for what is no usable time.

    Text is ISO 8601 (RFC 3339); without a zone it is UTC. A number is seconds, milliseconds or
    microseconds since 1970, told apart by its size. Times before EARLIEST, 0 above all, are none.
    """
    if type(value) is str:
        minute = _minutes.get(value[:17])
        # 2026-09-14T22:58:01.120Z, as nearly all times are: 0.4 µs instead of 1.3 µs
        if minute is not None and len(value) == 24 and value[19] == "." and value[23] == "Z":
            try:
                milliseconds = round(float(value[17:23]) * 1000)
            except ValueError:
                return None
            return minute + milliseconds * 1000 if 0 <= milliseconds < 60_000 else None
        return _from_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value)
    return None


def _from_text(text: str) -> int | None:
    """Return any ISO 8601 time, and remember its minute."""
    text = text.strip()
    if len(text) > 64:
        return None
    try:
        when = datetime.fromisoformat(text[:-1] + "Z" if text.endswith("z") else text)
    except ValueError:
        return None
    time = epoch_microseconds(when if when.tzinfo else when.replace(tzinfo=UTC))
    if not EARLIEST <= time < LATEST:
        return None
    if len(text) == 24 and text[10] == "T" and text[13] == text[16] == ":" and text[23] == "Z":
        if len(_minutes) >= _MOST_MINUTES:
            _minutes.clear()
        _minutes[text[:17]] = time - time % 60_000_000
    return time


def _from_number(value: int | float) -> int | None:
    for unit, below in ((1_000_000, 10**11), (1_000, 10**14), (1, 10**17)):
        if EARLIEST <= value * unit < LATEST and value < below:
            return int(value * unit)
    return None
