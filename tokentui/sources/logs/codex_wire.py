"""Codex rollouts on the wire: the shape of the lines that matter, when nothing is odd about them.

The envelope is `{"timestamp": …, ["ordinal": …,] "type": …, "payload": {…}}`, as codex-rs writes it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypedDict

import msgspec

from tokentui.sources.logs.counts import LARGEST

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_Tokens = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
_Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Tokens(msgspec.Struct, gc=False):
    """Token counts as Codex writes them: input includes what was cached, output the reasoning."""

    input_tokens: _Tokens = 0
    cached_input_tokens: _Tokens = 0
    cache_write_input_tokens: _Tokens = 0
    output_tokens: _Tokens = 0
    reasoning_output_tokens: _Tokens = 0


class Info(msgspec.Struct, gc=False):
    """The counters of a session, and what the last response added to them."""

    total_token_usage: Tokens | None = None
    last_token_usage: Tokens | None = None
    model: str | None = None


class Window(msgspec.Struct, gc=False):
    """How full one window of a limit is. `resets_at` is epoch seconds."""

    used_percent: float
    window_minutes: _Whole | None = None
    resets_at: _Whole | None = None
    resets_in_seconds: _Whole | None = None


class Credits(msgspec.Struct, gc=False):
    """Bought credits."""

    balance: str | None = None


class RateLimits(msgspec.Struct, gc=False):
    """The limits of the account as the server told them with a response."""

    limit_id: str | None = None
    limit_name: str | None = None
    primary: Window | None = None
    secondary: Window | None = None
    credits: Credits | None = None
    plan_type: str | None = None


class _Count(msgspec.Struct, gc=False):
    info: Info | None = None
    rate_limits: RateLimits | None = None


class CountLine(msgspec.Struct, gc=False):
    """An `event_msg` of type `token_count`."""

    timestamp: _Moment
    payload: _Count
    ordinal: _Whole | None = None


class Usage(msgspec.Struct, gc=False):
    """What one response used."""

    usage: Tokens | None = None
    response_id: str | None = None
    thread_id: str | None = None
    thread_token_usage: Tokens | None = None


class UsageLine(msgspec.Struct, gc=False):
    """A `token_usage_record` (Codex 0.159 and later)."""

    timestamp: _Moment
    payload: Usage


class _Turn(TypedDict, total=False):
    """What of a turn's settings matters."""

    model: str
    cwd: str
    model_provider_id: str
    service_tier: str | None


class TurnLine(msgspec.Struct, gc=False):
    """A `turn_context`."""

    timestamp: _Moment
    payload: _Turn


count_line = msgspec.json.Decoder(CountLine).decode
usage_line = msgspec.json.Decoder(UsageLine).decode
turn_line = msgspec.json.Decoder(TurnLine).decode

rate_limits = msgspec.json.Decoder(RateLimits).decode
"""Decode limits that the compiled parser has looked at: these are as expected."""

UNEXPECTED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What these raise for a line that is not in its usual shape."""
