"""What can still be read of a line that is not one JSON object: glued, torn or zero-filled lines.

A program that is killed leaves half a line, and the next one writes right behind it; a machine that
crashes leaves zero bytes. What follows the damage on the same line is whole and must count.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_PATIENCE = 64_000_000
"""Characters that may be parsed in vain behind a tear: bounds the time a hostile line takes to 1 s."""


def _number(digits: str) -> int | float:
    """Return an integer as written; one too long for int() is out of all bounds anyway."""
    return int(digits) if len(digits) < 400 else float("inf")


_BLANK = re.compile(r"[ \t\r]*")
_decode = json.JSONDecoder(parse_int=_number).raw_decode


class Found(NamedTuple):
    """One whole object of a line."""

    object: dict[str, object]
    text: str
    """The object as it is written."""
    after_damage: bool
    """It follows something torn: it could be a part of that, if it does not look like a whole line."""


def recover(line: bytes) -> tuple[list[Found], str]:
    """Return the objects that stand whole in a line, and what is wrong with the line ("" for nothing).

    A blank line holds nothing, and nothing is wrong with it. Bytes that are not UTF-8 are replaced.
    After damage only objects that fill the rest of the line are taken, so that a piece of the torn
    object is not mistaken for a line. Never raises for what a line holds.
    """
    text = line.decode("utf-8", "replace").strip()
    found: list[Found] = []
    reason = ""
    position = 0
    while position < len(text):
        if text[position] in " \t\r\n":
            position += 1
            continue
        try:
            value, end = _decode(text, position)
        except RecursionError:
            return found, "nested too deeply"
        except ValueError:
            reason = "zero bytes" if "\0" in text[position : position + 8] else "not valid JSON"
            found += _after_damage(text, position + 1)
            break
        if isinstance(value, dict):
            found.append(Found(value, text[position:end], False))
        else:
            reason = "not a JSON object"
        position = end
    return found, reason


def finished(line: bytes) -> bytes:
    """Return the whole objects a line begins with; nothing when its first is not whole, or nests too deeply.

    This is what may be taken of a line that is still being written: whatever follows, they stay whole.
    """
    text = line.decode("utf-8", "replace").strip()
    try:
        found, _ = _run(text, 0)
    except RecursionError:
        return b""
    return "".join(item.text for item in found).encode()


def _after_damage(text: str, position: int) -> list[Found]:
    """Return the first run of objects that begins at or after a position and ends with the text."""
    patience = _PATIENCE
    while patience > 0 and (position := text.find('{"', position)) >= 0:
        try:
            found, end = _run(text, position)
        except RecursionError:
            break
        if found and end == len(text):
            return found
        patience -= end - position + 100  # a try costs as much as 100 characters
        position += 1
    return []


def _run(text: str, position: int) -> tuple[list[Found], int]:
    """Return the objects that follow each other from a position on, and where that ends."""
    found: list[Found] = []
    start = position
    while text.startswith("{", position):
        try:
            value, end = _decode(text, position)
        except json.JSONDecodeError as error:
            return found, max(error.pos, start + 1)
        found.append(Found(value, text[position:end], True))
        position = _BLANK.match(text, end).end()  # type: ignore[union-attr]  # it matches nothing, too
    return found, position
