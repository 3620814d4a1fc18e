"""The filter language: `provider:anthropic project:shop model:opus* since:-7d cost:>1 -branch:main`.

Terms are joined by "and"; commas inside a term mean "or"; a minus in front turns a term round;
`*` and `?` match any characters, but not inside quotes. An error points at its place.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date

from tokentui import periods, sources
from tokentui.engine.projects import project_of
from tokentui.store.usage_table import PROVENANCES, QUALITIES, SUCCESS, TEXT_FIELDS, Where, literal

TEXT_KEYS = TEXT_FIELDS
DATE_KEYS = ("since", "until")
NUMBER_KEYS = ("cost", "tokens")
KEYS = (*TEXT_KEYS, *DATE_KEYS, *NUMBER_KEYS)
ALIASES = {"tool": "tool_version", "version": "tool_version"}
"""Other names of keys."""

CHOICES: dict[str, tuple[str, ...]] = {
    "success": SUCCESS, "quality": QUALITIES, "provenance": PROVENANCES,
}  # fmt: skip
"""Of the keys that have few values: all of them."""
_SUCCESS_ALSO = {
    "true": "yes", "ok": "yes", "succeeded": "yes", "false": "no", "failed": "no", "error": "no",
}  # fmt: skip

EXAMPLE = 'provider:anthropic project:shop model:*opus* since:-7d cost:>1 -branch:"wip, not ready"'

COMPARISONS = (">=", "<=", ">", "<", "=")
SCALES = {"k": 3, "m": 6, "b": 9}


@dataclass(frozen=True, slots=True)
class Value:
    """One alternative of a term."""

    text: str
    at: int
    """Where it begins in the filter, for error messages."""
    pattern: str = ""
    """The same as a pattern, where it has a `*` or `?` outside quotes."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition."""

    key: str
    values: tuple[Value, ...]
    negated: bool
    at: int


class FilterError(ValueError):
    """A filter that cannot be understood: says why, and points at the place."""

    hint = f"such as: {EXAMPLE}"

    def __init__(self, filter_text: str, at: int, why: str) -> None:
        # The pointer needs one character for one column: what is wider or moves the cursor is `?`.
        line = "".join(char if " " <= char <= "~" else "?" for char in filter_text)
        start = max(0, at - 60)
        super().__init__(
            f"the filter cannot be understood: {why}\n  {line[start : at + 40]}\n  {' ' * (at - start)}^"
        )
        self.at = at
        """Where in the filter, in characters from its start."""
        self.why = why
        """The reason alone, for where the filter is on the screen already."""


def terms(text: str) -> tuple[Term, ...]:
    """Return the terms of a filter; raise FilterError at the first that cannot be understood."""
    found: list[Term] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        term, at = _term(text, at)
        found.append(term)
    return tuple(found)


def _term(text: str, start: int) -> tuple[Term, int]:
    negated = text[start] == "-"
    at = start + negated
    end = at
    while end < len(text) and (text[end].isalnum() or text[end] in "_-"):
        end += 1
    key = text[at:end].lower()
    key = ALIASES.get(key, key)
    if end >= len(text) or text[end] != ":":
        raise FilterError(text, start, "a key and a colon come first, one of " + ", ".join(KEYS))
    if key not in KEYS:
        raise FilterError(text, at, f"there is no key “{key}”, only " + ", ".join(KEYS))
    values, end = _values(text, end + 1)
    if len(values) > 1 and key not in TEXT_KEYS:
        raise FilterError(text, values[1].at, f"{key} takes one value")
    if negated and key in DATE_KEYS:
        other = "until" if key == "since" else "since"
        raise FilterError(text, start, f"{key} cannot be turned round, {other} says the opposite")
    return Term(key, values, negated, start), end


def _values(text: str, start: int) -> tuple[tuple[Value, ...], int]:
    """Read comma-separated values up to the next blank outside quotes."""
    values: list[Value] = []
    at = start
    while True:
        value, at = _value(text, at)
        values.append(value)
        if at >= len(text) or text[at] != ",":
            return tuple(values), at
        at += 1


def _value(text: str, start: int) -> tuple[Value, int]:
    read: list[str] = []
    pattern: list[str] = []
    quoted = wild = any_quotes = False
    quote_at = at = start
    while at < len(text):
        char = text[at]
        if char == '"':
            quoted, quote_at, any_quotes = not quoted, at, True
        elif char == "\\" and quoted and text[at + 1 : at + 2] in ('"', "\\"):
            at += 1
            read.append(text[at])
            pattern.append(literal(text[at]))
        elif not quoted and (char == "," or char.isspace()):
            break
        else:
            free = char in "*?" and not quoted
            wild = wild or free
            read.append(char)
            pattern.append(char if free else literal(char))
        at += 1
    if quoted:
        raise FilterError(text, quote_at, "this quote has no end")
    if not read and not any_quotes:
        raise FilterError(text, at, "a value is missing here")
    return Value("".join(read), start, "".join(pattern) if wild else ""), at


@dataclass(frozen=True, slots=True)
class Filter:
    """What a filter asks for, in the store's terms."""

    where: tuple[Where, ...] = ()
    start: date | None = None
    end: date | None = None


def parse(text: str, today: date, week_start: str = "monday") -> Filter:
    """Return what a filter asks for; raises FilterError, which points at what is wrong."""
    where: list[Where] = []
    dates: dict[str, Value] = {}
    for term in terms(text):
        if term.key in DATE_KEYS:
            if term.key in dates:
                raise FilterError(text, term.at, f"{term.key} is here twice")
            dates[term.key] = term.values[0]
        elif term.key in NUMBER_KEYS:
            where.append(_number(text, term))
        else:
            _check_choices(text, term)
            where.append(_text(term))
    start, end = _days(text, dates, today, week_start)
    return Filter(tuple(where), start, end)


def project(path: str) -> Where:
    """Return the condition that `--project` means: a path, or the last part of one."""
    return _text(Term("project", (Value(path, 0),), negated=False, at=0))


def _check_choices(text: str, term: Term) -> None:
    choices = CHOICES.get(term.key, ())
    for value in term.values if choices else ():
        if not value.pattern and _chosen(term.key, value.text) not in choices:
            raise FilterError(text, value.at, f"{term.key} is one of {', '.join(choices)}")


def _chosen(key: str, text: str) -> str:
    """Return one of the CHOICES as it is stored: `success:failed` is `no`."""
    return _SUCCESS_ALSO.get(text.lower(), text.lower()) if key == "success" else text.lower()


def _text(term: Term) -> Where:
    spellings = [spelling for value in term.values for spelling in _spellings(term.key, value)]
    if any(pattern for _, pattern in spellings):
        patterns = tuple(pattern or literal(text) for text, pattern in spellings)
        return Where(term.key, "glob", patterns, term.negated)
    return Where(term.key, "eq", tuple(text for text, _ in spellings), term.negated)


def _spellings(key: str, value: Value) -> list[tuple[str, str]]:
    """Return the (text, pattern) pairs a person may mean: `project:shop` is any folder of that name."""
    text, pattern = value.text, value.pattern
    if key == "service" and not pattern:
        source = sources.find(text)
        return [(source.name if source else text, "")]
    if key in CHOICES and not pattern:
        return [(_chosen(key, text), "")]
    if key == "project":
        if text[:1] in (".", "~"):
            return [(project_of(os.path.abspath(os.path.expanduser(text))), "")]
        if text and not text.startswith("/"):
            return [(text, pattern), (text, "*/" + (pattern or literal(text)))]
        return [(text if text == "/" else text.rstrip("/"), pattern)]
    if key == "model" and pattern and not pattern.startswith("*"):
        # The family's name is rarely the first word: opus* is meant to find claude-opus-4-8.
        return [(text, pattern), (text, "*-" + pattern), (text, "*/" + pattern)]
    return [(text, pattern)]


def _number(text: str, term: Term) -> Where:
    value = term.values[0]
    operator, digits, exponent = amount(text, value)
    exponent += 9 if term.key == "cost" else 0
    number = digits * 10**exponent if exponent >= 0 else digits // 10**-exponent
    if exponent < 0 and digits % 10**-exponent:
        smallest = "a billionth of a dollar" if term.key == "cost" else "one token"
        raise FilterError(text, value.at, f"nothing is smaller than {smallest}")
    if number >= 1 << 63:
        raise FilterError(text, value.at, "this number is too large")
    return Where(term.key, operator, (number,), term.negated)


def _days(
    text: str, dates: dict[str, Value], today: date, week_start: str
) -> tuple[date | None, date | None]:
    since, until = dates.get("since"), dates.get("until")
    try:
        return periods.parse_range(
            since.text if since else None, until.text if until else None, today, week_start
        )
    except periods.PeriodError as error:
        at = since or until
        raise FilterError(text, at.at if at else 0, f"{error} (such as: {error.hint})") from None


def amount(text: str, value: Value) -> tuple[str, int, int]:
    """Return a comparison as (operator, digits, exponent): `>1.5M` is (">", 15, 5).

    Exact, because money is: no float ever holds it.
    """
    raw = value.text.strip()
    operator = next((sign for sign in COMPARISONS if raw.startswith(sign)), "")
    number = raw[len(operator) :].strip().removeprefix("$").replace("_", "").lower()
    exponent = SCALES.get(number[-1:], 0)
    if exponent:
        number = number[:-1]
    whole, _, part = number.partition(".")
    digits = whole + part
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18 or not operator:
        raise FilterError(text, value.at, "a comparison is expected, such as >1.5 or <=2M")
    return operator, int(digits), exponent - len(part)
