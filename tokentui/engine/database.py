"""The database as the engine holds it: where it lies, who may write it, whether it is sound."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from tokentui import store
from tokentui.config import Paths, Settings
from tokentui.engine.retention import Sweep
from tokentui.periods import day_of, local_zone_name, zone
from tokentui.sources import tools
from tokentui.store.errors import Corrupt, NewerDatabase, StoreError, Vanished
from tokentui.store.faults import explained
from tokentui.store.lease import Lease, holder
from tokentui.store.place import Place, choose

if TYPE_CHECKING:
    from tokentui.store.integrity import Watch
    from tokentui.store.snapshot import Snapshot

BACKUP_LOOK_SECONDS = 600.0
"""How often it is asked whether a backup is due: also the pause after one that failed."""
MAKING_SECONDS = 10.0
"""How long a reader waits for another process that is just making the database (about 0.2 s)."""


def now() -> int:
    """Return the time in UTC epoch microseconds."""
    return time.time_ns() // 1000


class Database:
    """One process's hold on the database. The writer's and the reader's half belong to one thread each."""

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        environ: Mapping[str, str] = os.environ,
        *,
        clock: Callable[[], int] = now,
        place: Place | None = None,
    ) -> None:
        """`clock` returns the time in UTC epoch microseconds; a `place` that is known need not be chosen."""
        self._paths = paths
        self._clock = clock
        self.zone = settings.time_zone or local_zone_name(environ)
        self._billing_day = settings.billing_day
        self._place = place
        self._choosing = Lock()
        """Held while a place is chosen: closing a file undoes the locks SQLite has on it in other threads."""
        self._lease: Lease | None = None
        self._writer: store.Writer | None = None
        self._reader: store.Reader | None = None
        self._seen = (0, 0)
        """(data version, own changes) of the last snapshot."""
        self._holds = (0, 0)
        """From when to when it says what is so (epoch µs), if nothing was written."""
        self._closing = Lock()
        """Held while the writer is interrupted, or taken away to be closed."""
        self._watch: Watch | None = None
        self._reader_watch: Watch | None = None
        self._suspect = False
        self._next_backup_look = 0.0
        self._sweep = Sweep(settings, self.zone, clock)
        self._told: dict[str, str] = {}
        """What the user must know beside what the place says, by its reason."""

    @property
    def place(self) -> Place:
        """Where the database lies and how it is opened there; for any thread. Raises StoreError."""
        with self._choosing:
            place = self._place = self._place or choose(self._paths.database)
        return place

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user must know of it."""
        return (*(self._place.notices if self._place else ()), *self._told.values())

    @property
    def leading(self) -> bool:
        """Whether this process is the one that writes."""
        return self._writer is not None

    @property
    def exclusive(self) -> bool:
        """Only the writer's connection may have it open: snapshots are read in the writer's thread."""
        return self._writer is not None and self.place.exclusive

    @property
    def outdated(self) -> bool:
        """Whether time alone has made the last snapshot wrong; for any thread."""
        return not self._holds[0] <= self._clock() < self._holds[1]

    @property
    def writer(self) -> store.Writer:
        """The open writer."""
        if self._writer is None:
            raise StoreError("the database is not open for writing")
        return self._writer

    # ------------------------------------------------------------------ the writer's thread

    def open_writer(self) -> bool:
        """Take the lease and open the database; false when another process has it, or nobody can write.

        A database that a newer tokentui made is left alone and told of in `notices`.
        Raises StoreError: Unsafe, DiskFull, Locked …
        """
        if self.leading:
            return True
        if not self.lead():
            return False
        self.open()
        return self.leading

    def lead(self) -> bool:
        """Take the lease; the first half of `open_writer`. No connection is open yet."""
        place = self.place
        if not place.writable or "newer" in self._told:
            return False
        if self._lease is None or self._lease.path != place.lease:
            self._lease = Lease(place.lease)
        try:
            held = self._lease.acquire()
        except StoreError:
            self._place = None  # its folder may be gone: it is looked at, and made, anew
            raise
        if place.exclusive and not held:
            self._told["elsewhere"] = "another tokentui has the database open: its screen has the figures"
        else:
            self._told.pop("elsewhere", None)
        return held

    def open(self) -> None:
        """Check the database where that is due, and open it; the second half of `open_writer`."""
        # What opens a database is imported when a backlog is being read already: 10 ms.
        from tokentui.store import backup, integrity, migrate, recovery

        place = self.place
        try:
            with explained(place.path):
                repaired = recovery.ensure_sound(
                    place.path, self._paths.backups, self._clock(),
                    always=self._suspect, exclusive=place.exclusive,
                )  # fmt: skip
                if repaired:
                    self._told["repaired"] = repaired.notice
                self._suspect = False
                if migrate.is_behind(place.path):
                    backup.before_migration(place.path, self._paths.backups, self._clock())
                integrity.mark_running(place.path)
                self._writer = store.open_writer(place.path, self.zone, **place.options)
                self._writer.set_zone(self.zone)
                self._writer.describe_services({source.name: source.title for source in tools()})
        except NewerDatabase as error:  # read it, as far as this version understands it
            self.close()
            self._told["newer"] = f"{error}: {error.hint}"
            return
        except BaseException:
            self.close()
            raise
        self._watch = integrity.Watch(place.path)

    def keep(self) -> None:
        """What is due now and then: is the file ours, the daily backup, old requests to remove.

        A backup that fails is told in `notices` and tried again later. Raises Vanished when the database was
        removed or replaced while it was open, Corrupt when it cannot be copied because it is damaged.
        """
        from tokentui.store import backup

        self.require_ours()
        if time.monotonic() >= self._next_backup_look:
            self._next_backup_look = time.monotonic() + BACKUP_LOOK_SECONDS
            if backup.due(self._paths.backups, self._clock()):
                self._back_up()
        if self._sweep.due:  # after the backup, which still has them
            self._sweep.step(self.writer)

    @property
    def keep_due(self) -> bool:
        """Whether `keep` has more to do than to look whether the file is ours."""
        return time.monotonic() >= self._next_backup_look or self._sweep.due

    def require_ours(self) -> None:
        """Close it and raise Vanished when the database, or the lock, was removed or replaced meanwhile."""
        place = self.place
        # The lock first: where their folder goes between the two looks, it is the database that is missed.
        lock_lost = self._lease is not None and self._lease.lost()
        if self._watch and self._watch.vanished():
            from tokentui.store import backup

            gone, hint = place.path, "it is made anew from the logs that are still there"
            if copies := backup.listed(self._paths.backups):
                hint += f"; what they no longer hold is in {copies[0].path}"
        elif lock_lost:
            gone, hint = place.lease, "it is made anew"
        else:
            return
        error = Vanished(f"{gone} was removed while it was open", hint, path=gone)
        if gone == place.path:
            self._told["removed"] = f"{error}: {hint}"
        self.close()
        self._place = None
        raise error

    def _back_up(self) -> None:
        from tokentui.store import backup

        path = self.place.path
        self._told.pop("backup", None)
        try:
            with explained(path):
                backup.make(path, self._paths.backups, self._clock(), connection=self.writer.connection)
        except Corrupt:
            raise
        except StoreError as error:  # collecting goes on without it
            self._told["backup"] = f"{error}: {error.hint}" if error.hint else str(error)

    def changes(self) -> tuple[int, int]:
        """Return what differs once anybody has changed the database, through whichever connection."""
        return store.Reader(self.writer.connection).data_version(), self.writer.connection.total_changes

    def suspect(self) -> None:
        """Close the database and check it before it is opened again: reading it found damage."""
        self._suspect = True
        with suppress(Vanished):  # a file that was taken away looks damaged, too; `notices` tell of it
            self.require_ours()
        self.close()

    def interrupt(self) -> None:
        """Let what the writer is doing fail now, from any thread; the transaction is undone."""
        with self._closing:
            if self._writer is not None:
                self._writer.connection.interrupt()

    def close(self) -> None:
        """Close the writer and give the lease back."""
        with self._closing:
            writer, self._writer = self._writer, None
        self._watch = None
        try:
            if writer is not None:
                # An interruption counts until the next statement: the log would stay beside the database.
                writer.connection.execute("SELECT 1")
                from tokentui.store import integrity

                writer.close()
                integrity.mark_closed(self.place.path)
        finally:
            if self._lease is not None:
                self._lease.release()

    # ------------------------------------------------------------------ the reader's thread

    def snapshot(self) -> Snapshot | None:
        """Return what the screens show; None when nothing can have changed since the last one."""
        path = self.place.path
        if not os.path.exists(path) or (self.place.exclusive and not self.leading):
            self.close_reader()
            return None
        with explained(path):
            reader = self._connected()
            seen = (reader.data_version(), reader.connection.total_changes)
            unchanged = seen == self._seen and not self.outdated
            if unchanged or not reader.schema_version():  # another process is just making it
                return None
            at = self._clock()
            snapshot = reader.snapshot(at, self.zone, self._billing_day)
            self._seen, self._holds = seen, (at, store.holds_until(snapshot, at))
            return snapshot

    def empty_snapshot(self) -> Snapshot:
        """Return what the screens show while there is no database to read."""
        from tokentui.store.snapshot import Snapshot

        return Snapshot(day_of(self._clock(), zone(self.zone)), self.zone)

    def ready(self) -> bool:
        """Whether there is something to read: not before whoever makes the database has made its tables."""
        if not os.path.exists(self.place.path):
            self.close_reader()
            return False
        with explained(self.place.path):
            return self.reader().schema_version() > 0

    def reader(self) -> store.Reader:
        """The open reader; on a network file system it shares the writer's connection."""
        reader = self._connected()
        deadline = time.monotonic() + MAKING_SECONDS
        while not reader.schema_version() and holder(self.place.lease) and time.monotonic() < deadline:
            time.sleep(0.02)
        return reader

    def _connected(self) -> store.Reader:
        if self.exclusive:
            return store.Reader(self.writer.connection)
        if self._reader_watch is not None and self._reader_watch.vanished():
            self.close_reader()
        if self._reader is None:
            from tokentui.store import integrity

            self._reader_watch = integrity.Watch(self.place.path)
            immutable = bool(self.place.options.get("immutable"))
            self._reader = store.open_reader(self.place.path, immutable=immutable)
        return self._reader

    def close_reader(self) -> None:
        """Close the reader's connection."""
        reader, self._reader = self._reader, None
        self._seen, self._reader_watch = (0, 0), None
        if reader is not None:
            reader.close()
