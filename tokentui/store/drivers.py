"""What drove a day's cost: its projects, models and sessions, the most expensive first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from tokentui.store.days import QUARTER, SPANS, Days
from tokentui.store.snapshot import Driver, Drivers, Usage
from tokentui.store.usage_table import SUMS

MOST = 8
"""Drivers of a kind that are shown; the others share one line."""

_SECOND = 1_000_000

_QUERY = (
    f"{SPANS} SELECT c.session_id, p.path, m.name, min(q.quarter * {QUARTER} + q.first_second * {_SECOND}),"
    f" max(q.quarter * {QUARTER} + q.last_second * {_SECOND}), {', '.join(f'sum(q.{name})' for name in SUMS)}"
    " FROM spans AS s CROSS JOIN usage_quarters AS q ON q.quarter BETWEEN s.first AND s.last"
    " JOIN usage_contexts AS c ON c.id = q.context_id JOIN projects AS p ON p.id = c.project_id"
    " JOIN models AS m ON m.id = q.model_id GROUP BY 1, 2, 3"
)

Part = tuple[Any, ...]
"""(session number, project, model, first time, last time, *sums)."""


def of_day(connection: sqlite3.Connection, days: Days, day: date) -> Drivers:
    """Return what drove a day's cost; times are exact to the second."""
    spans, _ = days.spans(connection, day, day)
    parts: list[Part] = connection.execute(_QUERY, (json.dumps(spans),)).fetchall() if spans else []
    short = _short_names({part[1] for part in parts})
    return Drivers(
        projects=_ranked(parts, lambda part: part[1], lambda parts: short[parts[0][1]]),
        models=_ranked(parts, lambda part: part[2], lambda parts: parts[0][2] or "unknown"),
        sessions=_ranked(
            parts, lambda part: part[0], lambda parts: _session_name(parts, short, days.zone), timed=True
        ),
    )


def _ranked(
    parts: Iterable[Part],
    key: Callable[[Part], object],
    label: Callable[[list[Part]], str],
    timed: bool = False,
) -> tuple[Driver, ...]:
    """Return a driver for each group of parts; what is left after the first MOST shares one."""
    groups: dict[object, list[Part]] = {}
    for part in parts:
        groups.setdefault(key(part), []).append(part)
    drivers = [
        Driver(
            label(group),
            _summed(group),
            min(part[3] for part in group) if timed else None,
            max(part[4] for part in group) if timed else None,
        )
        for group in groups.values()
    ]
    drivers.sort(key=lambda driver: (-driver.usage.cost, -driver.usage.total_tokens, driver.label))
    if len(drivers) <= MOST + 1:
        return tuple(drivers)
    rest = drivers[MOST:]
    sums = zip(*([getattr(driver.usage, name) for name in SUMS] for driver in rest), strict=True)
    return (*drivers[:MOST], Driver(f"{len(rest)} more", Usage(*map(sum, sums))))


def _summed(parts: list[Part]) -> Usage:
    return Usage(*map(sum, zip(*(part[5:] for part in parts), strict=True)))


def _short_names(paths: set[str]) -> dict[str, str]:
    """Return the last part of each path, or the last two where that is not enough to tell two apart."""
    ends = [path.rstrip("/").rpartition("/")[2] for path in paths]
    short = {}
    for path in paths:
        parts = path.rstrip("/").split("/")
        short[path] = parts[-1] if ends.count(parts[-1]) == 1 else "/".join(parts[-2:])
        short[path] = short[path] or path or "no project"
    return short


def _session_name(parts: list[Part], short: dict[str, str], zone: tzinfo) -> str:
    """Return a session's project and when it began: ids mean nothing to people."""
    first = min(parts, key=lambda part: (part[3], part[1]))
    began = datetime.fromtimestamp(first[3] // _SECOND, UTC).astimezone(zone)
    return f"{short[first[1]]} {began:%H:%M}"
