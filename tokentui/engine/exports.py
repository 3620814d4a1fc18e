"""What is shown, as CSV, JSON or JSONL: a report, single requests, or a comparison.

    exports.save(path, exports.pieces(report, "csv"))               # raises FileExistsError
    exports.save(path, exports.pieces(RequestList(rows), "jsonl", redact=True), overwrite=True)
    exports.free_path(folder, exports.file_name(report, "csv"))     # a name nothing has yet

`redact` leaves out costs and puts `project 1` in the place of names and paths. Costs are decimal numbers in
strings, null where unknown. JSON is escaped to ASCII, so that no name commands a terminal; text that a
spreadsheet would evaluate starts with an apostrophe in CSV.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from errno import EEXIST
from pathlib import Path

from tokentui.engine.export_rows import (
    Compared,
    Comparison,
    RequestList,
    Shown,
    Side,
    Table,
    figures,
    table,
)
from tokentui.engine.redaction import Redaction
from tokentui.engine.reports import Report
from tokentui.text import clean

__all__ = [
    "FORMS", "Compared", "Comparison", "RequestList", "Shown", "Side", "csv_lines", "figures", "file_name",
    "free_path", "pieces", "save", "text",
]  # fmt: skip

FORMS = ("csv", "json", "jsonl")

LONGEST_CELL = 4096
"""Characters of one value in CSV: the longest path there can be."""

FORMULA_STARTS = frozenset("=+-@\t\r\0＝＋－＠")
"""First characters that make a spreadsheet evaluate a cell (OWASP, ASVS 1.2.10)."""


def pieces(shown: Shown, form: str, *, redact: bool = False) -> Iterator[str]:
    """Return the text in one of FORMS, in pieces of a line or more. Raises ValueError for another form."""
    if form not in FORMS:
        raise ValueError(f"there is no form {form}")
    redaction = Redaction() if redact else None
    lines = table(shown, redaction)
    if form == "csv":
        return csv_lines(lines.header, (_flat(row) for row in lines.rows))
    if form == "jsonl":
        return (json.dumps(row) + "\n" for row in lines.rows)
    if redact:
        lines.head["redacted"] = True
    return _document(lines)


def text(shown: Shown, form: str, *, redact: bool = False) -> str:
    """Return all of it at once."""
    return "".join(pieces(shown, form, redact=redact))


def file_name(shown: Shown, form: str) -> str:
    """Return a name for a file: `tokentui-day-model-2026-11-01-2026-11-21.csv`. No name of yours is in it."""
    if isinstance(shown, Report):
        words = [*(shown.group_by or ("totals",)), *_days(shown.first, shown.last)]
    elif isinstance(shown, RequestList):
        words = ["requests", *_days(shown.first, shown.last)]
    else:
        words = ["comparison", *shown.group_by, *_days(shown.sides[0].first, shown.sides[0].last)]
    return f"tokentui-{'-'.join(words)}.{form}"


def free_path(folder: Path, name: str) -> Path:
    """Return a path in a folder that nothing has yet: `usage.csv`, `usage-2.csv` …"""
    stem, dot, ending = name.rpartition(".")
    path, number = folder / name, 1
    while os.path.lexists(path):
        number += 1
        path = folder / f"{stem}-{number}{dot}{ending}"
    return path


def save(path: Path, content: Iterable[str], *, overwrite: bool = False) -> None:
    """Write a file only its owner can read, whole or not at all.

    Raises FileExistsError when there is one and `overwrite` was not said, or another OSError.
    """
    part = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
    if not overwrite and os.path.lexists(path):
        raise FileExistsError(EEXIST, "there is a file of that name already", str(path))
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.writelines(content)
            file.flush()
            os.fsync(descriptor)
        _put_in_place(part, path, overwrite)
    finally:
        part.unlink(missing_ok=True)


def _put_in_place(part: Path, path: Path, overwrite: bool) -> None:
    if overwrite:
        os.replace(part, path)
        return
    try:
        os.link(part, path)  # fails when somebody made the file meanwhile, which a rename does not
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.replace(part, path)


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Return RFC 4180 CSV (CRLF); text that a spreadsheet would evaluate starts with an apostrophe."""
    from csv import writer
    from io import StringIO

    out = StringIO()
    lines = writer(out, lineterminator="\r\n")
    lines.writerow(header)
    yield out.getvalue()
    for row in rows:
        out.seek(0)
        out.truncate()
        lines.writerow([_neutral(value) for value in row])
        yield out.getvalue()


def _document(lines: Table) -> Iterator[str]:
    # Line by line instead of indent=2: json's indenting encoder is Python code and six times slower.
    yield f'{json.dumps(lines.head)[:-1]}, "{lines.name}": ['
    before = "\n"
    for row in lines.rows:
        yield f"{before} {json.dumps(row)}"
        before = ",\n"
    yield "]}\n" if before == "\n" else "\n]}\n"


def _days(first: date | None, last: date | None) -> list[str]:
    return list(dict.fromkeys(day.isoformat() for day in (first, last) if day))


def _flat(row: dict[str, object]) -> list[object]:
    """Return the values of a line for CSV; what is not known is empty."""
    flat: list[object] = []
    for value in row.values():
        if isinstance(value, dict):
            flat += value.values()
        elif isinstance(value, list):
            flat.append(" ".join(value))
        else:
            flat.append(str(value).lower() if isinstance(value, bool) else value)
    return flat


def _neutral(value: object) -> object:
    if not isinstance(value, str) or value.lstrip("-").replace(".", "", 1).isdecimal():
        return value
    value = clean(value, LONGEST_CELL)
    starts = {value[:1], value.lstrip()[:1]}
    return "'" + value if starts & FORMULA_STARTS else value
