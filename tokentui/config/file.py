"""`config.toml` read and written: a wrong value is told with its line, comments survive a change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tokentui import own_files
from tokentui.config.settings import Settings, documented

MAX_CONFIG_BYTES = own_files.MOST_BYTES
"""A settings file is a page or two; a larger one is some other file."""


class ConfigError(Exception):
    """The settings file cannot be used; the message names file, place and reason.

    `hint` is a line that would be right, or what to do; empty when there is none.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def load(path: Path) -> Settings:
    """Return the settings in the file `path`; the defaults when there is no such file.

    Raises `ConfigError` when the file cannot be read, is no TOML, or a value is wrong.
    """
    text = _read(path)
    return Settings() if text is None else _understood(path, text)


def save(path: Path, settings: Settings) -> None:
    """Write the settings to `path`: whole or not at all, for the user only.

    Of an existing file only the lines of settings that differ are changed. Raises `ConfigError` when the
    file cannot be written, or is no TOML; it is then unchanged.
    """
    text = _read(path) or ""
    table = _table(path, text)
    for key, value in settings.unknown.items():
        if key not in table:
            text = _changed(text, key, value)
    for each in documented():
        value = getattr(settings, each.name)
        try:
            same = each.check(table[each.name]) == value if each.name in table else value == each.default
        except ValueError:
            same = False
        if not same:
            text = _changed(text, each.name, None if value == each.default else value)
    _write(path, text)


def change(path: Path, key: str, value: object) -> Settings:
    """Set one setting in the file `path`, None for its default, and return what the file then says.

    Every other line stays as it is. Raises `ConfigError` when the value is wrong or the file cannot be
    written, which is then unchanged; and when something else in the file is wrong.
    """
    about = next(each for each in documented() if each.name == key)
    try:
        checked = None if value is None else about.check(value)
    except ValueError as error:
        raise ConfigError(f"{key} {error}", f"such as: {about.example}") from None
    text = _read(path) or ""
    _table(path, text)
    text = _changed(text, key, None if checked == about.default else checked)
    _write(path, text)
    return _understood(path, text)


def with_line(text: str, table: str, key: str, value: str | None) -> str:
    """Return a TOML text with `key` of the top-level `table` set to `value`, or without it for None.

    Every other line stays as it is, where the key has a line of its own.
    """
    from tokentui.config import edit

    new = edit.changed_below(text, table, key, value)
    if new is not None:
        return new
    import tomllib
    from decimal import Decimal

    import tomli_w

    found: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)  # all decimals of a price stay
    inner = {name: item for name, item in found.get(table, {}).items() if name != key}
    return tomli_w.dumps({**found, table: inner if value is None else {**inner, key: value}})


def line_of(path: Path, key: str, below: str = "") -> str:
    """Return `FILE, line 3` where `key` stands, below the table `below` if one is named; or only the file."""
    try:
        text = _read(path) or ""
    except ConfigError:
        return str(path)
    return f"{path}{_line_of(key, text, below)}"


def _understood(path: Path, text: str) -> Settings:
    table = _table(path, text)
    known = {each.name: each for each in documented()}
    values: dict[str, Any] = {}
    for key in known.keys() & table.keys():
        try:
            values[key] = known[key].check(table[key])
        except ValueError as error:
            hint = f"such as: {known[key].example}"
            raise ConfigError(f"{path}{_line_of(key, text)}: {key} {error}", hint) from None
    return Settings(**values, unknown={key: table[key] for key in table if key not in known})


def _table(path: Path, text: str) -> dict[str, Any]:
    if not text:
        return {}
    import tomllib  # 4 ms that a start without a settings file need not spend

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "too long a number or too deep"
        hint = 'such as: time_zone = "Europe/Berlin"'
        raise ConfigError(f"{path}: this is not TOML: {reason}", hint) from None


def _changed(text: str, key: str, value: object) -> str:
    """Return the text with one key changed; without comments, where its lines cannot be told."""
    from tokentui.config import edit

    new = edit.changed(text, key, value)
    if new is not None:
        return new
    import tomllib

    import tomli_w

    table: dict[str, Any] = tomllib.loads(text)
    table.pop(key, None)
    return tomli_w.dumps(table if value is None else {**table, key: value})


def _write(path: Path, text: str) -> None:
    try:
        own_files.write(path, text.encode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def _read(path: Path) -> str | None:
    """Return the text of the file; None when there is none."""
    try:
        raw = own_files.read(path)
    except own_files.NotReadable as error:
        raise ConfigError(f"{path}: {error}") from None
    if raw is None:
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: this is not UTF-8 text", "save the file as UTF-8") from None


def _line_of(key: str, text: str, below: str = "") -> str:
    """Return `, line 3` where `key` stands in the file; empty when it is not found."""
    start = 0
    named = rf"^[ \t]*(?:\[+[ \t]*)?[\"']?{re.escape(key)}\b"
    if below:
        table = re.search(rf"^[ \t]*(?:\[+[ \t]*)?[\"']?{re.escape(below)}\b", text, re.MULTILINE)
        start = table.start() if table else 0
        named = rf"[\"']?{re.escape(key)}[\"']?[ \t]*="
    found = re.compile(named, re.MULTILINE).search(text, start)
    return f", line {text.count(chr(10), 0, found.start()) + 1}" if found else ""
