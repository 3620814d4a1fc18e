"""Writes the cells that differ in as few bytes as it can: colour by colour, not line by line.

A colour costs 19 bytes, a move to where it is used again 5. An Overview of 20 accounts at 120x36 takes
15 KB line by line, as every line goes through some seven colours three times, and 9 KB colour by colour.
Nobody sees the order: a frame is one write, and terminals that can are told to show it at once.
"""

from __future__ import annotations

from typing import NamedTuple

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

UNKNOWN: Cell = ("\0", PLAIN)

_ENDS = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27", "9": "29"}
"""How an attribute ends without the colours ending with it."""

_SHORT_TAIL = 8
"""Blanks at the end of a row that are written rather than erased."""

_SHORT_GAP = 3
"""Cells between two runs of a colour that are written rather than jumped over."""


class _Row(NamedTuple):
    """A row that is being written."""

    cells: list[Cell]
    wanted: list[Look | None]
    """How each cell is to look; None for what is there already."""
    end: int
    """Where a tail of blanks begins that is erased at once; the row's width when there is none."""


class Pen:
    """Notes what differs, row by row, and writes it, knowing where it is and what colours it has.

    `erases`: erasing to the end of a line paints it in the present background. GNU screen does not.
    """

    def __init__(self, *, erases: bool) -> None:
        self._erases = erases
        self._out: list[str] = []
        self._look = PLAIN
        self._at: tuple[int, int] | None = None
        self._rows: dict[int, _Row] = {}
        self._places: dict[Look, dict[int, list[int]]] = {}
        """Of each look the rows, and of each row the columns, where it is wanted."""

    def change(self, y: int, old: list[Cell], new: list[Cell]) -> None:
        """Note what differs in a row, or write all of it when the terminal may disagree on widths."""
        if _uncertain(old) or _uncertain(new):
            self._whole(y, new)
            return
        end = _tail(new) if self._erases else len(new)
        if len(new) - end < _SHORT_TAIL or old[end:] == new[end:]:
            end = len(new)
        wanted: list[Look | None] = [None] * len(new)
        for x in range(end):
            cell = new[x]
            if cell[0] and (cell != old[x] or _follower(new, x) != _follower(old, x)):
                self._want(wanted, x, y, cell)
        if end < len(new):
            self._want(wanted, end, y, new[end])
        self._rows[y] = _Row(new, wanted, end)

    def written(self) -> str:
        """Return what writes all that was noted, and ends all colours; nothing when nothing was."""
        for look in self._order():
            for y, columns in self._places[look].items():
                row = self._rows[y]
                for x in columns:
                    if row.wanted[x] is not None:  # else it was written along with a neighbour
                        self._run(look, x, y, row)
        self._wear(PLAIN)
        return "".join(self._out)

    def _want(self, wanted: list[Look | None], x: int, y: int, cell: Cell) -> None:
        look = cell[1].blank if cell[0] == " " else cell[1]
        wanted[x] = look
        self._places.setdefault(look, {}).setdefault(y, []).append(x)

    def _order(self) -> list[Look]:
        """Return the looks by background; the most frequent first, as short gaps in it cost least."""
        size = {look: sum(map(len, rows.values())) for look, rows in self._places.items()}
        return sorted(self._places, key=lambda look: (look.back, look == look.blank, -size[look]))

    def _run(self, look: Look, x: int, y: int, row: _Row) -> None:
        """Write a run of one look, and the blanks on both sides of it that any colour can write."""
        cells, wanted, end = row
        blank = look.blank
        first = self._at[0] if self._at is not None and self._at[1] == y and self._at[0] <= x else 0
        while x > first and wanted[x - 1] == blank and cells[x - 1][0] == " ":
            x -= 1
        start, texts = x, []
        while x < len(cells) and (wanted[x] == look or (wanted[x] == blank and cells[x][0] == " ")):
            wanted[x] = None
            if x == end:
                texts.append("\x1b[K")
                break
            texts.append(cells[x][0])
            x += 2 if _follower(cells, x) else 1
        if self._look.blank != look or any(text not in (" ", "\x1b[K") for text in texts):
            self._wear(look)
        self._go(start, y, row)
        self._out += texts
        # Nobody knows where the cursor is after the last column.
        self._at = None if x >= len(cells) else (x, y)

    def _go(self, x: int, y: int, row: _Row) -> None:
        """Go to a column: over what lies between, where that is shorter than a jump."""
        if self._at == (x, y):
            return
        if self._at is None or self._at[1] != y or self._at[0] > x:
            self._out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
            return
        gap = range(self._at[0], x)
        between = [self._between(at, row) for at in gap] if len(gap) <= _SHORT_GAP else [""]
        if all(between):
            self._out += between
        else:
            self._out.append(f"\x1b[{len(gap)}C" if len(gap) > 1 else "\x1b[C")

    def _between(self, x: int, row: _Row) -> str:
        """Return what can be written over a cell without harm; nothing where nothing can."""
        text, look = row.cells[x]
        if row.wanted[x] is not None:
            return " " if text else ""  # it is written in its own colour later
        own = look == self._look or (text == " " and look == self._look.blank)
        return text if own and text.isascii() else ""

    def _whole(self, y: int, row: list[Cell]) -> None:
        """Write a row from left to right."""
        self._out.append(f"\x1b[{y + 1};1H")
        for x, (text, look) in enumerate(row):
            if not text:
                continue
            if text != " " or self._look.blank != look:
                self._wear(look)
            self._out.append(text)
            if _doubtful(text):  # nobody knows how far it went
                self._out.append(f"\x1b[{y + 1};{x + (2 if _follower(row, x) else 1) + 1}H")
        self._at = None

    def _wear(self, look: Look) -> None:
        """Change the colours by the shortest way."""
        if look == self._look:
            return
        now, self._look = self._look, look
        if look == PLAIN:
            self._out.append("\x1b[0m")
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
        self._out.append(f"\x1b[{';'.join(codes)}m")


def painted(rows: list[list[Cell]], *, erases: bool = True) -> str:
    """Return what draws rows of cells on a screen whose content is not known."""
    pen = Pen(erases=erases)
    for y, row in enumerate(rows):
        pen.change(y, [UNKNOWN] * len(row), row)
    return pen.written()


def _tail(row: list[Cell]) -> int:
    """Return where the equal blanks at the end of a row begin."""
    last = row[-1] if row else UNKNOWN
    if last[0] != " " or last[1].attributes:
        return len(row)
    end = len(row)
    while end and row[end - 1] == last:
        end -= 1
    return end


def _follower(row: list[Cell], x: int) -> bool:
    """Whether the cell after this one is its second half."""
    return x + 1 < len(row) and not row[x + 1][0]


def _uncertain(row: list[Cell]) -> bool:
    """Whether there is anything doubtful in a row; written so that C does the looking."""
    texts = [text for text, _ in row]
    return bool(texts) and (max(map(len, texts)) > 1 or _doubtful(max(texts)))


def _doubtful(text: str) -> bool:
    """Whether terminals disagree on how wide this is: marks, emoji, and what Unicode added late."""
    return len(text) > 1 or text >= "\U0001f000"
