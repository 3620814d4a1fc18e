"""The conditions of a filter as SQL. Every value travels as a parameter, never inside the text."""

from __future__ import annotations

from collections.abc import Iterable

from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import NUMBER_FIELDS, Where

ACCOUNT_LABEL = "CASE a.name WHEN '' THEN s.name ELSE s.name || '/' || a.name END"
"""An account as people see it: `codex`, or `codex/work` where a service has several."""

_ACCOUNTS = "SELECT a.id FROM accounts AS a JOIN services AS s ON s.id = a.service_id"
_BASENAME = "replace(path, rtrim(path, replace(path, '/', '')), '')"

SUCCEEDED = "CASE error WHEN '' THEN 'yes' ELSE 'no' END"
"""Whether a request succeeded, as the facts have it in their column `success`."""

_FIELDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "service": ("account_id", _ACCOUNTS, ("s.name",)),
    "account": ("account_id", _ACCOUNTS, ("a.name", ACCOUNT_LABEL)),
    "provider": ("model_id", "SELECT id FROM models", ("provider_name",)),
    "model": ("model_id", "SELECT id FROM models", ("name",)),
    "project": ("project_id", "SELECT id FROM projects", ("path", _BASENAME)),
    "branch": ("branch", "", ("branch",)),
    "session": ("session_id", "SELECT id FROM sessions", ("conversation_id",)),
    "user": ("user", "", ("user",)),
    "machine": ("machine", "", ("machine",)),
    "tool_version": ("tool_version", "", ("tool_version",)),
    "operation": ("operation_name", "", ("operation_name",)),
    "success": ("success", "", ("success",)),
    "provenance": ("provenance", "", ("provenance",)),
    "quality": ("quality", "", ("quality",)),
}
"""Of each field: the column of the facts, where its names are, and what a value is compared with."""


def conditions(where: Iterable[Where]) -> tuple[str, list[str | int]]:
    """Return SQL that the facts must satisfy, and its parameters; conditions on sums are left out."""
    parts, values = ["1"], []
    for condition in where:
        if condition.field in NUMBER_FIELDS:
            continue
        column, names, expressions = _FIELDS[condition.field]
        tests = []
        for value in condition.values:
            compared = _pattern(str(value)) if condition.op == "glob" else value
            operator = "GLOB" if condition.op == "glob" else "="
            tests += [f"lower({expression}) {operator} lower(?)" for expression in expressions]
            values += [compared] * len(expressions)
        test = " OR ".join(tests) or "0"
        part = f"{column} IN ({names} WHERE {test})" if names else f"({test})"
        parts.append(f"NOT {part}" if condition.negated else part)
    return " AND ".join(parts), values


def satisfied(usage: Usage, where: Iterable[Where]) -> bool:
    """Whether a sum satisfies the conditions on sums. An unknown cost satisfies none of them."""
    return all(_compare(usage, condition) for condition in where if condition.field in NUMBER_FIELDS)


def _compare(usage: Usage, condition: Where) -> bool:
    figure = usage.known_cost if condition.field == "cost" else usage.total_tokens
    if figure is None:
        return False
    limit = int(condition.values[0])
    found = {
        ">": figure > limit,
        ">=": figure >= limit,
        "<": figure < limit,
        "<=": figure <= limit,
        "=": figure == limit,
    }[condition.op]
    return found != condition.negated


def _pattern(text: str) -> str:
    """Return a pattern of `Where` as SQLite's GLOB: brackets and escaped wildcards stand for themselves."""
    found, characters = [], iter(text)
    for character in characters:
        if character == "\\":
            character = next(characters, "\\")
            found.append(f"[{character}]" if character in "*?[" else character)
        else:
            found.append("[[]" if character == "[" else character)
    return "".join(found)
