"""The lines that a user's script prints: their format is in `sources.providers.script`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from msgspec.structs import replace

from tokentui.sources.logs import lines
from tokentui.text import clean
from tokentui.usage import NANO, Quality, UsageContext, UsageRecord, epoch_microseconds, record_key

VERSION = 1
"""Of the lines a script prints."""
KINDS = ("request", "limit", "balance", "bucket")

COUNTS = (
    "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens", "output_tokens", "reasoning_output_tokens", "web_search_count",
)  # fmt: skip
_MOST = 1 << 43
"""Of one request; what the database holds."""
_PROVENANCES = ("manual", "estimated")
"""A script's figures are neither billed by a provider nor computed from a tool's log."""


class Parser:
    """Reads lines; each stands for itself."""

    def __init__(self, service: str, account: str) -> None:
        self.findings = lines.Findings()
        self._service, self._account = service, account

    def feed(self, data: bytes, offset: int) -> None:
        """See `lines.LineParser`."""
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            if (line := data[start:end]).strip():
                try:
                    self._take(understood(line))
                except BadRecord as error:
                    self.findings.bad.append((offset + start, str(error)))
            start = end + 1

    def state(self) -> bytes:
        """Nothing is to be remembered."""
        return b""

    def _take(self, said: Mapping[str, Any]) -> None:
        if said["kind"] == "request":
            context, record = request(said, self._service, self._account)
            self.findings.add(replace(record, context=self.findings.context(context)))


class BadRecord(ValueError):
    """A line that does not say what it must; the message says what, and never quotes the line."""


def understood(line: bytes) -> dict[str, Any]:
    """Return a line as an object of a known version and kind. Raises BadRecord."""
    try:
        said = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise BadRecord("no JSON") from None
    if not isinstance(said, dict):
        raise BadRecord("no object")
    if said.get("v") != VERSION:
        raise BadRecord(f"`v` is not {VERSION}")
    if said.get("kind") not in KINDS:
        raise BadRecord(f"`kind` is none of {', '.join(KINDS)}")
    return said


def request(said: Mapping[str, Any], service: str, account: str) -> tuple[UsageContext, UsageRecord]:
    """Return what a `request` line says. Raises BadRecord."""
    identity = text(said, "id", needed=True)
    counts = {name: count(said, name) for name in COUNTS}
    if counts["reasoning_output_tokens"] > counts["output_tokens"]:
        raise BadRecord("`reasoning_output_tokens` is more than `output_tokens`, which it is a part of")
    provenance = said.get("provenance", "estimated")
    if provenance not in _PROVENANCES:
        raise BadRecord("`provenance` is neither manual nor estimated")
    quality = said.get("quality", "exact")
    if quality not in get_args(Quality):
        raise BadRecord(f"`quality` is none of {', '.join(get_args(Quality))}")
    context = UsageContext(
        service, account, text(said, "session"), project=text(said, "project", 1_000),
        branch=text(said, "branch"), user=text(said, "user"), machine=text(said, "machine"),
        operation_name=text(said, "operation") or "chat", quality=quality, provenance=provenance,
    )  # fmt: skip
    record = UsageRecord(
        record_key(f"{service}/{account}", identity), 0, moment(said, "time"), 0,
        text(said, "provider"), text(said, "model"), service_tier=text(said, "service_tier"),
        duration_ms=count(said, "duration_ms") if said.get("duration_ms") is not None else None,
        error=text(said, "error"),
        recorded_cost=money(said, "cost") if said.get("cost") is not None else None,
    )  # fmt: skip
    return context, replace(record, **counts)


def text(said: Mapping[str, Any], name: str, limit: int = 200, *, needed: bool = False) -> str:
    """Return a text of a line, cleaned; empty where there is none. Raises BadRecord."""
    value = said.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value):
        raise BadRecord(f"`{name}` is {'missing' if value is None else 'no text'}")
    return clean(value, limit)


def count(said: Mapping[str, Any], name: str) -> int:
    """Return a count of a line; 0 where there is none. Raises BadRecord."""
    value = said.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST:
        raise BadRecord(f"`{name}` is no count")
    return value


def money(said: Mapping[str, Any], name: str) -> int:
    """Return money of a line, written as a number or a text, as nano-units. Raises BadRecord."""
    value = said.get(name)
    try:
        found = Decimal("NaN") if isinstance(value, bool) or value is None else Decimal(str(value)[:40])
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) >= 10**9:
        raise BadRecord(f"`{name}` is no amount")
    return int((found * NANO).to_integral_value())


def moment(said: Mapping[str, Any], name: str) -> int:
    """Return a time of a line, ISO 8601 (UTC without an offset) or Unix seconds. Raises BadRecord."""
    value = said.get(name)
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 < value < 10**11:
        return int(value * 1_000_000)
    try:
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        return epoch_microseconds(found if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise BadRecord(f"`{name}` is {'missing' if value is None else 'no time'}") from None
