"""The time zone that the days on the screen begin in."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentui.store.snapshot import Snapshot


def zone_of(snapshot: Snapshot | None) -> tzinfo | None:
    """Return the zone a snapshot's days begin in; None, for the system's, when its name says nothing."""
    if snapshot is None:
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(snapshot.zone)
    except (OSError, ValueError, KeyError):  # an unknown name is a KeyError
        return None
