"""What the health pane says of each source and of the database, as lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tokentui import text
from tokentui.ui.draw import Line, cut, fit, fit_end, wrap

if TYPE_CHECKING:
    from tokentui.engine.health import BadLineAt, DatabaseHealth, Health, SourceHealth
    from tokentui.store.snapshot import Snapshot

MOST_NAMED = 5
"""Bad lines and errors of a source that are shown, newest first; `tokentui doctor` names more."""
MOST_UNPRICED = 10

_COLUMN = 16
"""Cells before the facts: room for the longest state, ` ○ NOT MADE YET `."""

_STATES = {
    "ok": ("●", "OK", "ok"),
    "behind": ("▲", "BEHIND", "warn"),
    "error": ("▲", "ERROR", "crit"),
    "not found": ("○", "NOT FOUND", "muted"),
    "off": ("○", "OFF", "muted"),
    "unknown": ("▲", "UNKNOWN", "warn"),
    "missing": ("○", "NOT MADE YET", "muted"),
    "not checked": ("○", "NOT CHECKED", "warn"),
}
"""State -> sign, word and style: the colour is never alone."""


def lines(found: Health, snapshot: Snapshot | None, now: float, width: int) -> list[Line]:
    """Return all findings; `now` is in UTC seconds."""
    drawn: list[Line] = []
    for source in found.sources:
        drawn += [*_source(source, snapshot, now, width), []]
    told = (*found.database.notices, *(snapshot.notices if snapshot else ()))
    return drawn + _database(found, tuple(dict.fromkeys(told)), now, width)


def _source(source: SourceHealth, snapshot: Snapshot | None, now: float, width: int) -> list[Line]:
    drawn = [_head(source.state, text.clean(source.title, 60), width)]
    if source.files or source.records:
        read = f" · read {_since(now - source.last_read_at / 1e6)}" if source.last_read_at else ""
        logs = f"{_counted(source.files, 'file')} · {_counted(source.records, 'request')}{read}"
        drawn += row("logs", logs, width)
    drawn += row("today", _today(source, snapshot, now), width)
    if source.unread_bytes:
        unread = f"{_counted(source.unread_bytes, 'byte')}, the oldest {_since(source.lag_seconds)}"
        drawn += row("not read yet", unread, width, "warn")
    if source.unfinished_bytes:
        drawn += row("not ended", f"{_counted(source.unfinished_bytes, 'byte')} of last lines", width)
    if source.files_gone:
        gone = _counted(source.files_gone, "more log")
        drawn += row("deleted", f"{gone}; their requests are kept", width)
    drawn += row("lifetime", _lifetime(source, now), width)
    if source.anomalies:
        values = _counted(source.anomalies, "value")
        drawn += row("repaired", f"{values}, or borrowed from a neighbour", width)
    for number, error in enumerate(source.errors[:MOST_NAMED]):
        drawn += row("" if number else "errors", text.clean(error, 400), width, "crit")
    drawn += _more(len(source.errors), width)
    drawn += _bad_lines(source, width)
    paths = [text.clean(text.tilde(path), 400) for path in source.roots] or ["nowhere"]
    return [*drawn, *(_path("" if number else "looked in", path, width) for number, path in enumerate(paths))]


def _lifetime(source: SourceHealth, now: float) -> str:
    """Return when the tool deletes its logs; nothing for one that never does, or that has none."""
    if source.deleted_after_days is None or source.next_deleted_at is None:
        return ""
    left = max(source.next_deleted_at / 1e6 - now, 0.0) / 86_400
    when = f"in {_counted(int(left), 'day')}" if left >= 1 else "any time now"
    soon = f", {_counted(source.deleted_soon, 'file')} within a week" if source.deleted_soon else ""
    after = f"deleted by the tool after {source.deleted_after_days:g} days"
    return f"{after}, the oldest {when}{soon}; requests stay"


def _today(source: SourceHealth, snapshot: Snapshot | None, now: float) -> str:
    """Return how many requests there were today and, for none, why."""
    if snapshot is None:
        return ""
    cards = [card for card in snapshot.cards if card.service == source.name]
    if requests := sum(card.today.request_count for card in cards):
        return _counted(requests, "request")
    return f"0 requests: {_why_none(source, max((card.last_used_at or 0 for card in cards), default=0), now)}"


def _why_none(source: SourceHealth, last_used_at: int, now: float) -> str:
    last = f"; the last one {_since(now - last_used_at / 1e6)}" if last_used_at else ""
    if source.state == "off":
        return "switched off by sources_off in config.toml" + last
    if source.state == "error":
        return "some of its logs cannot be read" + last
    if source.state == "unknown":
        return "the database cannot be read"
    if source.state == "not found":
        return "no logs were found"
    if source.unread_bytes:
        return "its newest lines are not read yet" + last
    return "none was written today" + last if source.records else "its logs hold none yet"


def _bad_lines(source: SourceHealth, width: int) -> list[Line]:
    if not source.bad_line_count:
        return []
    count = f"{source.bad_line_count:,}; everything else in these logs is counted"
    drawn = row("bad lines", count, width, "warn")
    for bad in source.bad_lines[:MOST_NAMED]:
        drawn += _bad_line(bad, width)
    return drawn + _more(source.bad_line_count, width)


def _bad_line(bad: BadLineAt, width: int) -> list[Line]:
    path, reason = text.clean(text.tilde(bad.path), 400), text.clean(bad.reason)
    if width >= 100:  # a person sees file, line and reason in one row
        room = width - _COLUMN - len(reason) - 20
        return row("", f"{fit_end(path, max(room, 30))}, line {bad.line:,}: {reason}", width)
    return [_path("", path, width), *row("", f"line {bad.line:,}: {reason}", width)]


def _more(count: int, width: int) -> list[Line]:
    if count <= MOST_NAMED:
        return []
    return row("", f"and {count - MOST_NAMED:,} more: tokentui doctor --json", width, "muted")


def _database(found: Health, notices: Iterable[str], now: float, width: int) -> list[Line]:
    database = found.database
    state = database.integrity if database.integrity in ("ok", "missing") else "error"
    if state == "error" and database.sound:
        state = "not checked"
    drawn = [_head(state, "Database", width)]
    if state == "ok":
        drawn += row("integrity", "sound: SQLite's quick check finds nothing", width)
    elif state != "missing":
        style = "crit" if state == "error" else "warn"
        drawn += row("integrity", text.clean(database.integrity, 400), width, style)
    drawn.append(_path("file", text.clean(text.tilde(database.path), 400), width))
    if database.size_bytes:
        each = f" · {database.bytes_per_record:,.0f} bytes each" if database.records else ""
        size = f"{database.size_bytes / 1e6:,.1f} MB · {_counted(database.records, 'request')}{each}"
        drawn += row("size", size, width)
    if database.schema_version:
        made = f"{database.schema_version} · {text.clean(database.journal_mode, 20)} journal"
        drawn += row("schema", f"{made} · SQLite {text.clean(database.sqlite_version, 20)}", width)
    if not database.writable:
        drawn += row("access", "read-only: nothing new is kept", width, "warn")
    drawn += row("", text.clean(database.sqlite_note, 400), width, "muted")
    age = "" if database.last_backup_at is None else _since(now - database.last_backup_at / 1e6)
    drawn += row("backups", f"{database.backups:,}, the newest {age}" if age else "none yet", width)
    drawn += row("keeps", _retention(database), width)
    drawn += _prices(found, width)
    drawn += row("no price for", _unpriced(database), width, "warn")
    for number, notice in enumerate(notices):
        drawn += row("" if number else "to know", text.clean(notice, 400), width, "warn")
    return drawn


def _retention(database: DatabaseHealth) -> str:
    kept = f"for {database.retention_days:,} days" if database.retention_days else "for ever"
    gone = f" · {_counted(database.expired, 'request')} sums only" if database.expired else ""
    return f"single requests {kept}, sums for ever{gone}"


def _prices(found: Health, width: int) -> list[Line]:
    newest = found.newest_price and f" · newest change on {text.clean(found.newest_price, 10)}"
    release = found.price_data and f"of genai-prices {text.clean(found.price_data, 30)}{newest}"
    return [*row("prices", release, width), *row("currency", text.clean(found.exchange_rate, 80), width)]


def _unpriced(database: DatabaseHealth) -> str:
    models = list(dict.fromkeys(database.unpriced_models))  # a model may have several providers
    more = len(models) - MOST_UNPRICED
    names = ", ".join(text.clean(name, 60) or "(no model)" for name in models[:MOST_UNPRICED])
    return names + (f" and {more} more" if more > 0 else "")


def _head(state: str, title: str, width: int) -> Line:
    sign, word, style = _STATES.get(state, _STATES["unknown"])
    return cut([(fit(f" {sign} {word}", _COLUMN), style), (title, "strong")], width)


def row(label: str, said: str, width: int, style: str = "text") -> list[Line]:
    """Return a fact in as many lines as it takes, its label before the first; none when nothing is said."""
    if not said:
        return []
    first, *more = wrap(said, width - _COLUMN - 1)
    return [_labelled(label, first, style), *(_labelled("", row, style) for row in more)]


def _path(label: str, path: str, width: int) -> Line:
    """Return a path in one line; its end stays where it does not fit."""
    return _labelled(label, fit_end(path, max(width - _COLUMN - 1, 4)), "text")


def _labelled(label: str, said: str, style: str) -> Line:
    return [(fit(f"   {label}", _COLUMN), "muted"), (said, style)]


def _since(seconds: float) -> str:
    age = text.ago(max(seconds, 0))
    return "just now" if age == "now" else f"{age} ago"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
