"""The database as the engine holds it: where it lies, who may write it, whether it is sound."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace

from tokentui import store
from tokentui.config import Paths, Settings
from tokentui.periods import local_zone_name
from tokentui.sources import SOURCES
from tokentui.store import backup, integrity, migrate, recovery
from tokentui.store.errors import NewerDatabase, StoreError, Vanished
from tokentui.store.faults import explained
from tokentui.store.lease import Lease
from tokentui.store.place import Place, choose
from tokentui.store.snapshot import Snapshot

SNAPSHOT_SECONDS = 60
"""Even when nothing was written, limits run out of their windows and a day ends."""


class Database:
    """One process's hold on the database. The writer's and the reader's half belong to one thread each."""

    def __init__(
        self, paths: Paths, settings: Settings, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._paths = paths
        self.zone = settings.time_zone or local_zone_name(environ)
        self._place: Place | None = None
        self._lease: Lease | None = None
        self._writer: store.Writer | None = None
        self._reader: store.Reader | None = None
        self._seen = (0, 0)
        """(data version, minute) of the last snapshot."""
        self._watch: integrity.Watch | None = None
        self._reader_watch: integrity.Watch | None = None
        self._recovered: tuple[str, ...] = ()
        self._suspect = False
        self._newer: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where the database lies and how it is opened there. Raises StoreError."""
        if self._place is None:
            self._place = choose(self._paths.database)
        return self._place

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user must know of it."""
        return (*self.place.notices, *self._recovered, *self._newer)

    @property
    def leading(self) -> bool:
        """Whether this process is the one that writes."""
        return self._writer is not None

    @property
    def exclusive(self) -> bool:
        """Only the writer's connection may have it open: snapshots are read in the writer's thread."""
        return self._writer is not None and self.place.exclusive

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
        if not self.lead():
            return False
        self.open()
        return self.leading

    def lead(self) -> bool:
        """Take the lease; the first half of `open_writer`. No connection is open yet."""
        place = self.place
        if not place.writable or self._newer:
            return False
        lease = Lease(place.lease)
        if not lease.acquire():
            return False
        self._lease = lease
        return True

    def open(self) -> None:
        """Check the database where that is due, and open it; the second half of `open_writer`."""
        place = self.place
        try:
            with explained(place.path):
                repaired = recovery.ensure_sound(
                    place.path, self._paths.backups, _now(), always=self._suspect, exclusive=place.exclusive
                )
                self._recovered = (repaired.notice,) if repaired else self._recovered
                self._suspect = False
                if migrate.is_behind(place.path):
                    backup.before_migration(place.path, self._paths.backups, _now())
                integrity.mark_running(place.path)
                writer = store.open_writer(place.path, self.zone, **place.options)
                writer.set_zone(self.zone)
                writer.describe_services({source.name: source.title for source in SOURCES})
        except NewerDatabase as error:  # read it, as far as this version understands it
            self.close()
            self._newer = (f"{error}: {error.hint}",)
            return
        except BaseException:
            self.close()
            raise
        self._writer = writer
        self._watch = integrity.Watch(place.path)

    def keep(self) -> None:
        """What is due now and then: the daily backup; and a look whether the file is still ours.

        Raises Vanished when the database was removed or replaced while it was open.
        """
        path = self.place.path
        if (self._watch and self._watch.vanished()) or (self._lease and self._lease.lost()):
            self.close()
            raise Vanished(
                f"the database {path} was removed while it was open",
                "it is made anew from the logs that are still there", path=path,
            )  # fmt: skip
        if backup.due(self._paths.backups, _now()):
            with explained(path):
                backup.make(path, self._paths.backups, _now(), connection=self.writer.connection)

    def suspect(self) -> None:
        """Close the database and check it before it is opened again: reading it found damage."""
        self._suspect = True
        self.close()

    def close(self) -> None:
        """Close the writer and give the lease back."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            integrity.mark_closed(self.place.path)
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()

    # ------------------------------------------------------------------ the reader's thread

    def snapshot(self, *, always: bool = False) -> Snapshot | None:
        """Return what the screens show; None when nothing can have changed since the last one."""
        path = self.place.path
        if not self.ready():
            return None
        with explained(path):
            reader = self.reader()
            seen = (reader.data_version(), int(time.time() // SNAPSHOT_SECONDS))
            if seen == self._seen and not always and not self.exclusive:
                return None
            self._seen = seen
            return replace(reader.snapshot(_now(), self.zone), notices=self.notices)

    def ready(self) -> bool:
        """Whether there is something to read: not before whoever makes the database has made its tables."""
        if not os.path.exists(self.place.path):
            self.close_reader()
            return False
        with explained(self.place.path):
            return self.reader().schema_version() > 0

    def reader(self) -> store.Reader:
        """The open reader; on a network file system it shares the writer's connection."""
        if self.exclusive:
            return store.Reader(self.writer.connection)
        if self._reader_watch is not None and self._reader_watch.vanished():
            self.close_reader()
        if self._reader is None:
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


def _now() -> int:
    return time.time_ns() // 1000
