"""A selection as the command line that asks for the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from tokentui.engine.reports import SORTS
from tokentui.store.usage_table import NUMBER_FIELDS, UsageQuery, Where

_NAKED = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/:@+~-")
"""Characters that mean themselves in a filter, without quotes."""


def filter_text(where: Iterable[Where]) -> str:
    """Return conditions as `engine.filters` reads them; those on sums are left out."""
    return " ".join(_term(each) for each in where if each.field not in NUMBER_FIELDS)


def explain_command(query: UsageQuery, zone: str | None = None) -> str:
    """Return the `tokentui explain` line for a selection, quoted for a POSIX shell.

    `zone`: the time zone that the command would take by itself; another one is named.
    """
    from shlex import join

    words = ["tokentui", "explain"]
    # Without any day the command means today: the first day there can be stands for an open start.
    words += ["--from", query.start.isoformat() if query.start else "1970-01-01"]
    words += ["--to", query.end.isoformat()] if query.end else []
    if wanted := filter_text(query.where):
        words += ["--filter", wanted]
    if zone is not None and query.zone != zone:
        words += ["--tz", query.zone]
    return join(words)


def show_command(
    group_by: Sequence[str],
    filter_line: str = "",
    start: date | None = None,
    end: date | None = None,
    *,
    sort: str = "",
    descending: bool = True,
    zone: str = "",
) -> str:
    """Return the `tokentui show` line that has the same groups, quoted for a POSIX shell.

    Without a group it is one line a service. A column that `show` does not have is left out of it.
    `zone`: the time zone to name; none when the command would take it by itself.
    """
    from shlex import join

    words = ["tokentui", "show"]
    for name in group_by or ("service",):
        words += ["--by", name]
    words += ["--from", start.isoformat()] if start else []
    words += ["--to", end.isoformat()] if end else []
    if filter_line.strip():
        words += ["--filter", filter_line.strip()]
    if column := "key" if sort in group_by else sort if sort in SORTS else "":
        words += ["--sort", f"{column}:{'desc' if descending else 'asc'}"]
    words += ["--tz", zone] if zone else []
    return join(words)


def _term(condition: Where) -> str:
    values = ",".join(_value(condition, str(value)) for value in condition.values)
    return f"{'-' if condition.negated else ''}{condition.field}:{values}"


def _value(condition: Where, value: str) -> str:
    if condition.op == "glob":
        return _pattern(value)
    return value if value and _NAKED.issuperset(value) else _quoted(value)


def _pattern(pattern: str) -> str:
    """Return a pattern with its wildcards outside the quotes, and everything else as it needs to be."""
    parts, plain, characters = [], "", iter(pattern)
    for character in characters:
        if character in "*?":
            parts += [_part(plain), character]
            plain = ""
        else:
            plain += next(characters, "\\") if character == "\\" else character
    return "".join([*parts, _part(plain)])


def _part(text: str) -> str:
    return text if _NAKED.issuperset(text) else _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
