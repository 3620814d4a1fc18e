"""What drove the cost of some days: their projects, models and sessions, the most expensive first."""

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
_SESSION, _PROJECT, _MODEL, _FIRST, _LAST, _FLOOR, _SUMS = range(7)

_QUERY = (
    f"{SPANS} SELECT c.session_id, c.project_id, q.model_id,"
    f" min(q.quarter * {QUARTER} + q.first_second * {_SECOND}),"
    f" max(q.quarter * {QUARTER} + q.last_second * {_SECOND}), max(c.quality = 'floor'),"
    f" {', '.join(f'sum(q.{name})' for name in SUMS)}"
    " FROM spans AS s CROSS JOIN usage_quarters AS q ON q.quarter BETWEEN s.first AND s.last"
    " JOIN usage_contexts AS c ON c.id = q.context_id{of_account} GROUP BY 1, 2, 3"
)
_OF_ACCOUNT = (
    " WHERE c.account_id = (SELECT a.id FROM accounts AS a JOIN services AS s ON s.id = a.service_id"
    " WHERE s.name = ? AND a.name = ?)"
)

Part = tuple[Any, ...]
"""(session number, project, model, first time, last time, whether a lower bound, *sums)."""


def of_days(
    connection: sqlite3.Connection,
    days: Days,
    start: date,
    end: date,
    service: str | None = None,
    account: str = "",
) -> Drivers:
    """Return what drove the cost from one day to another, both included; times are exact to the second.

    Of one account of a service, or of all with None.
    """
    spans, _ = days.spans(connection, start, end)
    query = _QUERY.format(of_account="" if service is None else _OF_ACCOUNT)
    values = (json.dumps(spans), *(() if service is None else (service, account)))
    found: list[Part] = connection.execute(query, values).fetchall() if spans else []
    paths = _names(connection, "projects", "path", {part[_PROJECT] for part in found})
    models = _names(connection, "models", "name", {part[_MODEL] for part in found})
    sessions = _names(connection, "sessions", "conversation_id", {part[_SESSION] for part in found})
    parts = [(part[0], paths[part[_PROJECT]], models[part[_MODEL]], *part[_FIRST:]) for part in found]
    short = _short_names(set(paths.values()))
    titles = _names(connection, "sessions", "title", set(sessions))

    def session_name(group: list[Part]) -> str:
        return titles.get(group[0][_SESSION]) or _session_name(group, short, days.zone)

    by_session = _ranked(parts, _SESSION, session_name, sessions.get)
    return Drivers(
        projects=_ranked(parts, _PROJECT, lambda group: short[group[0][_PROJECT]], str),
        models=_ranked(parts, _MODEL, lambda group: group[0][_MODEL] or "unknown", str),
        sessions=by_session,
        start=start,
        end=end,
        totals=_summed(parts),
        quality=_quality(parts),
    )


def _names(connection: sqlite3.Connection, table: str, name: str, wanted: set[int]) -> dict[int, str]:
    query = f"SELECT id, {name} FROM {table} WHERE id IN (SELECT value FROM json_each(?))"
    return dict(connection.execute(query, (json.dumps(list(wanted)),)))


def _ranked(
    parts: Iterable[Part],
    at: int,
    label: Callable[[list[Part]], str],
    key: Callable[[Any], str | None],
) -> tuple[Driver, ...]:
    """Return a driver for each value at a place of the parts; what is left after MOST shares one."""
    groups: dict[Any, list[Part]] = {}
    for part in parts:
        groups.setdefault(part[at], []).append(part)
    ranked = sorted(groups.items(), key=lambda group: _by_cost(group[1], label))
    if len(ranked) > MOST + 1:
        rest = [part for _, group in ranked[MOST:] for part in group]
        last = Driver(f"{len(ranked) - MOST} more", _summed(rest), quality=_quality(rest))
        return (*(_driver(value, group, at, label, key) for value, group in ranked[:MOST]), last)
    return tuple(_driver(value, group, at, label, key) for value, group in ranked)


def _by_cost(group: list[Part], label: Callable[[list[Part]], str]) -> tuple[int, int, str]:
    usage = _summed(group)
    return -usage.cost, -usage.total_tokens, label(group)


def _driver(
    value: Any,
    group: list[Part],
    at: int,
    label: Callable[[list[Part]], str],
    key: Callable[[Any], str | None],
) -> Driver:
    timed = at == _SESSION
    return Driver(
        label(group),
        _summed(group),
        min(part[_FIRST] for part in group) if timed else None,
        max(part[_LAST] for part in group) if timed else None,
        key=key(value),
        quality=_quality(group),
    )


def _summed(parts: list[Part]) -> Usage:
    return Usage(*map(sum, zip(*(part[_SUMS:] for part in parts), strict=True)))


def _quality(parts: Iterable[Part]) -> str:
    return "floor" if any(part[_FLOOR] for part in parts) else "exact"


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
    """Return an untitled session's project and when it began: ids mean nothing to people."""
    first = min(parts, key=lambda part: (part[_FIRST], part[_PROJECT]))
    began = datetime.fromtimestamp(first[_FIRST] // _SECOND, UTC).astimezone(zone)
    return f"{short[first[_PROJECT]]} {began:%H:%M}"
