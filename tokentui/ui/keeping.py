"""Keeps the Overview as it was seen last, for `last_screen` to show at the next start.

At most once a minute, and when the program is left; text and colours only, readable by its owner only,
and nothing at all while names and costs are hidden or the screen is locked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, tzinfo

from tokentui import last_screen
from tokentui.ui.pen import Cell, Look, painted

KEPT = 8
"""Sizes and kinds of terminals whose screens are kept."""

EVERY_SECONDS = 60.0
"""How often the file is written at most while the program runs."""


class Keeper:
    """Remembers what the Overview showed, and writes it down now and then."""

    def __init__(self, environ: Mapping[str, str], clock: Callable[[], float]) -> None:
        """`clock` returns the time in UTC seconds."""
        self._environ = environ
        self._clock = clock
        self._seen: list[list[Cell]] = []
        self._seen_at = datetime.fromtimestamp(0, UTC)
        self._kept: list[list[Cell]] = []
        self._written_at = float("-inf")

    def see(self, rows: list[list[Cell]], zone: tzinfo | None) -> None:
        """Remember a screen, and the zone of the times on it. Nothing is copied: a row never changes."""
        self._seen = rows
        self._seen_at = datetime.fromtimestamp(self._clock(), UTC).astimezone(zone)

    def keep(self, words: str, *, leaving: bool = False) -> None:
        """Write the screen that was seen last, unless that is written, or another was a moment ago.

        `words` follow the time when it is shown again.
        """
        now = self._clock()
        if self._seen == self._kept or (not leaving and now - self._written_at < EVERY_SECONDS):
            return
        self._kept, self._written_at = self._seen, now
        columns, rows = len(self._seen[0]), len(self._seen)
        erases = not self._environ.get("TERM", "").startswith("screen")
        text = painted([[dimmed(cell) for cell in row] for row in self._seen], erases=erases)
        if any(len(row) != columns for row in self._seen) or not last_screen.harmless(text):
            return  # it is not known whole
        offset = self._seen_at.utcoffset()
        assert offset is not None  # `astimezone` has put a zone in
        body = last_screen.packed(
            last_screen.key(self._environ, columns, rows), int(self._seen_at.timestamp()),
            round(offset.total_seconds()), words, text,
        )  # fmt: skip
        _write(last_screen.path(self._environ, columns, rows), body)

    def unsee(self) -> None:
        """Write nothing of what was seen so far: with other settings it would look different."""
        self._seen = self._kept

    def forget(self) -> None:
        """Remove what was kept, of all terminals: what it shows is hidden now."""
        self._seen, self._kept = [], []
        folder = last_screen.places(self._environ)[0]
        with suppress(OSError):
            for name in os.listdir(folder):
                os.unlink(os.path.join(folder, name))


def dimmed(cell: Cell) -> Cell:
    """Return a cell half as bright: mixed with its background, or in the terminal's own dim."""
    text, look = cell
    attributes = tuple(each for each in look.attributes if each in ("4", "7", "9"))
    fore, back = _rgb(look.fore), _rgb(look.back)
    if fore and back:
        mixed = ";".join(str((a + b) // 2) for a, b in zip(fore, back, strict=True))
        return text, Look(attributes, f"38;2;{mixed}", look.back)
    if text == " ":
        return text, Look(attributes, look.fore, look.back)
    return text, Look((*attributes, "2"), look.fore, look.back)


def _rgb(colour: str) -> tuple[int, ...] | None:
    parts = colour.split(";")
    return tuple(map(int, parts[2:])) if parts[1:2] == ["2"] else None


def _write(path: str, data: bytes) -> None:
    """Write a file whole or not at all, and remove the oldest beside it; a full disk costs nothing else."""
    folder = os.path.dirname(path)
    draft = f"{path}.{os.getpid()}"
    with suppress(OSError):
        above = os.path.dirname(folder)  # its folder is made first: a mode is for the last one only
        os.makedirs(above, mode=0o700, exist_ok=True)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(draft, flags, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(draft, path)
        except OSError:
            os.unlink(draft)
            raise
        files = sorted((entry for entry in os.scandir(folder)), key=lambda entry: entry.stat().st_mtime)
        for entry in files[:-KEPT]:
            os.unlink(entry.path)
