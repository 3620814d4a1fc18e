"""What can still be read of a line that is not one JSON object: glued, torn or zero-filled lines.

A program that is killed leaves half a line, and the next one writes right behind it; a machine that
crashes leaves zero bytes. What follows the damage on the same line is whole and must count.
"""

from __future__ import annotations

import json
from typing import NamedTuple

_MOST_STARTS = 5_000
"""Where a torn line may be tried for a whole object; bounds the time a hostile line can take."""

_decode = json.JSONDecoder().raw_decode


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


def _after_damage(text: str, position: int) -> list[Found]:
    """Return the first run of objects that begins at or after a position and ends with the text."""
    for _ in range(_MOST_STARTS):
        position = text.find('{"', position)
        if position < 0:
            break
        try:
            found = _run(text, position)
        except RecursionError:
            break
        if found:
            return found
        position += 1
    return []


def _run(text: str, position: int) -> list[Found]:
    found: list[Found] = []
    while position < len(text):
        try:
            value, end = _decode(text, position)
        except ValueError:
            return []
        if not isinstance(value, dict):
            return []
        found.append(Found(value, text[position:end], True))
        position = end + len(text[end:]) - len(text[end:].lstrip())
    return found
