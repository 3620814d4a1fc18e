"""`config.toml` while the program runs: looked at now and then; what it says wrongly changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

from tokentui.config.file import ConfigError, change, load
from tokentui.config.settings import Settings


class Watched:
    """The settings of one file; the last good ones stay when the file goes wrong."""

    def __init__(self, path: Path, settings: Settings) -> None:
        """`settings` are what the file said when it was last read."""
        self.path = path
        self.settings = settings
        self.problem = ""
        """What is wrong with the file now: file, line, key, reason and an example."""
        self._seen = self._mark()

    def look(self) -> bool:
        """Read the file anew if it is another one than before; return whether anything has changed."""
        mark = self._mark()
        if mark == self._seen:
            return False
        self._seen = mark
        before = self.settings, self.problem
        try:
            self.settings, self.problem = load(self.path), ""
        except ConfigError as error:
            self.problem = f"{error}, {error.hint}" if error.hint else str(error)
        return (self.settings, self.problem) != before

    def change(self, key: str, value: object) -> None:
        """Set one setting in the file, None for its default. Raises ConfigError."""
        try:
            self.settings, self.problem = change(self.path, key, value), ""
        finally:
            self._seen = self._mark()

    def _mark(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
