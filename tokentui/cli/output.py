"""What commands print: tables that fit the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO
from unicodedata import combining, east_asian_width

from tokentui.frozen import dataclass

BOLD, DIM, YELLOW, RED, GREEN = "1", "2", "33", "31", "32"
"""SGR codes of the 16 colours every terminal has."""

PIPE_WIDTH = 10_000
"""Columns of an output that is not a terminal: nothing is shortened there."""

ALWAYS = 9
"""The `keep` of a column that is never left out."""

SHORTEST_TEXT = 12
"""Text columns are cut down to this before a column is left out."""

_PLAIN = str.maketrans("≥—–─…·“”█░", ">---..\"\"#.")
"""One character for one, so that columns stay where they are."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    numeric: bool = True
    """Aligned to the right; never shortened."""
    keep: int = ALWAYS
    """How long it stays when space runs out; the lowest goes first."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, and the shorter way to write it where columns are few."""

    text: str
    short: str = ""
    style: str = ""


def write(text: str, stream: TextIO | None = None) -> None:
    """Write to standard output; of what its encoding lacks our signs become plainer ones, the rest `?`."""
    stream = stream or sys.stdout
    if stream is None:
        return
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.translate(_PLAIN).encode(encoding, "replace").decode(encoding))


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person looks at this stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def coloured(stream: TextIO | None) -> bool:
    """Tell whether colours may be written: a terminal, not dumb, and no NO_COLOR (no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "") in ("", "dumb"):
        return False
    return is_terminal(stream)


def styled(text: str, style: str, *, colour: bool) -> str:
    """Return `text` in an SGR style, or as it is where there are no colours."""
    return f"\x1b[{style}m{text}\x1b[0m" if colour and style and text else text


def columns_of(stream: TextIO | None) -> int:
    """Return how many columns fit into the terminal behind `stream`."""
    if stream is None or not is_terminal(stream):
        return PIPE_WIDTH
    from shutil import get_terminal_size  # 4 ms: the compression modules come with it

    return max(20, get_terminal_size((80, 24)).columns)


def cell_width(text: str) -> int:
    """Return how many terminal columns `text` takes: 2 for wide characters, 0 for combining ones."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 1 + (east_asian_width(char) in "WF") for char in text)


def shortened(text: str, width: int) -> str:
    """Return `text` in at most `width` columns; of a path the end says more than the start."""
    if cell_width(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    from_end = "/" in text
    room, kept = width - 1, ""
    for char in reversed(text) if from_end else text:
        room -= cell_width(char)
        if room < 0:
            break
        kept = char + kept if from_end else kept + char
    return "…" + kept if from_end else kept + "…"


def table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    total: Sequence[Cell] | None = None,
    width: int = 80,
    colour: bool = False,
) -> str:
    """Return a table of at most `width` columns, if need be with short numbers or fewer columns."""
    body = [list(row) for row in rows]
    lines: Lines = [*body, list(total)] if total is not None else body
    shown = list(range(len(columns)))
    short = _needed(columns, lines, shown, short=False) > width
    while _needed(columns, lines, shown, short=short) - width > _elastic(columns, lines, shown):
        least = min(shown, key=lambda n: columns[n].keep)
        if columns[least].keep >= ALWAYS:
            break
        shown.remove(least)
    widths = _widths(columns, lines, shown, short=short, width=width)
    head = [Cell(columns[n].title, style=BOLD) for n in range(len(columns))]
    rendered = [_line(columns, head, widths, short=False, colour=colour)]
    rendered += [_line(columns, row, widths, short=short, colour=colour) for row in body]
    if total is not None:
        rule = "─" * (sum(widths.values()) + 2 * (len(widths) - 1))
        rendered.append(styled(rule, DIM, colour=colour))
        rendered.append(_line(columns, lines[-1], widths, short=short, colour=colour))
    return "".join(line + "\n" for line in rendered)


Lines = Sequence[Sequence[Cell]]


def _text(cell: Cell, *, short: bool) -> str:
    return cell.short if short and cell.short else cell.text


def _natural(columns: Sequence[Column], lines: Lines, n: int, *, short: bool) -> int:
    return max([cell_width(columns[n].title), *(cell_width(_text(line[n], short=short)) for line in lines)])


def _needed(columns: Sequence[Column], lines: Lines, shown: list[int], *, short: bool) -> int:
    return sum(_natural(columns, lines, n, short=short) for n in shown) + 2 * (len(shown) - 1)


def _elastic(columns: Sequence[Column], lines: Lines, shown: list[int]) -> int:
    texts = (_natural(columns, lines, n, short=True) for n in shown if not columns[n].numeric)
    return sum(max(0, width - SHORTEST_TEXT) for width in texts)


def _widths(
    columns: Sequence[Column], lines: Lines, shown: list[int], *, short: bool, width: int
) -> dict[int, int]:
    """Return the columns shown and their widths; the widest text columns give way first."""
    widths = {n: _natural(columns, lines, n, short=short) for n in shown}
    texts = [n for n in shown if not columns[n].numeric]
    over = sum(widths.values()) + 2 * (len(widths) - 1) - width
    while over > 0 and texts and max(widths[n] for n in texts) > 1:
        widest = max(texts, key=lambda n: widths[n])
        widths[widest] -= 1
        over -= 1
    return widths


def _line(
    columns: Sequence[Column], row: Sequence[Cell], widths: dict[int, int], *, short: bool, colour: bool
) -> str:
    parts = []
    for n, width in widths.items():
        text = shortened(_text(row[n], short=short), width)
        gap = " " * (width - cell_width(text))
        text = styled(text, row[n].style, colour=colour)
        parts.append(gap + text if columns[n].numeric else text + gap)
    return "  ".join(parts).rstrip()
