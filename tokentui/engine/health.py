"""What `tokentui doctor` and the health pane say: is everything read, and is the database sound?"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from tokentui import text
from tokentui.config import Paths, Settings
from tokentui.engine.database import Database
from tokentui.engine.discovery import Discovery, LogFile, home_of
from tokentui.engine.lifetimes import lifetime
from tokentui.pricing import snapshot
from tokentui.sources import SPOOLS, Source, tools
from tokentui.store import Reader, UsageQuery, Where, backup, integrity, migrate
from tokentui.store.errors import Locked, NewerDatabase, StoreError
from tokentui.store.faults import explained
from tokentui.store.place import Place
from tokentui.store.queries import FileState
from tokentui.usage import moment

BAD_LINES_KEPT = 1000
"""Bad lines of one source that are named; all are counted."""
ERRORS_NAMED = 50
NOT_CHECKED = "not checked: "
"""What the integrity of a database begins with that another program keeps for itself."""


@dataclass(frozen=True, slots=True)
class BadLineAt:
    """A line that could not be read."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How well one source is read."""

    name: str
    title: str
    state: str
    """`ok`, `behind`, `error`, `not found`, `off`, or `unknown` when the database cannot be read."""
    roots: tuple[str, ...]
    files: int
    """Logs on disk now."""
    files_gone: int
    """Logs that were read and have vanished since; their records stay."""
    records: int
    bad_line_count: int
    bad_lines: tuple[BadLineAt, ...]
    anomalies: int
    """Values that had to be repaired or borrowed."""
    lag_seconds: float
    """Age of the oldest change on disk that is not in the database yet; 0 when all is read."""
    unread_bytes: int
    unfinished_bytes: int
    """Bytes of last lines without a newline: being written, or torn; they are read once they end."""
    last_read_at: int | None
    """UTC epoch microseconds."""
    errors: tuple[str, ...]
    deleted_after_days: float | None = None
    """Days without a change after which the tool deletes a log; None where it never does."""
    next_deleted_at: int | None = None
    """When the oldest of them goes, in UTC epoch microseconds."""
    deleted_soon: int = 0
    """How many go within a week."""


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """How the database is."""

    path: str
    size_bytes: int
    records: int
    bytes_per_record: float
    integrity: str
    """`ok`, `missing`, `not checked: …`, or what SQLite found."""
    sqlite_version: str
    sqlite_note: str
    schema_version: int
    journal_mode: str
    writable: bool
    backups: int
    last_backup_at: int | None
    """UTC epoch microseconds."""
    unpriced_models: tuple[str, ...]
    notices: tuple[str, ...]
    retention_days: int = 0
    """How long single requests are kept; 0 is for ever."""
    expired: int = 0
    """Requests of which only the sums are left."""

    @property
    def sound(self) -> bool:
        """Whether nothing wrong is known of it; one that was not made yet is sound."""
        return self.integrity in ("ok", "missing") or self.integrity.startswith(NOT_CHECKED)


@dataclass(frozen=True, slots=True)
class Health:
    """All findings."""

    sources: tuple[SourceHealth, ...]
    database: DatabaseHealth
    price_data: str = ""
    """The release of genai-prices whose prices are used."""
    newest_price: str = ""
    """The newest day up to now on which a price in it changed: `2026-09-10`."""
    exchange_rate: str = ""
    """The rate that costs are shown at, with its day; empty for US dollars."""


def health(paths: Paths, settings: Settings, now: int, *, place: Place | None = None) -> Health:
    """Look at every source and at the database; changes nothing.

    `now` is UTC epoch microseconds. In a process that has the database open, `place` must be where: choosing
    it anew would open and close the file, which undoes SQLite's locks on it. What is wrong with the database
    is a finding, never an exception.
    """
    database = Database(paths, settings, place=place)
    prices = snapshot.newest(paths.price_cache)
    about = (prices.version, prices.newest_change(f"{moment(now):%Y-%m-%d}"), text.shown_currency().note)
    known = (*tools(), *SPOOLS)
    on = [source for source in known if source.name not in settings.sources_off]
    discovery = Discovery(on, home_of(os.environ), os.environ, settings.extra_roots)
    discovery.walk()
    used = {file.source for file in discovery.files.values()}
    shown = [source for source in known if source.kind != "spool" or source.name in used]
    try:
        with explained(paths.database):
            reader = database.reader() if database.ready() else None
            return Health(
                tuple(_source(source, discovery, reader, settings, now) for source in shown),
                replace(_database(database, reader, paths), retention_days=settings.retention_days),
                *about,
            )
    except StoreError as error:
        sources = tuple(_source(source, discovery, None, settings, now, readable=False) for source in shown)
        return Health(sources, _broken(database, paths, error), *about)
    finally:
        database.close_reader()


def _source(
    source: Source, discovery: Discovery, reader: Reader | None, settings: Settings, now: int, *,
    readable: bool = True,
) -> SourceHealth:  # fmt: skip
    known = {file.path: file for file in reader.files(source.name)} if reader else {}
    on_disk = [file for file in discovery.files.values() if file.source == source.name]
    behind = [file for file in on_disk if _unread(file, known.get(file.path))] if readable else []
    errors = [f"{file.path}: {file.error}" for file in known.values() if file.error]
    errors += [skipped for skipped in discovery.skipped if _below(skipped, discovery.roots(source))]
    totals = reader.usage(_only(source)).totals if reader else None
    bad = reader.bad_lines(BAD_LINES_KEPT, source.name) if reader else []
    reads = [file.read_at for file in known.values() if file.read_at is not None]
    if source.name in settings.sources_off:
        state = "off"
    elif errors:
        state = "error"
    elif not readable:
        state = "unknown"
    elif behind:
        state = "behind"
    else:
        state = "ok" if on_disk or known else "not found"
    return SourceHealth(
        source.name, source.title, state, tuple(discovery.roots(source)), len(on_disk),
        sum(file.gone_at is not None for file in known.values()),
        totals.request_count if totals else 0,
        sum(file.bad_line_count for file in known.values()),
        tuple(BadLineAt(line.path, line.line, line.reason) for line in bad),
        sum(file.anomalies for file in known.values()),
        max((now / 1e6 - file.mtime_ns / 1e9 for file in behind if file.mtime_ns < now * 1000), default=0.0),
        sum(_unread(file, known.get(file.path)) for file in behind),
        sum(_unfinished(file, known.get(file.path)) for file in on_disk),
        max(reads, default=None),
        tuple(errors[:ERRORS_NAMED]),
        *lifetime(source.name, on_disk, home_of(os.environ), os.environ, now),
    )  # fmt: skip


def _only(source: Source) -> UsageQuery:
    return UsageQuery(where=(Where("service", "eq", (source.name,)),))


def _unread(file: LogFile, known: FileState | None) -> int:
    """Bytes of a log that are not in the database yet; a torn last line is not counted as unread."""
    if known is None:
        return max(file.size, 1)
    if known.size == file.size and known.mtime_ns == file.mtime_ns:
        return 0
    return max(file.size - known.offset, 1)


def _unfinished(file: LogFile, known: FileState | None) -> int:
    """Bytes of a log's last line that has not ended; a compressed log counts its offset in other bytes."""
    if known is None or _unread(file, known) or file.path.endswith(".zst"):
        return 0
    return max(file.size - known.offset, 0)


def _below(skipped: str, roots: Iterable[str]) -> bool:
    """Whether a remark on a folder (`PATH: reason`) is about one of the roots or what is in it."""
    return any(skipped.startswith((root + "/", root + ": ")) for root in roots)


def _database(database: Database, reader: Reader | None, paths: Paths) -> DatabaseHealth:
    place = database.place
    copies = backup.listed(paths.backups)
    size = _size_of(place)
    records = reader.record_count() if reader else 0
    notices = list(database.notices)
    if reader is not None:
        try:
            migrate.check_version(reader.connection, place.path)
        except NewerDatabase as error:
            notices.append(f"{error}: {error.hint}")
    return DatabaseHealth(
        place.path, size, records, size / records if records else 0.0,
        _integrity(place) if reader else "missing",
        sqlite3.sqlite_version, _sqlite_note(),
        reader.schema_version() if reader else 0,
        reader.journal_mode() if reader else "",
        place.writable, len(copies), copies[0].made_at if copies else None,
        tuple(model for _, model, _ in reader.unpriced_models()) if reader else (),
        tuple(notices),
        expired=reader.expired_count() if reader else 0,
    )  # fmt: skip


def _broken(database: Database, paths: Paths, error: StoreError) -> DatabaseHealth:
    """Return what can be said of a database that cannot be read, or not be used at all."""
    copies = backup.listed(paths.backups)
    try:
        place = database.place
        found = _integrity(place)
    except StoreError:  # a link, another user's file: it is not even looked into
        place, found = Place(str(paths.database), writable=False), str(error)
    if found == "ok":
        found = f"{NOT_CHECKED}{error}" if isinstance(error, Locked) else str(error)
    return DatabaseHealth(
        place.path, _size_of(place), 0, 0.0, found, sqlite3.sqlite_version, _sqlite_note(), 0, "",
        place.writable, len(copies), copies[0].made_at if copies else None, (), database.notices,
    )  # fmt: skip


def _integrity(place: Place) -> str:
    """Check the database; a finding in any case, never an exception."""
    try:
        immutable = bool(place.options.get("immutable"))
        return "; ".join(integrity.problems(place.path, immutable=immutable)) or "ok"
    except Locked as error:
        return f"{NOT_CHECKED}{error}"
    except StoreError as error:
        return str(error)


def _sqlite_note() -> str:
    if not integrity.has_wal_reset_bug():
        return ""
    return "this SQLite has the WAL-reset bug (fixed in 3.51.3); a single writer, as here, does not meet it"


def _size_of(place: Place) -> int:
    size = 0
    for ending in ("", "-wal"):
        with suppress(OSError):
            size += os.stat(place.path + ending).st_size
    return size
