"""Token counts as logs write them, made into whole numbers that cannot harm a sum."""

from __future__ import annotations

from math import isfinite

LARGEST = 10**12
"""No request has more tokens of a kind: a million times today's largest context."""


def count(value: object) -> tuple[int, bool]:
    """Return a logged count as a whole number from 0 to LARGEST, and whether it had to be repaired.

    Missing is 0. Text that is a number counts as that number. What is negative, not finite, a
    boolean or no number at all becomes 0, what is larger than LARGEST becomes LARGEST, a fraction
    is cut off: these are repairs, the caller counts them and flags the record.
    """
    if type(value) is int:
        return _bounded(value, False)
    if value is None:
        return 0, False
    if isinstance(value, float):
        if not isfinite(value):
            return 0, True
        return _bounded(int(value), not value.is_integer())
    if isinstance(value, str) and len(value) <= 64:
        return _from_text(value)
    return 0, True


def _bounded(value: int, repaired: bool) -> tuple[int, bool]:
    if value < 0:
        return 0, True
    if value > LARGEST:
        return LARGEST, True
    return value, repaired


def _from_text(text: str) -> tuple[int, bool]:
    try:
        return count(int(text))
    except ValueError:
        pass
    try:
        return count(float(text))
    except ValueError:
        return 0, True
