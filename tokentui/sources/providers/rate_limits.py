"""Live rate limits, as the headers of an answer tell them.

They are `x-ratelimit-` with `limit`, `remaining` or `reset`, and `-requests` or `-tokens`. Some services name
them nowhere else, and only in answers to requests that are paid. So they are never asked for by themselves:
a provider's `probe` sends the smallest request there is, when the user has said yes.
Format: console.groq.com/docs/rate-limits; a reset is a span of time such as `2m59.56s`, `7.66s` or `12ms`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tokentui.billing import Account
from tokentui.sources.providers.errors import ChangedFormat, NotOffered, ProviderError, Throttled
from tokentui.sources.providers.fields import Row, percent
from tokentui.text import clean
from tokentui.usage import LimitReading

if TYPE_CHECKING:
    from tokentui.sources.providers.http import Client

COUNTED = ("requests", "tokens")
HEADERS = tuple(f"x-ratelimit-{what}-{each}" for each in COUNTED for what in ("limit", "remaining", "reset"))
"""The only headers of an answer that the guarded client keeps."""
MOST_CHARACTERS = 60
MOST_SECONDS = 400 * 86_400.0

_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)(ms|us|µs|ns|d|h|m|s)")
_PLAIN = re.compile(r"\d{1,12}(?:\.\d{1,12})?")


class Window(NamedTuple):
    """What is counted, and over which time."""

    name: str
    minutes: int
    """0 where the service does not say."""


class Probed(NamedTuple):
    """What one paid request showed."""

    limits: tuple[LimitReading, ...]
    problems: tuple[str, ...] = ()
    """What its headers lacked, or held instead, one sentence each."""
    cost: int | None = None
    """Nano-dollars it came to, where the answer says so."""


def told(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what headers say of rate limits, cleaned; of all others nothing."""
    return {name: clean(headers[name], MOST_CHARACTERS) for name in HEADERS if name in headers}


def seconds_of(span: str) -> float | None:
    """Return a span of time in seconds: `6m0s`, `7.66s`, `12ms`, or a bare number; None for anything else."""
    text = span.strip()
    if _PLAIN.fullmatch(text):
        found = float(text)
    elif text and not _PART.sub("", text):
        found = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    else:
        return None
    return found if found <= MOST_SECONDS else None


async def probed(
    client: Client, account: Account, path: str, body: Mapping[str, object], windows: Mapping[str, Window],
) -> Probed:  # fmt: skip
    """Send one request, which is paid, and return what its headers tell. Raises ProviderError.

    `body` names the model. Of a service that was asked too often the headers count all the same.
    """
    model = clean(str(body.get("model", "")), 80)
    cost = None
    problems: list[str] = []
    try:
        cost = _cost(await client.post(path, body))
    except Throttled as error:
        if not client.rate_limits:
            if error.retry_after:
                error.hint = f"it asks to wait {error.retry_after:,.0f} seconds"
            raise
        problems.append(f"{error}: the request was not answered, but its limits are told")
    except ProviderError as error:
        if error.status == 400 or isinstance(error, NotOffered):
            error.hint = f"{model} may not be offered (any more): name another model"
        raise
    limits = []
    for counted, window in windows.items():
        try:
            reading = _reading(client, account, counted, window)
        except ChangedFormat as changed:
            problems.append(f"{changed.field} cannot be understood: {counted} are left out")
            continue
        if reading is not None:
            limits.append(reading)
    if not limits and not problems:
        problems.append("the answer came, but its headers name no rate limits")
    return Probed(tuple(limits), tuple(problems), cost)


def _reading(client: Client, account: Account, counted: str, window: Window) -> LimitReading | None:
    """Return one limit; None where the headers say nothing of it. Raises ChangedFormat."""
    limit, remaining, reset = (f"x-ratelimit-{what}-{counted}" for what in ("limit", "remaining", "reset"))
    said = Row(client.rate_limits)
    if not said.has(limit) and not said.has(remaining):
        return None
    whole, left = said.number(limit), said.number(remaining)
    if whole < 0 or left < 0:
        raise ChangedFormat(limit if whole < 0 else remaining, "is negative")
    resets_at = None
    if said.has(reset):
        seconds = seconds_of(said.text(reset))
        if seconds is None:
            raise ChangedFormat(reset, "is no span of time")
        resets_at = client.now + round(seconds * 1e6)
    return LimitReading(
        account.service, account.name, counted, window.minutes, percent(whole - left, whole), resets_at,
        client.now, limit_name=window.name, origin="api",
    )  # fmt: skip


def _cost(answer: object) -> int | None:
    """Return what an answer says it cost, in nano-dollars: `usage.cost.total_cost`."""
    try:
        cost = Row(answer).row("usage").row("cost")
        return cost.money("total_cost") if cost.text("currency", "USD") == "USD" else None
    except ChangedFormat:
        return None
