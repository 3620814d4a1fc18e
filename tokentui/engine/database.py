"""The database as the engine holds it: where it lies, who may write it, whether it is sound."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from tokentui import store
from tokentui.config import Paths, Settings
from tokentui.periods import local_zone_name
from tokentui.sources import SOURCES
from tokentui.store import backup, integrity
from tokentui.store.errors import Corrupt, StoreError
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
        self._inode = 0
        self._reader_inode = 0
        self._recovered: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where the database lies and how it is opened there. Raises StoreError."""
        if self._place is None:
            self._place = choose(self._paths.database)
        return self._place

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user must know of it."""
        return (*self.place.notices, *self._recovered)

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

        Raises StoreError: NewerDatabase, Unsafe, DiskFull …
        """
        place = self.place
        if not place.writable:
            return False
        lease = Lease(place.lease)
        if not lease.acquire():
            return False
        try:
            with explained(place.path):
                self._recovered = integrity.recover(place.path, self._paths.backups)
                self._open(place)
        except BaseException:
            lease.release()
            raise
        self._lease = lease
        return True

    def _open(self, place: Place) -> None:
        integrity.mark_open(place.path)
        writer = store.open_writer(place.path, self.zone, **place.options)
        writer.describe_services({source.name: source.title for source in SOURCES})
        self._writer = writer
        self._inode = os.stat(place.path).st_ino

    def keep(self) -> None:
        """What is due now and then: the daily backup; and a look whether the file is still ours.

        Raises Corrupt when the database was removed or replaced while it was open.
        """
        path = self.place.path
        try:
            gone = os.stat(path).st_ino != self._inode
        except FileNotFoundError:
            gone = True
        if gone or (self._lease is not None and self._lease.lost()):
            self.close()
            raise Corrupt(
                f"the database {path} was removed while it was open",
                "it is made anew from the logs that are still there", path=path,
            )
        if backup.due(self._paths.backups):
            with explained(path):
                backup.make(path, self._paths.backups)

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
        if not os.path.exists(path):
            self.close_reader()
            return None
        with explained(path):
            reader = self.reader()
            seen = (reader.data_version(), int(time.time() // SNAPSHOT_SECONDS))
            if seen == self._seen and not always and not self.exclusive:
                return None
            self._seen = seen
            return reader.snapshot(time.time_ns() // 1000, self.zone)

    def reader(self) -> store.Reader:
        """The open reader; on a network file system it shares the writer's connection."""
        if self.exclusive:
            return store.Reader(self.writer.connection)
        if self._reader is not None and _inode(self.place.path) != self._reader_inode:
            self.close_reader()
        if self._reader is None:
            self._reader_inode = _inode(self.place.path)
            immutable = bool(self.place.options.get("immutable"))
            self._reader = store.open_reader(self.place.path, immutable=immutable)
        return self._reader

    def close_reader(self) -> None:
        """Close the reader's connection."""
        reader, self._reader = self._reader, None
        self._seen = (0, 0)
        if reader is not None:
            reader.close()


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0
