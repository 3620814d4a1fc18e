"""What the terminal shows, cell by cell: turns Textual's frames into the few bytes that change it.

Textual repaints whole widgets, and the whole screen when a pane or a window opens, each run of colour
with 40 bytes around it. Over SSH that is felt: switching panes at 120x36 takes 27 KB in two frames.
Here a frame is compared with what is on the screen already, and colours change by their difference.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rich.cells import get_character_cell_size

_TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([0-9;]*)m|(\n)|([^\x00-\x1f\x7f-\x9f]+)")

# Modes, queries, the bell and titles leave the cells alone; the alternate screen does not.
_HARMLESS = re.compile(
    r"(?:\x1b\[[?>=<](?!1049)[0-9;]*(?:\$p|[hlu])|\x07|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))*"
)

_SEEN_ON_BLANKS = {"4", "7", "9", "21", "53"}
"""Attributes that show where there is no character: underlines, strikes, reverse."""


class Look(NamedTuple):
    """Attributes and colours, as the parameters of the sequences that set them."""

    attributes: tuple[str, ...] = ()
    fore: str = ""
    back: str = ""

    @property
    def blank(self) -> Look:
        """The part of it that a blank shows."""
        seen = tuple(attribute for attribute in self.attributes if attribute in _SEEN_ON_BLANKS)
        return Look(seen, self.fore if seen else "", self.back)


PLAIN = Look()

Cell = tuple[str, Look]
"""A character and how it looks; the second cell of a wide character is empty."""

_ENDS = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27", "9": "29"}
"""How an attribute ends without the colours ending with it."""

_SHORT_TAIL = 8
"""Blanks at the end of a row that are written rather than erased."""

_UNKNOWN: Cell = ("\0", PLAIN)


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
        pen = _Pen(erases=self._erases)
        for y in sorted(rows):
            old, new = self._row(y, len(rows[y])), rows[y]
            if old != new:
                pen.paint(y, old, new)
                self._rows[y] = new
        if not pen.out and cursor == self._cursor:
            return ""
        self._cursor = cursor
        pen.wear(PLAIN)
        return "".join(pen.out) + f"\x1b[{cursor[1] + 1};{cursor[0] + 1}H"

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
        return row + [_UNKNOWN] * (width - len(row))

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


class _Pen:
    """Writes cells, knowing where it is and what colours it has."""

    def __init__(self, *, erases: bool) -> None:
        self.out: list[str] = []
        self._erases = erases
        self._look = PLAIN
        self._at: tuple[int, int] | None = None

    def paint(self, y: int, old: list[Cell], new: list[Cell]) -> None:
        """Write the cells of a row that differ, or all of them when the terminal may disagree on widths."""
        whole = _uncertain(old) or _uncertain(new)
        end = _tail(new) if self._erases else len(new)
        if len(new) - end < _SHORT_TAIL or old[end:] == new[end:]:
            end = len(new)
        for x in range(end):
            cell = new[x]
            if not cell[0] or (not whole and cell == old[x] and _follower(new, x) == _follower(old, x)):
                continue
            self._go(x, y, new)
            self._write(cell)
            after = x + (2 if _follower(new, x) else 1)
            # Nobody knows where the cursor is after the last column, or after a character of doubtful width.
            self._at = None if after >= len(new) or _doubtful(cell[0]) else (after, y)
        if end < len(new):
            self._go(end, y, new)
            self.wear(new[end][1])
            self.out.append("\x1b[K")

    def wear(self, look: Look) -> None:
        """Change the colours by the shortest way."""
        if look == self._look:
            return
        now, self._look = self._look, look
        if look == PLAIN:
            self.out.append("\x1b[0m")
            return
        codes: list[str] = []
        gone = {attribute for attribute in now.attributes if attribute not in look.attributes}
        if gone <= _ENDS.keys():
            codes = sorted({_ENDS[attribute] for attribute in gone})
            # One code ends bold and dim alike.
            kept = tuple(attribute for attribute in now.attributes if _ENDS.get(attribute) not in codes)
            now = now._replace(attributes=kept)
        else:
            codes, now = ["0"], PLAIN
        codes += [attribute for attribute in look.attributes if attribute not in now.attributes]
        if look.fore != now.fore:
            codes.append(look.fore or "39")
        if look.back != now.back:
            codes.append(look.back or "49")
        self.out.append(f"\x1b[{';'.join(codes)}m")

    def _write(self, cell: Cell) -> None:
        if cell[0] != " " or self._look.blank != cell[1]:
            self.wear(cell[1])
        self.out.append(cell[0])

    def _go(self, x: int, y: int, row: list[Cell]) -> None:
        """Go to a column: over what lies between, where that is shorter than a jump."""
        if self._at is None or self._at[1] != y or self._at[0] > x:
            self.out.append(f"\x1b[{y + 1};{x + 1}H")
            return
        between = row[self._at[0] : x]
        if len(between) > 3 or not all(self._free(cell) for cell in between):
            self.out.append(f"\x1b[{len(between)}C" if len(between) > 1 else "\x1b[C")
        else:
            self.out += [text for text, _ in between]

    def _free(self, cell: Cell) -> bool:
        """Whether a cell can be written in the present colours."""
        return cell[0].isascii() and (
            cell[1] == self._look or (cell[0] == " " and cell[1] == self._look.blank)
        )


def painted(rows: list[list[Cell]], *, erases: bool = True) -> str:
    """Return what draws rows of cells on a screen whose content is not known."""
    pen = _Pen(erases=erases)
    for y, row in enumerate(rows):
        pen.paint(y, [_UNKNOWN] * len(row), row)
    pen.wear(PLAIN)
    return "".join(pen.out)


def _tail(row: list[Cell]) -> int:
    """Return where the equal blanks at the end of a row begin."""
    last = row[-1] if row else _UNKNOWN
    if last[0] != " " or last[1].attributes:
        return len(row)
    end = len(row)
    while end and row[end - 1] == last:
        end -= 1
    return end


def _follower(row: list[Cell], x: int) -> bool:
    """Whether the cell after this one is its second half."""
    return x + 1 < len(row) and not row[x + 1][0]


def _put(row: list[Cell], x: int, text: str, ink: _Ink) -> int:
    """Put text into a row from a column on; return the column after it."""
    blank, look = ink.blank, ink.look
    if text.isascii():
        cells: list[Cell] = [blank if character == " " else (character, look) for character in text]
    else:
        cells = _cells(text, ink)
    if len(row) < x:
        row += [_UNKNOWN] * (x - len(row))
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


def _uncertain(row: list[Cell]) -> bool:
    """Whether there is anything doubtful in a row; written so that C does the looking."""
    texts = [text for text, _ in row]
    return bool(texts) and (max(map(len, texts)) > 1 or _doubtful(max(texts)))


def _doubtful(text: str) -> bool:
    """Whether terminals disagree on how wide this is: marks, emoji, and what Unicode added late."""
    return len(text) > 1 or text >= "\U0001f000"


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
