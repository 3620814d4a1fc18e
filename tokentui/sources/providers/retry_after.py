"""How long a server asks us to wait, and what its clock says: RFC 9110, sections 10.2.3 and 5.6.7."""

from __future__ import annotations

import math
from datetime import UTC
from email.utils import parsedate_to_datetime

MOST_SECONDS = 3600.0
"""Whoever says more is asked again after an hour."""


def wait_of(value: str | None, now: float) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, 0 to 3600; None when it says nothing usable.

    A whole number, a number with a point (some gateways), or one of the three forms of an HTTP date;
    `now` is in UTC epoch seconds.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        moment = server_time(value)
        if moment is None:
            return None
        seconds = moment - now
    if math.isnan(seconds) or math.isinf(seconds):
        return None
    return min(max(seconds, 0.0), MOST_SECONDS)


def server_time(value: str | None) -> float | None:
    """Return an HTTP date as UTC epoch seconds; None when it is none."""
    if not value:
        return None
    try:
        found = parsedate_to_datetime(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
