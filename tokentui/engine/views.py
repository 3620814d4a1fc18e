"""Saved views: selections with a name, in a file of their own that a person can read.

`views.json` lies beside `config.toml`, readable by its owner only: filters name projects. It is written
whole and put in place by a rename. A file that cannot be understood is told of and never overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from tokentui import own_files
from tokentui.engine.selection import DATES, PRESETS, Selection
from tokentui.store.usage_table import DIMENSIONS

LONGEST_NAME = 60

EXAMPLE = (
    '{"views": [{"name": "opus by day", "group_by": ["day"], "filter": "model:*opus*", "days": "month"}]}'
)


class ViewsError(Exception):
    """The file of views cannot be used: names file, place and reason."""


@dataclass(frozen=True, slots=True)
class View:
    """A selection with a name."""

    name: str
    selection: Selection = field(default_factory=Selection)
    pinned: bool = False
    """Whether it is shown on the Overview."""


def path_of(config_dir: Path) -> Path:
    """Return where the views lie."""
    return config_dir / "views.json"


def load(path: Path) -> tuple[View, ...]:
    """Return the views in their order, none when there is no file; raises ViewsError."""
    text = _read(path)
    if text is None:
        return ()
    try:
        found = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise ViewsError(f"{path}, line {line}: this is no JSON ({getattr(error, 'msg', error)})") from None
    except RecursionError:
        raise ViewsError(f"{path}: nested too deeply for views") from None
    if not isinstance(found, dict) or not isinstance(found.get("views"), list):
        raise ViewsError(f"{path}: a list of views is expected, such as: {EXAMPLE}")
    views = tuple(_view(path, number, each) for number, each in enumerate(found["views"], 1))
    names = [view.name for view in views]
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            raise ViewsError(f"{path}, view {number}: the name {name!r} is there twice")
    return views


def save(path: Path, views: Sequence[View]) -> None:
    """Write all views; raises ViewsError when that fails, and then the file is as it was."""
    text = json.dumps({"views": [_written(view) for view in views]}, indent=1, ensure_ascii=False)
    try:
        own_files.write(path, text.encode("utf-8", "replace") + b"\n")
    except OSError as error:
        raise ViewsError(f"{path}: cannot be written: {error.strerror}") from None


def change(path: Path, how: Callable[[tuple[View, ...]], Iterable[View]]) -> tuple[View, ...]:
    """Read the views anew, change and write them; return them. Raises ViewsError and writes nothing then."""
    views = tuple(how(load(path)))
    save(path, views)
    return views


def added(views: Sequence[View], view: View) -> list[View]:
    """Return views with one more; one of the same name gives way to it in its place, and stays pinned."""
    at = next((number for number, each in enumerate(views) if each.name == view.name), None)
    if at is None:
        return [*views, view]
    return [*views[:at], replace(view, pinned=view.pinned or views[at].pinned), *views[at + 1 :]]


def _written(view: View) -> dict[str, Any]:
    selection = view.selection
    found: dict[str, Any] = {
        "name": view.name, "group_by": list(selection.group_by), "filter": selection.filter,
        "days": selection.days,
    }  # fmt: skip
    if selection.back:
        found["back"] = selection.back
    for name, day in (("start", selection.start), ("end", selection.end)):
        if day is not None:
            found[name] = day.isoformat()
    return {**found, "sort": selection.sort, "descending": selection.descending, "pinned": view.pinned}


def _view(path: Path, number: int, found: object) -> View:
    where = f"{path}, view {number}"
    if not isinstance(found, dict):
        raise ViewsError(f"{where}: not a view, which is such as: {EXAMPLE}")
    for name in found:
        if name not in _CHECKS:
            raise ViewsError(f"{where}: {name!r} is no part of a view, only {', '.join(_CHECKS)}")
    if "name" not in found:
        raise ViewsError(f"{where}: it has no name")
    values: dict[str, Any] = {}
    for name, value in found.items():
        try:
            values[name] = _CHECKS[name](value)
        except (ValueError, TypeError) as error:
            raise ViewsError(f"{where}, {name}: {error}") from None
    name, pinned = values.pop("name"), values.pop("pinned", False)
    return View(name, Selection(**values), pinned)


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NAME:
        raise ValueError(f"a text of 1 to {LONGEST_NAME} characters is expected")
    return value


def _group_by(value: object) -> tuple[str, ...]:
    names = tuple(value) if isinstance(value, list) else ()
    wrong = not isinstance(value, list) or len(names) > 2 or any(name not in DIMENSIONS for name in names)
    if wrong or len(set(names)) != len(names):
        raise ValueError(f'at most two of {", ".join(DIMENSIONS)} are expected, such as ["day"]')
    return names


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is expected")
    return value


def _days(value: object) -> str:
    if not isinstance(value, str) or value not in (*PRESETS, DATES):
        raise ValueError(f"one of {', '.join((*PRESETS, DATES))} is expected")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is expected")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100_000:
        raise ValueError("a whole number from 0 on is expected")
    return value


def _date(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("a day such as 2026-11-21 is expected")
    return date.fromisoformat(value)


_CHECKS: dict[str, Callable[[object], Any]] = {
    "name": _name, "group_by": _group_by, "filter": _text, "days": _days, "back": _count, "start": _date,
    "end": _date, "sort": _text, "descending": _switch, "pinned": _switch,
}  # fmt: skip


def _read(path: Path) -> str | None:
    try:
        raw = own_files.read(path)
        return None if raw is None else raw.decode("utf-8-sig")
    except own_files.NotReadable as error:
        raise ViewsError(f"{path}: {error}") from None
    except UnicodeDecodeError:
        raise ViewsError(f"{path}: this is not UTF-8 text") from None
