"""What the terminal shows, cell by cell: turns Textual's frames into the few bytes that change it.

Textual repaints whole widgets, and the whole screen when a pane or a window opens, each run of colour
with 40 bytes around it. Over SSH that is felt: switching panes at 120x36 takes 27 KB in two frames.
Here a frame is compared with what is on the screen already, and `pen` writes the difference.
"""

from __future__ import annotations

import re

from rich.cells import get_character_cell_size

from tokentui.ui.pen import PLAIN, UNKNOWN, Cell, Look, Pen

_TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([0-9;]*)m|(\n)|([^\x00-\x1f\x7f-\x9f]+)")

# Modes, queries, the bell and titles leave the cells alone; the alternate screen does not.
_HARMLESS = re.compile(
    r"(?:\x1b\[[?>=<](?!1049)[0-9;]*(?:\$p|[hlu])|\x07|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))*"
)


class Cells:
    """The terminal's screen, as far as it is known.

    `erases`: erasing to the end of a line paints it in the present background. GNU screen does not.
    """

    def __init__(self, *, erases: bool = True) -> None:
        self._erases = erases
        self._rows: list[list[Cell]] = []
        self._looks: dict[str, _Ink] = {}
        self._cursor: tuple[int, int] | None = None

    @property
    def rows(self) -> list[list[Cell]]:
        """What is on the screen, as far as it is known. A row that changes is replaced by another list."""
        return list(self._rows)

    def forget(self) -> None:
        """Know nothing: the next frame is painted whole."""
        self._rows = []
        self._cursor = None

    def changes(self, data: str) -> str:
        """Return what to write instead of `data`; what is not a frame comes back as it is."""
        painted = self._parse(data)
        if painted is None:
            if not _HARMLESS.fullmatch(data):
                self.forget()
            return data
        rows, cursor = painted
        pen = Pen(erases=self._erases)
        for y in sorted(rows):
            old, new = self._row(y, len(rows[y])), rows[y]
            if old != new:
                pen.change(y, old, new)
                self._rows[y] = new
        written = pen.written()
        if not written and cursor == self._cursor:
            return ""
        self._cursor = cursor
        return written + f"\x1b[{cursor[1] + 1};{cursor[0] + 1}H"

    def _parse(self, data: str) -> tuple[dict[int, list[Cell]], tuple[int, int]] | None:
        """Return the rows a frame paints, and where it leaves the cursor; None when it is no frame."""
        rows: dict[int, list[Cell]] = {}
        ink = _Ink(PLAIN)
        x = y = at = 0
        if not data.startswith("\x1b["):
            return None
        while at < len(data):
            token = _TOKEN.match(data, at)
            if token is None:
                return None
            at = token.end()
            kind = token.lastindex
            if kind == 2:
                y, x = int(token[1]) - 1, int(token[2]) - 1
            elif kind == 3:
                ink = self._ink(token[3])
            elif kind == 5:
                row = rows.get(y)
                if row is None:
                    row = rows[y] = self._row(y, 0).copy()
                x = _put(row, x, token[5], ink)
        return rows, (x, y)

    def _row(self, y: int, width: int) -> list[Cell]:
        while len(self._rows) <= y:
            self._rows.append([])
        row = self._rows[y]
        return row + [UNKNOWN] * (width - len(row))

    def _ink(self, code: str) -> _Ink:
        """Textual sets every run from scratch, so a code says all."""
        ink = self._looks.get(code)
        if ink is None:
            if len(self._looks) > 1_000:  # a theme has about 50
                self._looks.clear()
            ink = self._looks[code] = _Ink(_read(code))
        return ink


class _Ink:
    """A look, and the cells it makes of characters."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.blank: Cell = (" ", look.blank)


def _put(row: list[Cell], x: int, text: str, ink: _Ink) -> int:
    """Put text into a row from a column on; return the column after it."""
    blank, look = ink.blank, ink.look
    if text.isascii():
        cells: list[Cell] = [blank if character == " " else (character, look) for character in text]
    else:
        cells = _cells(text, ink)
    if len(row) < x:
        row += [UNKNOWN] * (x - len(row))
    end = x + len(cells)
    if 0 < x < len(row) and not row[x][0]:  # half a wide character is nothing
        row[x - 1] = (" ", row[x - 1][1].blank)
    if end < len(row) and not row[end][0]:
        row[end] = (" ", row[end][1].blank)
    row[x:end] = cells
    return end


def _cells(text: str, ink: _Ink) -> list[Cell]:
    cells: list[Cell] = []
    for character in text:
        if character == " ":
            cells.append(ink.blank)
        elif width := get_character_cell_size(character):
            cells.append((character, ink.look))
            if width == 2:
                cells.append(("", ink.look))
        elif cells:  # a combining mark belongs to the character before it
            at = -2 if not cells[-1][0] and len(cells) > 1 else -1
            cells[at] = (cells[at][0] + character, cells[at][1])
    return cells


def _read(code: str) -> Look:
    parts = code.split(";")
    attributes: list[str] = []
    fore = back = ""
    at = 0
    while at < len(parts):
        part = parts[at]
        size = {"2": 5, "5": 3}.get(parts[at + 1], 1) if part in ("38", "48") and at + 1 < len(parts) else 1
        value = ";".join(parts[at : at + size])
        if part == "38" or (part[:1] in ("3", "9") and len(part) == 2):
            fore = "" if part == "39" else value
        elif part == "48" or (part[:1] == "4" and len(part) == 2) or (part[:2] == "10" and len(part) == 3):
            back = "" if part == "49" else value
        elif part not in ("", "0"):
            attributes.append(part)
        at += size
    return Look(tuple(attributes), fore, back)
