"""Codex rollouts in odd shapes: the same structs from lines whose values have wrong types.

Each part stands alone: rate limits that make no sense do not take the usage with them.
"""

from __future__ import annotations

from math import isfinite

from tokentui.sources.logs.codex_wire import Credits, Info, RateLimits, Tokens, Usage, Window
from tokentui.sources.logs.counts import count

_TOO_LARGE = 2**63


def as_object(value: object) -> dict[str, object]:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str | None:
    """Return text that says something, None for anything else."""
    return value if isinstance(value, str) and value.strip() else None


def as_whole(value: object) -> int | None:
    """Return a whole number of 64 bits, also from text or a float; None for anything else."""
    if isinstance(value, str) and len(value) <= 32:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, int | float) and not isinstance(value, bool) and -_TOO_LARGE < value < _TOO_LARGE:
        return int(value)
    return None


def tokens(value: object) -> tuple[Tokens | None, int]:
    """Return token counts and how many of them had to be repaired; None where there are none."""
    if not isinstance(value, dict) or not value:
        return None, 0
    counted = [count(value.get(field)) for field in Tokens.__struct_fields__]
    return Tokens(*(number for number, _ in counted)), sum(repaired for _, repaired in counted)


def info(value: object) -> tuple[Info | None, int]:
    """Return the counters of a `token_count` and how many counts had to be repaired."""
    if not isinstance(value, dict):
        return None, 0
    total, bad_totals = tokens(value.get("total_token_usage"))
    last, bad_lasts = tokens(value.get("last_token_usage"))
    return Info(total, last, as_text(value.get("model"))), bad_totals + bad_lasts


def usage(payload: dict[str, object]) -> tuple[Usage, int]:
    """Return the payload of a `token_usage_record` and how many counts had to be repaired."""
    used, bad = tokens(payload.get("usage"))
    thread_total, bad_totals = tokens(payload.get("thread_token_usage"))
    found = Usage(used, as_text(payload.get("response_id")), as_text(payload.get("thread_id")), thread_total)
    return found, bad + bad_totals


def rate_limits(value: object) -> RateLimits | None:
    """Return what can be understood of a `rate_limits`, None where that is nothing."""
    if not isinstance(value, dict):
        return None
    balance = as_object(value.get("credits")).get("balance")
    if isinstance(balance, int | float) and not isinstance(balance, bool) and isfinite(balance):
        balance = str(balance)
    return RateLimits(
        limit_id=as_text(value.get("limit_id")),
        limit_name=as_text(value.get("limit_name")),
        primary=_window(value.get("primary")),
        secondary=_window(value.get("secondary")),
        credits=Credits(as_text(balance)),
        plan_type=as_text(value.get("plan_type")),
    )


def _window(value: object) -> Window | None:
    if not isinstance(value, dict):
        return None
    percent = value.get("used_percent")
    if isinstance(percent, str) and len(percent) <= 32:
        try:
            percent = float(percent)
        except ValueError:
            return None
    if not isinstance(percent, int | float) or isinstance(percent, bool) or not isfinite(percent):
        return None
    return Window(
        float(percent),
        as_whole(value.get("window_minutes")),
        as_whole(value.get("resets_at")),
        as_whole(value.get("resets_in_seconds")),
    )
