"""Lines of text as lists of styled spans: bars, gauges and columns, without any widget.

A span is a text and the name of a style; the stylesheet says what the name looks like. Nothing here
is markup, so foreign text is drawn as it is (after `clean`, which its callers apply).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

Span = tuple[str, str]
"""Text, and the name of its style (empty for plain text)."""

Line = list[Span]

BLOCKS = "▁▂▃▄▅▆▇█"


def fit(text: str, width: int, align: str = "<") -> str:
    """Return text in exactly `width` cells: cut with `…`, or padded on the side that `align` leaves."""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    blank = " " * (width - size)
    return blank + text if align == ">" else text + blank


def fit_end(text: str, width: int) -> str:
    """Return text in at most `width` cells; the end stays, which of a path says more than the start."""
    while cell_len(text) > width and text not in ("", "…"):
        text = "…" + text.removeprefix("…")[1:]
    return text


def wrap(text: str, width: int) -> list[str]:
    """Return our own words in lines of at most `width` characters; at least one line."""
    from textwrap import wrap

    return wrap(text, max(width, 1)) or [""]


def length(line: Iterable[Span]) -> int:
    """Return how many cells a line takes."""
    return sum(cell_len(text) for text, _ in line)


def cut(line: Iterable[Span], width: int) -> Line:
    """Return a line in exactly `width` cells."""
    kept: Line = []
    left = max(width, 0)
    for text, style in line:
        size = cell_len(text)
        if size > left:
            kept.append((fit(text, left), style))
            return kept
        kept.append((text, style))
        left -= size
    kept.append((" " * left, ""))
    return kept


def spread(left: Line, right: Line, width: int) -> Line:
    """Return a line with one part at each end; the left one gives way when they do not fit."""
    room = width - length(right)
    if room < 4:
        return cut(left, width)
    return [*cut(left, room), *right]


def beside(parts: Sequence[tuple[Line, int]], gap: int = 2) -> Line:
    """Return lines side by side, each in its own width."""
    joined: Line = []
    for number, (line, width) in enumerate(parts):
        if number:
            joined.append((" " * gap, ""))
        joined += cut(line, width)
    return joined


def gauge(percent: float | None, width: int, style: str) -> Line:
    """Return a bar of `width` cells; the empty part is thinner, so that it reads without colour."""
    if percent is None:
        return [("╌" * width, "rest")]
    full = round(min(max(percent, 0.0), 100.0) / 100 * width)
    if percent > 0:
        full = max(full, 1)
    if percent < 100:
        full = min(full, max(width - 1, 1))
    return [("━" * full, style), ("─" * (width - full), "rest")]


def bars(values: Sequence[int | None], rows: int = 1) -> list[str]:
    """Return a bar for each value, `rows` lines high, top line first; a gap for None.

    The highest value fills all rows, and a value of 0 still shows that there was something.
    """
    most = max((value for value in values if value), default=0)
    steps = rows * len(BLOCKS)
    heights = [0 if value is None else max(1, round(value / most * steps)) if most else 1 for value in values]
    return [
        "".join(_slice(height - row * len(BLOCKS)) for height in heights) for row in reversed(range(rows))
    ]


def box(
    lines: Sequence[Line], width: int, title: Line, state: Line, foot: Line, style: str, *, heavy: bool
) -> list[Line]:
    """Return lines in a frame with a title and a state on top and a remark below.

    A heavy frame marks what the keys act on, also where there are no colours.
    """
    corners = "┏┓┗┛━┃" if heavy else "╭╮╰╯─│"
    inner = width - 2
    if inner < 2:
        return [cut(line, max(width, 0)) for line in lines]
    framed = [_edge(corners[0], corners[1], corners[4], title, state, inner, style)]
    framed += [
        [(corners[5] + " ", style), *cut(line, inner - 2), (" " + corners[5], style)] for line in lines
    ]
    framed.append(_edge(corners[2], corners[3], corners[4], [], foot, inner, style))
    return framed


def section(
    lines: Sequence[Line], width: int, title: Line, state: Line, foot: Line, style: str, *, heavy: bool
) -> list[Line]:
    """Return lines below a rule with a title and a state, a remark at the end: a box without its sides.

    Twenty boxes are more frame than figures, and of an Overview's bytes a fifth.
    """
    rule, mark = "━─"[not heavy], "▌ " if heavy else "  "
    inner = width - 4
    if inner < 2:
        return [cut(line, max(width, 0)) for line in lines]
    drawn = [_edge(rule, rule, rule, title, state, width - 2, style)]
    drawn += [[(mark, style), *cut(line, inner), ("  ", "")] for line in lines]
    return [*drawn, [(mark, style), *spread([], foot, inner), ("  ", "")]]


def _edge(start: str, end: str, rule: str, left: Line, right: Line, inner: int, style: str) -> Line:
    line: Line = [(start + rule, style)]
    room = inner - 2
    right = [(" ", ""), *right, (" ", "")] if right and length(right) + 2 <= room else []
    room -= length(right)
    if left and room >= 4:
        left = [(" ", ""), *(cut(left, room - 2) if length(left) > room - 2 else left), (" ", "")]
        line += left
        room -= length(left)
    line += [(rule * room, style), *right, (rule + end, style)]
    return line


def _slice(height: int) -> str:
    return " " if height <= 0 else BLOCKS[min(height, len(BLOCKS)) - 1]
