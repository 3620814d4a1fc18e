"""What is shown as lines of the same fields: a report, single requests, a comparison."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from tokentui.engine.redaction import Redaction
from tokentui.engine.reports import FIELDS, Group, Report
from tokentui.frozen import dataclass
from tokentui.store.snapshot import Usage
from tokentui.text import decimal_cost

if TYPE_CHECKING:
    from tokentui.engine.paid import ToPay
    from tokentui.store.explain import Request

_COMPARED = (*FIELDS, "cost", "unpriced_request_count")

REQUEST_FIELDS = (
    "time", "service", "account", "session", "project", "branch", "user", "machine", "tool_version",
    "operation", "provider", "model", "service_tier", *FIELDS[1:], "web_search_count", "duration_ms",
    "success", "error", "cost", "recorded_cost", "price", "quality", "provenance", "flags",
)  # fmt: skip
"""The fields of a single request."""


@dataclass(frozen=True, slots=True)
class RequestList:
    """Single requests in the order they are shown."""

    requests: Iterable[Request]
    """Gone through once; a million of them need not be in memory."""
    first: date | None = None
    last: date | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Side:
    """What is compared."""

    label: str
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of a comparison; nothing is `Usage()`."""

    key: tuple[str, ...]
    a: Usage
    b: Usage


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rows or two periods side by side."""

    sides: tuple[Side, Side]
    rows: tuple[Compared, ...]
    group_by: tuple[str, ...] = ()
    """What the lines are; none when two single rows are compared."""
    zone: str = "UTC"


Shown = Report | RequestList | Comparison


@dataclasses.dataclass(slots=True)
class Table:
    """Anything that is shown, as lines of the same fields."""

    head: dict[str, Any]
    """What is said of all lines, in JSON."""
    name: str
    """What the lines are called there."""
    header: list[str]
    """The fields of a line, flat."""
    rows: Iterable[dict[str, Any]]


def table(shown: Shown, redaction: Redaction | None) -> Table:
    if isinstance(shown, Report):
        return _report(shown, redaction)
    if isinstance(shown, RequestList):
        return _requests(shown, redaction)
    return _comparison(shown, redaction)


def _report(report: Report, redaction: Redaction | None) -> Table:
    head = {
        "schema": 1,
        **_range(report.first, report.last),
        "timezone": report.zone,
        "currency": report.currency,
        **_rates(report),
        "group_by": list(report.group_by),
        "totals": figures(report.totals, report.quality, redact=redaction is not None),
        **({"plans": None if report.due is None else _due(report.due)} if report.asked_due else {}),
    }
    # In a spreadsheet nothing else says what currency it is.
    cost = "cost" if report.currency == "USD" else f"cost_{report.currency.lower()}"
    header = [*report.group_by, *FIELDS, cost, "unpriced_request_count", "quality"]
    return Table(head, "groups", header, _groups(report, redaction))


def _due(due: ToPay) -> dict[str, Any]:
    """Return what is to pay: the sums, each charge of a plan, and what each account costs beside them."""
    charges = [
        {
            "service": each.plan.service, "account": each.plan.account, "name": each.plan.name,
            "date": each.day.isoformat(), "price": decimal_cost(each.plan.price),
            "currency": each.plan.currency, "cost": _known(each.nano),
        }
        for each in due.charges
    ]  # fmt: skip
    accounts = [
        {
            "service": each.service, "account": each.account, "book": each.book,
            "amount": _known(each.amount), "currency": each.currency, "cost": _known(each.nano),
            "quality": "floor" if each.is_floor else "exact",
        }
        for each in due.costs
    ]  # fmt: skip
    return {
        **_range(due.first, due.last), "to_pay": decimal_cost(due.total),
        "prices": decimal_cost(due.prices), "uncovered_cost": decimal_cost(due.uncovered),
        "quality": "floor" if due.is_floor else "exact", "charges": charges, "uncovered": accounts,
    }  # fmt: skip


def _known(nano: int | None) -> str | None:
    return None if nano is None else decimal_cost(nano)


def _groups(report: Report, redaction: Redaction | None) -> Iterator[dict[str, Any]]:
    """Return the lines of a report; without groups it is one line, the totals."""
    for group in report.groups if report.group_by else (Group((), report.totals, report.quality),):
        key = _key(report.group_by, group.key, redaction)
        yield {"key": key, **figures(group.usage, group.quality, redact=redaction is not None)}


def figures(usage: Usage, quality: str = "exact", *, redact: bool = False) -> dict[str, int | str | None]:
    """Return a sum as JSON has it: the counts, the cost as a decimal number in a string, its quality."""
    found: dict[str, int | str | None] = {name: getattr(usage, name) for name in FIELDS}
    known = None if redact else usage.known_cost
    found["cost"] = None if known is None else decimal_cost(known)
    found["unpriced_request_count"] = usage.unpriced_request_count
    found["quality"] = quality
    return found


def _requests(shown: RequestList, redaction: Redaction | None) -> Table:
    head = {
        "schema": 1, **_range(shown.first, shown.last), "timezone": shown.zone, "currency": "USD",
    }  # fmt: skip
    rows = (_request(request, redaction) for request in shown.requests)
    return Table(head, "requests", list(REQUEST_FIELDS), rows)


def _request(request: Request, redaction: Redaction | None) -> dict[str, Any]:
    from tokentui.store.explain import flag_names  # 10 ms with msgspec; a report starts without them
    from tokentui.usage import moment

    record, context = request.record, request.context
    names = {
        "account": context.account, "session": context.conversation_id, "project": context.project,
        "branch": context.branch, "user": context.user, "machine": context.machine,
    }  # fmt: skip
    if redaction is not None:
        names = {field: redaction.name(field, name) for field, name in names.items()}
    return {
        "time": moment(record.time).isoformat().replace("+00:00", "Z"),
        "service": context.service,
        **names,
        "tool_version": context.tool_version,
        "operation": context.operation_name,
        "provider": record.provider_name,
        "model": record.model,
        "service_tier": record.service_tier,
        **{name: getattr(record, name) for name in FIELDS[1:]},
        "web_search_count": record.web_search_count,
        "duration_ms": record.duration_ms,
        "success": not record.error,
        "error": "" if redaction is not None else record.error,
        "cost": _cost(record.cost, redaction),
        "recorded_cost": _cost(record.recorded_cost, redaction),
        "price": _price(record.price, redaction),
        "quality": context.quality,
        "provenance": context.provenance,
        "flags": list(flag_names(record.flags)),
    }


def _price(price: str, redaction: Redaction | None) -> str | None:
    """Return the identity of a price; with stand-ins, also for the account it is of."""
    from tokentui.usage import renamed

    return (renamed(price, lambda name: redaction.name("account", name)) if redaction else price) or None


def _comparison(shown: Comparison, redaction: Redaction | None) -> Table:
    """Return two sides as lines of three: each figure of a, of b, and by how much b is more."""
    labels = [_label(side, place, redaction) for side, place in zip(shown.sides, "ab", strict=True)]
    head = {
        "schema": 1, "timezone": shown.zone, "currency": "USD", "group_by": list(shown.group_by),
        "sides": [
            {"label": label, **_range(side.first, side.last)}
            for label, side in zip(labels, shown.sides, strict=True)
        ],
    }  # fmt: skip
    header = [*shown.group_by, *(f"{name}_{side}" for name in _COMPARED for side in ("a", "b", "change"))]
    return Table(head, "rows", header, (_compared(shown, row, redaction) for row in shown.rows))


def _compared(shown: Comparison, row: Compared, redaction: Redaction | None) -> dict[str, Any]:
    line: dict[str, Any] = {"key": _key(shown.group_by, row.key, redaction)}
    for name in _COMPARED:
        a, b = (_amount(usage, name, redaction) for usage in (row.a, row.b))
        change = None if a is None or b is None else b - a
        if name == "cost":
            line |= {"cost_a": _cost(a, None), "cost_b": _cost(b, None), "cost_change": _cost(change, None)}
        else:
            line |= {f"{name}_a": a, f"{name}_b": b, f"{name}_change": change}
    return line


def _amount(usage: Usage, name: str, redaction: Redaction | None) -> int | None:
    if name != "cost":
        return int(getattr(usage, name))
    return None if redaction is not None else usage.known_cost


def _label(side: Side, place: str, redaction: Redaction | None) -> str:
    """Return what a side is called; a label may hold a name, so it is not given away."""
    return side.label if redaction is None else place


def _key(fields: tuple[str, ...], key: tuple[str, ...], redaction: Redaction | None) -> dict[str, str]:
    names = key if redaction is None else redaction.names(fields, key)
    return dict(zip(fields, names, strict=True))


def _cost(nano: int | None, redaction: Redaction | None) -> str | None:
    return None if nano is None or redaction is not None else decimal_cost(nano)


def _range(first: date | None, last: date | None) -> dict[str, str | None]:
    return {"from": first.isoformat() if first else None, "to": last.isoformat() if last else None}


def _rates(report: Report) -> dict[str, Any]:
    """Return what is said of the rates; nothing where none were needed."""
    if not report.rates:
        return {}
    said = [{"date": rate.day.isoformat(), "per_dollar": f"{rate.per_dollar:.8f}"} for rate in report.rates]
    return {"exchange_rates": {"source": "ECB", "rates": said}}
