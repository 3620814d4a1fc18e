"""An explanation as JSON, as schemas/explain.schema.json describes it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from tokentui.cli.explain_report import LookedFor
from tokentui.engine.explain import Explained, PriceInWords
from tokentui.engine.explain_words import usage_of
from tokentui.engine.reports import FIELDS
from tokentui.store.explain import Elsewhere, Explanation, PriceRow, Recorded, Request, flag_names
from tokentui.store.snapshot import Usage
from tokentui.text import decimal_cost
from tokentui.usage import moment


def as_json(found: Explained, looked_for: LookedFor) -> str:
    """Return the document of `explain --json`; escaped to ASCII, so that no name commands a terminal."""
    explanation = found.explanation
    query = explanation.query
    document = {
        "schema": 1,
        "from": None if query.start is None else query.start.isoformat(),
        "to": None if query.end is None else query.end.isoformat(),
        "timezone": query.zone,
        "currency": "USD",
        "filter": looked_for.filter_text,
        "project": looked_for.project,
        "totals": _figures(explanation.totals),
        "sums_agree": bool(explanation.expired) or explanation.totals == explanation.stored_sums,
        "sums_only_request_count": explanation.expired,
        "first_at": _time(explanation.first_at),
        "last_at": _time(explanation.last_at),
        "prices": [
            _price(row, price) for row, price in zip(explanation.price_rows, found.prices, strict=True)
        ],
        **_states(explanation),
        "recorded": _recorded(explanation.recorded),
        "requests": [_request(request) for request in explanation.largest],
        "logs": [
            {
                "source": each.source, "files": each.files, "gone": each.gone, "unreadable": each.unreadable,
                "bad_lines": each.bad_lines, "anomalies": each.anomalies, "read_at": _time(each.read_at),
            }
            for each in explanation.logs
        ],
        "elsewhere": None if explanation.elsewhere is None else _elsewhere(explanation.elsewhere),
    }  # fmt: skip
    return json.dumps(document, indent=2) + "\n"


def _figures(usage: Usage) -> dict[str, Any]:
    known = usage.known_cost
    return {
        **{name: getattr(usage, name) for name in FIELDS},
        "cost": None if known is None else decimal_cost(known),
        "unpriced_request_count": usage.unpriced_request_count,
    }


def _states(explanation: Explanation) -> dict[str, dict[str, int]]:
    return {
        "services": dict(explanation.services),
        "flags": dict(explanation.flags),
        "quality": dict(explanation.qualities),
        "provenance": dict(explanation.provenances),
    }


def _price(row: PriceRow, price: PriceInWords) -> dict[str, Any]:
    return {
        "price": row.price or None,
        "provider": row.provider_name,
        "model": row.model,
        "service_tier": row.service_tier,
        **_figures(row.usage),
        "web_search_count": row.web_searches,
        "floor_request_count": row.floor_count,
        "since": price.since or None,
        "components": [
            {"name": part.name, "units": part.units, "rate": _digits(part.rate), "cost": _digits(part.cost)}
            for part in price.components
        ],
        "words": list(price.words),
        "problem": price.problem or None,
    }


def _recorded(recorded: Recorded) -> dict[str, Any]:
    gap = recorded.gap
    return {
        "request_count": recorded.request_count,
        "cost": decimal_cost(recorded.cost) if recorded.request_count else None,
        "both_request_count": recorded.both_count,
        "both_recorded_cost": decimal_cost(recorded.both_cost) if recorded.both_count else None,
        "both_computed_cost": decimal_cost(recorded.both_computed) if recorded.both_count else None,
        "gap": None if gap is None else decimal_cost(gap),
    }


def _request(request: Request) -> dict[str, Any]:
    record, context = request.record, request.context
    figures = _figures(usage_of(request))
    del figures["request_count"], figures["unpriced_request_count"]
    return {
        "time": _time(record.time),
        "service": context.service,
        "account": context.account,
        "session": context.conversation_id,
        "project": context.project,
        "branch": context.branch,
        "provider": record.provider_name,
        "model": record.model,
        "service_tier": record.service_tier,
        **figures,
        "web_search_count": record.web_search_count,
        "recorded_cost": None if record.recorded_cost is None else decimal_cost(record.recorded_cost),
        "price": record.price or None,
        "flags": list(flag_names(record.flags)),
        "quality": context.quality,
        "provenance": context.provenance,
    }


def _elsewhere(elsewhere: Elsewhere) -> dict[str, Any]:
    first, last = elsewhere.first_day, elsewhere.last_day
    return {
        "other_days_request_count": elsewhere.other_days.request_count,
        "first_day": None if first is None else first.isoformat(),
        "last_day": None if last is None else last.isoformat(),
        "same_days_request_count": elsewhere.same_days.request_count,
        "all_request_count": elsewhere.everything.request_count,
    }


def _time(time: int | None) -> str | None:
    return None if time is None else moment(time).isoformat().replace("+00:00", "Z")


def _digits(amount: Decimal) -> str:
    """Write an exact amount without exponent or trailing zeros, with at least two decimals."""
    whole, _, part = f"{amount:f}".partition(".")
    return f"{whole}.{part.rstrip('0'):0<2}"
