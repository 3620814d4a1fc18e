"""What the terminal shows, cell by cell: turns Textual's frames into the few bytes that change it.

Textual repaints whole widgets, and the whole screen when a pane or a window opens, each run of colour
with 40 bytes around it. Over SSH that is felt: switching panes at 120x36 takes 27 KB in two frames.
Here a frame is compared with what is on the screen already, and colours change by their difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import get_character_cell_size

_TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([0-9;]*)m|(\n)|([^\x00-\x1f\x7f-\x9f]+)")

# Modes, queries, the bell and titles leave the cells alone; the alternate screen does not.
_HARMLESS = re.compile(r"(?:\x1b\[[?>=<](?!1049)[0-9;]*(?:\$p|[hlu])|\x07|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))*")

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

_UNKNOWN: Cell = ("\0", PLAIN)


class Cells:
    """The terminal's screen, as far as it is known."""

    def __init__(self) -> None:
        self._rows: list[list[Cell]] = []
        self._looks: dict[str, tuple[Look, Look]] = {}
        self._cursor: tuple[int, int] | None = None

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
        pen = _Pen()
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
        look = blank = PLAIN
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
                look, blank = self._look(token[3])
            elif kind == 5:
                row = rows.get(y)
                if row is None:
                    row = rows[y] = self._row(y, 0).copy()
                x = _put(row, x, token[5], look, blank)
        return rows, (x, y)

    def _row(self, y: int, width: int) -> list[Cell]:
        while len(self._rows) <= y:
            self._rows.append([])
        row = self._rows[y]
        return row + [_UNKNOWN] * (width - len(row))

    def _look(self, code: str) -> tuple[Look, Look]:
        """Textual sets every run from scratch, so a code says all."""
        known = self._looks.get(code)
        if known is None:
            look = _read(code)
            if len(self._looks) > 1_000:  # a theme has about 50
                self._looks.clear()
            known = self._looks[code] = (look, look.blank)
        return known


class _Pen:
    """Writes cells, knowing where it is and what colours it has."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self._look = PLAIN
        self._at: tuple[int, int] | None = None

    def paint(self, y: int, old: list[Cell], new: list[Cell]) -> None:
        """Write the cells of a row that differ, or all of them when the terminal may disagree on widths."""
        whole = any(_doubtful(text) for text, _ in old) or any(_doubtful(text) for text, _ in new)
        for x, cell in enumerate(new):
            if not cell[0] or (not whole and cell == old[x] and _follower(new, x) == _follower(old, x)):
                continue
            self._go(x, y)
            self._wear_for(cell)
            self.out.append(cell[0])
            wide = x + 1 < len(new) and not new[x + 1][0]
            end = x + (2 if wide else 1)
            # Nobody knows where the cursor is after the last column, or after a character of doubtful width.
            self._at = None if end >= len(new) or _doubtful(cell[0]) else (end, y)

    def wear(self, look: Look) -> None:
        """Change the colours by the shortest way."""
        if look == self._look:
            return
        now, self._look = self._look, look
        if look == PLAIN:
            self.out.append("\x1b[0m")
            return
        codes: list[str] = []
        if set(now.attributes) - set(look.attributes):
            codes, now = ["0"], PLAIN
        codes += [attribute for attribute in look.attributes if attribute not in now.attributes]
        if look.fore != now.fore:
            codes.append(look.fore or "39")
        if look.back != now.back:
            codes.append(look.back or "49")
        self.out.append(f"\x1b[{';'.join(codes)}m")

    def _wear_for(self, cell: Cell) -> None:
        if cell[0] == " " and self._look.blank == cell[1]:
            return
        self.wear(cell[1])

    def _go(self, x: int, y: int) -> None:
        if self._at == (x, y):
            return
        if self._at is not None and self._at[1] == y and self._at[0] < x:
            steps = x - self._at[0]
            self.out.append(f"\x1b[{steps}C" if steps > 1 else "\x1b[C")
        else:
            self.out.append(f"\x1b[{y + 1};{x + 1}H")


def _follower(row: list[Cell], x: int) -> bool:
    """Whether the cell after this one is its second half."""
    return x + 1 < len(row) and not row[x + 1][0]


def _put(row: list[Cell], x: int, text: str, look: Look, blank: Look) -> int:
    """Put text into a row from a column on; return the column after it."""
    if text.isascii():
        cells: list[Cell] = [(character, blank if character == " " else look) for character in text]
    else:
        cells = list(_cells(text, look, blank))
    if len(row) < x:
        row += [_UNKNOWN] * (x - len(row))
    row[x : x + len(cells)] = cells
    return x + len(cells)


def _cells(text: str, look: Look, blank: Look) -> Iterator[Cell]:
    held = ""
    size = 0
    for character in text:
        width = get_character_cell_size(character)
        if width == 0 and held:  # a combining mark belongs to the character before it
            held += character
            continue
        if held:
            yield held, look
            if size == 2:
                yield "", look
        held, size = "", 0
        if character == " ":
            yield " ", blank
        elif width:
            held, size = character, width
    if held:
        yield held, look
        if size == 2:
            yield "", look


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
        if part == "38" or part[:1] in ("3", "9") and len(part) == 2:
            fore = "" if part == "39" else value
        elif part == "48" or part[:1] == "4" and len(part) == 2 or part[:2] == "10" and len(part) == 3:
            back = "" if part == "49" else value
        elif part not in ("", "0"):
            attributes.append(part)
        at += size
    return Look(tuple(attributes), fore, back)
