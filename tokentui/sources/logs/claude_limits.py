"""The limits that Claude Code tells of in its transcripts, when a request was refused."""

from __future__ import annotations

import re

from tokentui.sources.logs.timestamps import microseconds
from tokentui.text import clean
from tokentui.usage import LimitReading

SERVICE = "claude-code"

_REACHED = re.compile(r"limit reached\|(\d{9,17})")
_WINDOWS = {"five_hour": 300, "seven_day": 10_080}
"""Minutes, by how a limit's name begins (`seven_day_opus`)."""
_SESSION_AT_MOST = 305 * 60 * 1_000_000
"""A reset further away than a session is long (5 minutes of grace) is the weekly one."""


def limit_reached(line: dict[str, object], observed_at: int) -> LimitReading | None:
    """Return the full limit that a refused request's line names; None when it names none.

    Newer lines have `quotaLimits` {status, resetsAt (epoch s), rateLimitType}; older ones the text
    `Claude AI usage limit reached|<epoch s>`, without saying which limit.
    """
    quota = line.get("quotaLimits")
    if isinstance(quota, dict) and quota.get("status") == "rejected":
        name = clean(quota.get("rateLimitType") or "", 40) or "five_hour"
        return _full(name, microseconds(quota.get("resetsAt")), observed_at)
    told = _REACHED.search(_text(line.get("message")))
    if told is None:
        return None
    resets_at = microseconds(int(told[1]))
    weekly = resets_at is not None and resets_at - observed_at > _SESSION_AT_MOST
    return _full("seven_day" if weekly else "five_hour", resets_at, observed_at)


def _full(limit_id: str, resets_at: int | None, observed_at: int) -> LimitReading:
    minutes = next((length for name, length in _WINDOWS.items() if limit_id.startswith(name)), 0)
    return LimitReading(
        service=SERVICE, account="", limit_id=limit_id, window_minutes=minutes, used_percent=100.0,
        resets_at=resets_at, observed_at=observed_at,
    )


def _text(message: object) -> str:
    """Return the words of a message, whether its content is text or blocks."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return " ".join(
        block["text"] for block in blocks if isinstance(block, dict) and isinstance(block.get("text"), str)
    )
