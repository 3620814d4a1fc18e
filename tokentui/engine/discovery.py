"""Which log files there are, and which changed: by polling `stat`, never by inotify.

inotify misses remote writes and is capped at 128 instances a user; a recursive `os.scandir` of
10,000 files takes about 130 ms, and a glance at what is hot 1 ms.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from heapq import nlargest
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tokentui.sources import Source

if TYPE_CHECKING:
    from tokentui.engine.folder_memory import FolderMemory, Listing

MAX_DEPTH = 16
"""Folders below a root; deeper ones are left alone."""
HOT_FILES = 200
HOT_FOLDERS = 100
"""How many of the most recently changed ones are looked at each second (some 4 µs each); roots always are."""
UNSETTLED_NS = 2_000_000_000
"""A folder's time has steps of 4 ms (ext4) to 2 s (network, FAT): two changes can share one."""


class LogFile(NamedTuple):
    """One file on disk that a source's reader wants."""

    source: str
    path: str
    size: int
    mtime_ns: int
    inode: int


class Siblings:
    """The files of one source, for a reader that must look into another one (Codex forks)."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._names = ""
        """The file names, each behind a slash: one search of it costs 50 µs among 7,500 files."""
        self._starts: list[int] = []

    def find(self, part: str) -> list[str]:
        """Return the paths whose file name contains `part`, which holds no slash."""
        if not self._starts and self._paths:
            names = ["/" + path[path.rfind("/") + 1 :] for path in self._paths]
            self._starts = [0, *accumulate(map(len, names))]
            self._names = "".join(names)
        found = []
        at = self._names.find(part)
        while at >= 0:
            index = bisect_right(self._starts, at) - 1
            found.append(self._paths[index])
            at = self._names.find(part, self._starts[index + 1])
        return found


class _Folder(NamedTuple):
    """A folder below a root, as it was when it was last listed."""

    source: str
    root: str
    depth: int
    mtime_ns: int
    """0 while it changed so recently that the next change could bear the same time."""


_Looked = tuple[Sequence[str], Sequence[str] | None, list[LogFile]]
"""The folders and the wanted files in a folder, by name, and those files that are new or changed; None in
place of the files when not all could be looked at."""


class Discovery:
    """What was found below the roots of some sources, kept up to date by `walk` and `glance`."""

    def __init__(
        self,
        sources: Sequence[Source],
        home: Path,
        environ: Mapping[str, str],
        extra_roots: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.memory: FolderMemory | None = None
        """What an earlier program saw; asked by the next walk."""
        self._sources = sources
        self._home = home
        self._environ = environ
        self._extra_roots = extra_roots or {}
        self._wanted = {source.name: source.load().wanted for source in sources}
        self.files: dict[str, LogFile] = {}
        self._folders: dict[str, _Folder] = {}
        self._hot_files: dict[str, None] = {}
        self._hot_folders: set[str] = set()
        """What a glance looks at: chosen by the first one after a walk, and whatever changes from then on."""
        self._is_hot_known = False
        self._absent: list[tuple[str, str]] = []
        """(source, root) of the roots that do not exist."""
        self.skipped: list[str] = []
        """Folders that could not be read or lie too deep."""
        self.seconds = 0.0
        """How long the last walk took."""

    def roots(self, source: Source) -> list[str]:
        """Return where a source's logs are looked for, each real folder once."""
        wanted = [str(root) for root in source.load().roots(self._home, self._environ)]
        wanted += [os.path.expanduser(extra) for extra in self._extra_roots.get(source.name, ())]
        real: dict[str, str] = {}
        for root in wanted:
            real.setdefault(os.path.realpath(root), root)
        return list(real)

    def walk(self) -> dict[str, LogFile]:
        """Look everywhere; return all files by path."""
        started = time.monotonic()
        self.files, self._folders, self._absent, self.skipped = {}, {}, [], []
        for source in self._sources:
            for root in self.roots(source):
                self._scan(source.name, root, root, 0)
        self._is_hot_known = False
        self.seconds = time.monotonic() - started
        return self.files

    def glance(self) -> list[LogFile]:
        """Look at the hottest files and folders only; return the files that are new or changed."""
        if not self._is_hot_known:
            self._choose_hot()
        folders = len(self._folders)
        changed = self._changed_files() + self._changed_folders() + self._first_used()
        self._hot_files.update(dict.fromkeys(file.path for file in changed))
        self._hot_folders.update(islice(reversed(self._folders), len(self._folders) - folders))
        return changed

    def _choose_hot(self) -> None:
        """Choose what is looked at each second; one collection of 7,500 files, which has none, saves 3 ms."""
        hot = nlargest(HOT_FILES, self.files.values(), key=lambda file: file.mtime_ns)
        # Sorted, as neighbours share the way to them: a fifth less time for the kernel.
        self._hot_files = dict.fromkeys(sorted(file.path for file in hot))
        newest = nlargest(HOT_FOLDERS, self._folders.items(), key=lambda item: item[1].mtime_ns)
        always = (path for path, each in self._folders.items() if not each.depth or not each.mtime_ns)
        self._hot_folders = {path for path, _ in newest}.union(always)
        self._is_hot_known = True

    def paths(self) -> dict[str, list[str]]:
        """Return the files of each source."""
        paths: dict[str, list[str]] = {}
        for file in self.files.values():
            paths.setdefault(file.source, []).append(file.path)
        return paths

    def siblings(self) -> dict[str, Siblings]:
        """Return the files of each source, for its reader."""
        return {source: Siblings(found) for source, found in self.paths().items()}

    def _changed_files(self) -> list[LogFile]:
        """Return the hot files that differ from what is known: the hottest loop of an idle program."""
        changed: list[LogFile] = []
        files, lstat = self.files, os.lstat
        for path in self._hot_files:
            try:
                now = lstat(path)
            except OSError:
                continue
            file = files[path]
            if now.st_mtime_ns != file.mtime_ns or now.st_size != file.size or now.st_ino != file.inode:
                files[path] = LogFile(file.source, path, now.st_size, now.st_mtime_ns, now.st_ino)
                changed.append(files[path])
        return changed

    def _changed_folders(self) -> list[LogFile]:
        """List the hot folders that have changed again."""
        changed: list[LogFile] = []
        for path in self._hot_folders:
            folder = self._folders[path]
            try:
                now_ns = os.stat(path).st_mtime_ns
            except OSError:
                continue
            if now_ns != folder.mtime_ns:
                changed += self._scan(folder.source, folder.root, path, folder.depth)
        return changed

    def _first_used(self) -> list[LogFile]:
        """Look whether a tool that had no logs has some now."""
        found: list[LogFile] = []
        absent, self._absent = self._absent, []
        for source, root in absent:
            if os.path.isdir(root):
                found += self._scan(source, root, root, 0)
            else:
                self._absent.append((source, root))
        return found

    def _scan(self, source: str, root: str, folder: str, depth: int) -> list[LogFile]:
        """Look into a folder, and those below it that are not known yet; return the new and changed files."""
        try:
            now = os.stat(folder)
        except FileNotFoundError:
            if not depth:
                self._absent.append((source, root))
            return []
        except OSError as error:
            self.skipped.append(f"{folder}: {error.strerror}")
            return []
        at_rest = abs(time.time_ns() - now.st_mtime_ns) >= UNSETTLED_NS
        self._folders[folder] = _Folder(source, root, depth, now.st_mtime_ns if at_rest else 0)
        known = self.memory.recall(f"{source} {root}", folder, now) if self.memory and at_rest else None
        folders, files, found = (
            self._recalled(source, folder, known) if known else self._listed(source, root, folder)
        )
        if self.memory and at_rest and not known and files is not None:
            self.memory.keep(f"{source} {root}", folder, now, tuple(folders), tuple(files))
        for name in folders:
            path = f"{folder}/{name}"
            if depth >= MAX_DEPTH:
                self.skipped.append(f"{path}: more than {MAX_DEPTH} folders deep")
            elif path not in self._folders:
                found += self._scan(source, root, path, depth + 1)
        return found

    def _recalled(self, source: str, folder: str, known: Listing) -> _Looked:
        """Look at the files of a folder whose names are known."""
        found: list[LogFile] = []
        lstat, files = os.lstat, self.files
        new = tuple.__new__  # the hottest loop of a command that finds nothing new: a call less for each file
        for name in known.files:
            path = f"{folder}/{name}"
            try:
                stat = lstat(path)
            except OSError as error:
                self.skipped.append(f"{path}: {error.strerror}")
                continue
            file = new(LogFile, (source, path, stat.st_size, stat.st_mtime_ns, stat.st_ino))
            if files.get(path) != file:
                files[path] = file
                found.append(file)
        return known.folders, known.files, found

    def _listed(self, source: str, root: str, folder: str) -> _Looked:
        """List a folder."""
        wanted, below = self._wanted[source], len(root) + 1
        folders: list[str] = []
        files: list[str] = []
        found: list[LogFile] = []
        whole = True
        try:
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError as error:
            self.skipped.append(f"{folder}: {error.strerror}")
            return (), None, []
        for entry in entries:
            path = entry.path
            try:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif wanted(path[below:]) and entry.is_file(follow_symlinks=False):
                    stat = entry.stat(follow_symlinks=False)
                    file = LogFile(source, path, stat.st_size, stat.st_mtime_ns, stat.st_ino)
                    files.append(entry.name)
                    if self.files.get(path) != file:
                        self.files[path] = file
                        found.append(file)
            except OSError as error:
                self.skipped.append(f"{path}: {error.strerror}")
                whole = False
        return folders, files if whole else None, found


def newest_first(files: Iterator[LogFile] | Sequence[LogFile]) -> list[LogFile]:
    """Sort so that today's figures are right first."""
    return sorted(files, key=lambda file: -file.mtime_ns)


def home_of(environ: Mapping[str, str]) -> Path:
    """Return the home directory that the tools' logs lie in."""
    return Path(environ.get("HOME") or Path.home())
