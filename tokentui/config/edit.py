"""One value of a TOML text changed, and nothing else: comments, order and foreign keys stay as they are.

A change is a cut at the key's own lines. Whether a cut was right is not guessed but read: the text is
parsed again, and must say exactly what it said before except for that key.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping

MOST_LINES = 400
"""Lines one value may take; a longer one is written anew with the whole file."""


def literal(value: object) -> str:
    """Return a value as TOML writes it, in one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {literal(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)


def changed(text: str, key: str, value: object) -> str | None:
    """Return `text` with the top-level `key` set to `value`, or without it for None.

    None when its lines cannot be told from others. `text` must be TOML.
    """
    before = tomllib.loads(text)
    lines = re.findall(r"[^\n]*\n|[^\n]+\Z", text)
    after = {name: item for name, item in before.items() if name != key}
    start = end = _first_table(lines)
    remark = ""
    if key in before:
        place = _place(lines, key, after)
        if place is None:
            return None
        start, end = place
        remark = _remark(lines[start]) if end == start + 1 else ""
    rest = lines[:start], lines[end:]
    if value is None:
        return _sure("".join(rest[0] + rest[1]), after)
    if lines[start:end] and lines[start].lstrip().startswith("["):  # a [table] becomes one line on top
        remark = ""
        rest = rest[0] + rest[1], []
        top = _first_table(rest[0])
        rest = rest[0][:top], rest[0][top:]
    if rest[0] and not rest[0][-1].endswith("\n"):
        rest[0][-1] += "\n"
    new = f"{key} = {literal(value)}{remark}\n"
    return _sure("".join([*rest[0], new, *rest[1]]), after | {key: _plain(value)})


def changed_below(text: str, table: str, key: str, value: str | None) -> str | None:
    """Return `text` with `key` of the top-level `table` set to `value`, or without it for None.

    None when its line cannot be told from others. `text` must be TOML.
    """
    before = tomllib.loads(text)
    inner = {name: item for name, item in before.get(table, {}).items() if name != key}
    after = {**before, table: inner if value is None else {**inner, key: value}}
    lines = re.findall(r"[^\n]*\n|[^\n]+\Z", text)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    new = [] if value is None else [f"{_key(key)} = {literal(value)}\n"]
    if table not in before:
        return _sure("".join([*lines, *(["\n"] if lines else []), f"[{_key(table)}]\n", *new]), after)
    named = re.compile(rf"[ \t]*\[[ \t]*[\"']?{re.escape(table)}[\"']?[ \t]*\][ \t]*(#.*)?$")
    start = next((number + 1 for number, line in enumerate(lines) if named.match(line)), None)
    if start is None:
        return None
    after_it = (number for number, line in enumerate(lines) if number >= start and line.lstrip()[:1] == "[")
    end = next(after_it, len(lines))
    at = next((number for number in range(start, end) if _assigns(lines[number], key)), None)
    if at is None:
        written = (number + 1 for number in range(end - 1, start - 1, -1) if "=" in lines[number])
        at = next(written, start)
        return _sure("".join(lines[:at] + new + lines[at:]), after)
    if new:
        new = [new[0].rstrip("\n") + _remark(lines[at]) + "\n"]
    return _sure("".join(lines[:at] + new + lines[at + 1 :]), after)


def _assigns(line: str, key: str) -> bool:
    """Tell whether a line sets a key, all of it."""
    try:
        return list(tomllib.loads(line)) == [key]
    except ValueError:
        return False


def _place(lines: list[str], key: str, after: Mapping[str, object]) -> tuple[int, int] | None:
    """Return the lines that say `key`: those without which the text says `after`."""
    named = re.compile(rf"[ \t]*(?:\[[ \t]*)?[\"']?{re.escape(key)}\b")
    for start, line in enumerate(lines):
        if not named.match(line):
            continue
        for end in range(start + 1, min(start + MOST_LINES, len(lines)) + 1):
            if _sure("".join(lines[:start] + lines[end:]), after) is not None:
                return start, end
    return None


def _first_table(lines: list[str]) -> int:
    """Return the line before which a top-level key may be written: the first table's, or its comment's."""
    for number, line in enumerate(lines):
        if line.lstrip().startswith("["):
            try:
                tomllib.loads("".join(lines[:number]))
            except ValueError:
                continue  # inside of a list over several lines
            while number and lines[number - 1].lstrip().startswith("#"):
                number -= 1
            return number
    return len(lines)


def _remark(line: str) -> str:
    """Return the comment at the end of a line that assigns a value, with the blanks before it."""
    _, _, rest = line.partition("=")
    for found in re.finditer(r"[ \t]*#", rest):
        try:
            tomllib.loads(f"value = {rest[: found.start()]}")
        except ValueError:
            continue  # inside of a text
        return rest[found.start() :].rstrip("\r\n")
    return ""


def _sure(text: str, expected: Mapping[str, object]) -> str | None:
    """Return the text when it says what is expected."""
    try:
        return text if tomllib.loads(text) == expected else None
    except (ValueError, RecursionError):
        return None


def _plain(value: object) -> object:
    """Return a value as tomllib would."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _key(key: object) -> str:
    return str(key) if re.fullmatch(r"[A-Za-z0-9_-]+", str(key)) else literal(str(key))
