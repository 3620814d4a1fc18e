"""What may be typed next in a filter: names of keys, then values of that key.

    found = completions("model:op", 8, values)        # values(key, prefix) -> names, such as Reader.values
    found[0]                                          # Completion("model:opus-4", 12, "opus-4")

Each holds the whole line with one word put in, quoted where it needs to be, and where the cursor goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tokentui.engine.filters import ALIASES, CHOICES, DATE_KEYS, KEYS, TEXT_KEYS

MOST = 50
"""Completions that are offered at once."""

DATES = ("today", "yesterday", "-7d", "-30d", "this week", "last week", "this month", "last month")
NUMBERS = {"cost": (">1", ">10", ">100", "<1"), "tokens": (">1M", ">100k", ">10M", "<100k")}

Values = Callable[[str, str], Iterable[str]]
"""(key, prefix) -> names that begin with the prefix, the best first."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on."""

    text: str
    """The whole filter with it."""
    cursor: int
    """Where the cursor stands then, in characters from the start."""
    shown: str
    """What it is called in a list: `model:`, or a value without quotes."""


@dataclass(slots=True)
class _Place:
    """The word the cursor is in."""

    term: int = 0
    """Where its term begins."""
    word: int = 0
    """Where the word begins: a key, or one value of it."""
    colon: int = -1
    """Where the key ends; -1 within it."""
    typed: str = ""
    """The value up to the cursor, without quotes."""
    quoted: bool = False
    """Whether a quote is open at the cursor."""


def completions(text: str, cursor: int, values: Values) -> list[Completion]:
    """Return what the word at the cursor may become; the rest of the word gives way to it."""
    cursor = min(max(cursor, 0), len(text))
    place = _place(text, cursor)
    negated = text[place.term : place.term + 1] == "-"
    if place.colon < 0:
        return _keys(text, cursor, place, negated)
    typed = text[place.term + negated : place.colon].lower()
    key = ALIASES.get(typed, typed)
    if key in TEXT_KEYS:
        names = CHOICES[key] if key in CHOICES else values(key, place.typed)
    elif place.word == place.colon + 1:  # the others take one value
        names = DATES if key in DATE_KEYS else NUMBERS.get(key, ())
    else:
        names = ()
    end = _end_of_value(text, cursor, place.quoted)
    found: list[Completion] = []
    for name in names:
        if (key in TEXT_KEYS and key not in CHOICES) or name.lower().startswith(place.typed.lower()):
            found.append(_put(text, place.word, end, quoted(name), name))
        if len(found) >= MOST:
            break
    return found


def quoted(value: str) -> str:
    """Return a value as it stands in a filter: in quotes where it needs them."""
    special = set(' \t,"\\*?')
    if value and value.isprintable() and special.isdisjoint(value) and not any(map(str.isspace, value)):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _keys(text: str, cursor: int, place: _Place, negated: bool) -> list[Completion]:
    start = place.term + negated
    prefix = text[start:cursor].lower()
    end = cursor
    while end < len(text) and (text[end].isalnum() or text[end] in "_-"):
        end += 1
    end += text[end : end + 1] == ":"
    words = text.lower().split()
    taken = {key for key in DATE_KEYS if negated or any(word.startswith(f"{key}:") for word in words)}
    fitting = [key for key in KEYS if key.startswith(prefix) and key not in taken]
    return [_put(text, start, end, f"{key}:", f"{key}:") for key in fitting]


def _put(text: str, start: int, end: int, word: str, shown: str) -> Completion:
    return Completion(text[:start] + word + text[end:], start + len(word), shown)


def _place(text: str, cursor: int) -> _Place:
    """Return where the cursor is; reads as `filters` does, but takes what is not finished yet."""
    place = _Place()
    read: list[str] = []
    at = 0
    while at < cursor:
        char = text[at]
        if char == '"' and place.colon >= 0:
            place.quoted = not place.quoted
        elif char == "\\" and place.quoted and text[at + 1 : at + 2] in ('"', "\\"):
            at += 1
            read.append(text[at])
        elif place.quoted:
            read.append(char)
        elif char.isspace():
            place, read = _Place(term=at + 1, word=at + 1), []
        elif char == ":" and place.colon < 0:
            place.colon, place.word, read = at, at + 1, []
        elif char == "," and place.colon >= 0:
            place.word, read = at + 1, []
        else:
            read.append(char)
        at += 1
    place.typed = "".join(read)
    return place


def _end_of_value(text: str, cursor: int, quote_open: bool) -> int:
    """Return where the value under the cursor ends; a quote that never closes ends at the cursor."""
    at = cursor
    if quote_open:
        while at < len(text) and text[at] != '"':
            at += 1 + (text[at] == "\\")
        if at >= len(text):
            return cursor
        at += 1
    inside = False
    while at < len(text) and (inside or not (text[at] == "," or text[at].isspace())):
        inside ^= text[at] == '"'
        at += 1 + (inside and text[at] == "\\")
    return min(at, len(text)) if not inside else cursor
