"""Every character in ASCII, each in as many cells as before, so that nothing moves.

One place for all: what a frame writes passes here on its way to the terminal. Our own signs have a
likeness; of foreign text what is not ASCII is shown as `?`.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO

from rich.cells import get_character_cell_size

_ALIKE = {
    "▁▂▃▄▅▆▇█": "_.-=+*%#",  # bars, low to high
    "▏▎▍▌▋▊▉▐▀▔": "||||####\"\"",
    "░▒▓▚▞▖▗▘▝▙▛▜▟": ".:%\\/,.`'####",  # series without colours, and quarters
    "─━╌┄┈═╴╶╸╺": "-=.....-==",
    "│┃╎┆║╵╷╹╻": "|#::#||##",
    "╭╮╰╯┌┐└┘├┤┬┴┼": "+++++++++++++",
    "┏┓┗┛┣┫┳┻╋╔╗╚╝": "#############",
    "●○◉◆◇■□▪▲△▼▽▸▾◂►◄▶◀": "*o***#o*^^vv>v<><><",
    "←→↑↓⇧⏎↵↹⌫": "<>^v^<<><",
    "·•…–—−×÷±≈≥≤≠°µ": "-*.---x/+~><!ou",
    "“”„‘’‚«»": "\"\"\"'''\"\"",
    "✓✔✗✘★☆": "++xx**",
    "€£¥₩₹\u00a0": "ELYWR ",
}


class _Likeness(dict[int, str]):
    """Code point -> ASCII, made when it is first seen."""

    def __missing__(self, point: int) -> str:
        if point < 0x80:
            alike = chr(point)
        elif 0x2800 <= point < 0x2900:  # braille: by the number of its dots
            alike = " ..:::###"[(point - 0x2800).bit_count()]
        else:
            alike = "?" * get_character_cell_size(chr(point))
        self[point] = alike
        return alike


_LIKENESS = _Likeness(
    {ord(sign): alike for signs, alikes in _ALIKE.items() for sign, alike in zip(signs, alikes, strict=True)}
)


def ascii_only(text: str) -> str:
    """Return text, or a frame with its escape sequences, in ASCII and as wide as before."""
    return text if text.isascii() else text.translate(_LIKENESS)


def needed(environ: Mapping[str, str], stdout: TextIO | None) -> bool:
    """Whether the terminal says that it shows no UTF-8: by the locale, or by the stream's encoding."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):  # the first that is set counts (POSIX)
        if value := environ.get(name, ""):
            # Python makes C.UTF-8 of a plain C, as so many boxes have none set; only LC_ALL says it means it.
            charset = value.partition(".")[2].partition("@")[0].replace("-", "").casefold()
            if (charset and charset != "utf8") or (name == "LC_ALL" and value in ("C", "POSIX")):
                return True
            break
    encoding = getattr(stdout, "encoding", None) or "ascii"
    with suppress(LookupError):
        encoding = codecs.lookup(encoding).name
    return encoding != "utf-8"
