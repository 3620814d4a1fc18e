"""The blocks below a provider of providers.toml, `[acme.balance]` and the like, as questions to ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from tokentui.billing import FEATURES, Feature
from tokentui.sources.providers.custom import PER_UNIT, TOKENS, Question
from tokentui.sources.providers.json_paths import Path, parse
from tokentui.sources.providers.written import Wrong, length, text_of
from tokentui.text import clean

_PATHS: Mapping[str, tuple[str, ...]] = {
    "balance": ("amount", "granted", "currency_at"),
    "limits": ("used_percent", "used", "remaining", "limit", "resets_at"),
    "cost": ("amount", "day", "model", "currency_at"),
    "history": ("day", "model", *TOKENS),
}
"""What may be said of each question by a place in the answer."""
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "balance": ("unit", "currency", "name"), "limits": ("window",), "cost": ("unit", "currency", "period"),
    "history": (),
}  # fmt: skip
_EXAMPLES = {
    "balance": 'amount = "data.balance"', "limits": 'used_percent = "limits[0].percent"',
    "cost": 'day = "usage[].date" amount = "usage[].cost"',
    "history": 'day = "usage[].date" input_tokens = "usage[].tokens_in"',
}  # fmt: skip
_MOST_LIMITS = 20
_MOST_BODY = 16_384
_BODY = 'body = { from = "{from_date}", group = ["model"] }'


def questions_of(block: Mapping[str, Any], where: str) -> dict[Feature, tuple[Question, ...]]:
    """Return the questions of a provider's block. Raises Wrong."""
    found: dict[Feature, tuple[Question, ...]] = {}
    outer = where.strip("[]")
    for feature in FEATURES:
        if feature not in block:
            continue
        inner, place = block[feature], f"[{outer}.{feature}]"
        if not isinstance(inner, dict):
            raise Wrong(place, "is no block", f"{place} {_EXAMPLES[feature]}")
        if feature == "limits":
            found[feature] = _windows(inner, outer)
        else:
            found[feature] = (_question(feature, inner, place),)
    return found


def _windows(block: Mapping[str, Any], outer: str) -> tuple[Question, ...]:
    if not 1 <= len(block) <= _MOST_LIMITS or not all(isinstance(each, dict) for each in block.values()):
        example = f"[{outer}.limits.monthly] {_EXAMPLES['limits']}"
        raise Wrong(f"[{outer}.limits]", f"holds blocks, one to {_MOST_LIMITS} of them", example)
    return tuple(
        _question("limits", inner, f"[{outer}.limits.{clean(name, 40)}]", clean(name, 40))
        for name, inner in block.items()
    )


def _question(feature: Feature, block: Mapping[str, Any], where: str, name: str = "") -> Question:
    known = ("path", "query", "method", "body", *_PATHS[feature], *_OTHERS[feature])
    for key in block:
        if key not in known:
            reason = f"is not known (known: {', '.join(known)})"
            raise Wrong(f"{where} {clean(key, 40)}", reason, _EXAMPLES[feature])
    fields = {key: _path(block, where, key) for key in _PATHS[feature] if key in block}
    _check(feature, fields, block, where)
    unit = text_of(block, where, "unit", 'unit = "cents"') or "dollars"
    if unit not in PER_UNIT:
        raise Wrong(f"{where} unit", f"is none of {', '.join(PER_UNIT)}", 'unit = "cents"')
    currency = text_of(block, where, "currency", 'currency = "EUR"') or "USD"
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise Wrong(f"{where} currency", "is none", 'currency = "EUR"')
    return Question(
        where, _below(block, where), _query(block, where), _body(block, where), fields, unit, currency,
        name or text_of(block, where, "name", 'name = "credits"'),
        min(length(block, where, "window", 0) // 60, 5_256_000), _period(block, where),
    )  # fmt: skip


def _check(feature: Feature, fields: Mapping[str, Path], block: Mapping[str, Any], where: str) -> None:
    """Raise Wrong where what is needed is missing, or stands in different lists."""
    example = _EXAMPLES[feature]
    if feature == "limits":
        if "used_percent" not in fields and not ("limit" in fields and {"used", "remaining"} & fields.keys()):
            raise Wrong(where, "needs used_percent, or limit with used or remaining", example)
        if lists := [key for key, path in fields.items() if path.each]:
            raise Wrong(f"{where} {lists[0]}", "holds [], but a window has one figure", example)
        return
    if feature in ("balance", "cost") and "amount" not in fields:
        raise Wrong(where, "does not say where the amount stands", example)
    if feature == "history" and not fields.keys() & TOKENS.keys():
        raise Wrong(where, f"says where none of {', '.join(TOKENS)} stands", example)
    if feature == "balance" or "period" in block:
        return
    if "day" not in fields:
        more = ' (or period = "month" for one figure)' if feature == "cost" else ""
        raise Wrong(where, f"does not say where the day stands{more}", example)
    shared = fields["day"].each
    for key, path in fields.items():
        if key == "currency_at":
            continue
        if not shared or path.steps[: len(shared)] != shared:
            raise Wrong(f"{where} {key}", "is not in the list that day is in", example)
        if len(path.each) > len(shared):
            raise Wrong(f"{where} {key}", "holds a [] more than day", example)


def _path(block: Mapping[str, Any], where: str, key: str) -> Path:
    value = block[key]
    if not isinstance(value, str):
        raise Wrong(f"{where} {key}", "is no text", f'{key} = "data.{key}"')
    try:
        return parse(value)
    except ValueError as error:
        raise Wrong(f"{where} {key}", str(error), f'{key} = "data.{key}"') from None


def _below(block: Mapping[str, Any], where: str) -> str:
    path = text_of(block, where, "path", 'path = "credits"').strip("/")
    if {"?", "#"} & set(path) or ".." in path.split("/") or "://" in path or not path.isascii():
        reason = "is no path below the url (a query has its own place)"
        raise Wrong(f"{where} path", reason, 'path = "credits"')
    return path


def _query(block: Mapping[str, Any], where: str) -> dict[str, str]:
    found = block.get("query", {})
    values = found.values() if isinstance(found, dict) else (None,)
    if not all(isinstance(each, str | int) for each in values):
        raise Wrong(f"{where} query", "is no table of texts", 'query = { from = "{from_date}" }')
    return {name: str(each) for name, each in found.items()}


def _body(block: Mapping[str, Any], where: str) -> dict[str, object] | None:
    """Return what a question by POST sends as JSON; None for one by GET."""
    method = block.get("method", "GET")
    if method not in ("GET", "POST"):
        raise Wrong(f"{where} method", "is neither GET nor POST", 'method = "POST"')
    body = block.get("body", {})
    if method == "GET":
        if "body" in block:
            raise Wrong(f"{where} body", "is sent by POST only", 'method = "POST"')
        return None
    if not isinstance(body, dict):
        raise Wrong(f"{where} body", "is no table", _BODY)
    try:
        size = len(json.dumps(body, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise Wrong(f"{where} body", "holds what JSON cannot: a date, nan or inf", _BODY) from None
    if size > _MOST_BODY:
        raise Wrong(f"{where} body", f"is longer than {_MOST_BODY:,} characters", _BODY)
    return body


def _period(block: Mapping[str, Any], where: str) -> Literal["", "day", "month"]:
    match block.get("period", ""):
        case "":
            return ""
        case "day":
            return "day"
        case "month":
            return "month"
    raise Wrong(f"{where} period", "is neither day nor month", 'period = "month"')
