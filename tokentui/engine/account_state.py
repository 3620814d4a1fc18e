"""When an account is asked again: a state for each feature, kept over restarts, so nobody is hammered.

    ok ──error──▶ degraded ──fifth in a row──▶ open (looked at every five minutes)
    any ──401/403──▶ key-rejected (nothing until the key changes, but for one look in six hours)
    any ──404/410──▶ off (for a day)
    any ──success──▶ ok

Pure functions over frozen states. Times are UTC epoch microseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from tokentui.billing import Feature
from tokentui.sources.providers.errors import (
    ChangedFormat,
    KeyRejected,
    Moved,
    NotOffered,
    ProviderError,
    Refused,
    Throttled,
    Unavailable,
)

Status = Literal["new", "ok", "degraded", "open", "key-rejected", "off", "locked"]

SECOND = 1_000_000
BACKOFF_BASE_SECONDS = 5.0
BACKOFF_CAP_SECONDS = 900.0
OPEN_AFTER = 5
"""Failures in a row from which on a provider counts as down."""
OPEN_SECONDS = 300.0
REJECTED_SECONDS = 6 * 3600.0
OFF_SECONDS = 86_400.0
WRONG_SECONDS = 3600.0
"""After an answer we do not understand: it is the same one in a minute."""
AGAIN_SECONDS = 30.0
"""Between two questions, however often the user asks for it."""
JITTER = 0.1
"""Part of an interval by which it varies, so that many accounts do not ask at once."""

ASKED_TO_WAIT = "asked-to-wait"
"""Error code of a provider that is out of order and said for how long."""

Chance = Callable[[float, float], float]
"""`random.uniform`, or what a test puts there."""


class State(msgspec.Struct, frozen=True):
    """How asking one account for one feature goes."""

    account: str
    """`Account.key`."""
    feature: Feature
    status: Status = "new"
    failures: int = 0
    """In a row."""
    next_due: int = 0
    error_code: str = ""
    error: str = ""
    """What happened, in our own words; empty while all is well."""
    hint: str = ""
    last_success_at: int | None = None
    last_asked_at: int | None = None
    key_mark: str = ""
    """Tells one key from another without telling the key."""

    def due(self, now: int) -> bool:
        """Whether it is time to ask."""
        return now >= self.next_due


def after_success(state: State, now: int, interval_seconds: float, chance: Chance) -> State:
    """Return the state after an answer."""
    wait = interval_seconds * chance(1 - JITTER, 1 + JITTER)
    return msgspec.structs.replace(
        state, status="ok", failures=0, next_due=_later(now, wait), error_code="", error="", hint="",
        last_success_at=now, last_asked_at=now,
    )  # fmt: skip


def after_error(
    state: State, error: ProviderError, now: int, interval_seconds: float, chance: Chance
) -> State:
    """Return the state after a question that was not answered; the last good figures stay."""
    failures, code = state.failures + 1, error.code
    status: Status = "open" if failures >= OPEN_AFTER else "degraded"
    if isinstance(error, KeyRejected):
        status, wait = "key-rejected", REJECTED_SECONDS
    elif isinstance(error, NotOffered):
        status, wait = "off", OFF_SECONDS
    elif isinstance(error, ChangedFormat | Moved | Refused):
        status, wait = "degraded", WRONG_SECONDS
    else:
        wait = _pause(failures, chance)
        if status == "open":
            wait = max(wait, OPEN_SECONDS)
        if isinstance(error, Throttled):
            # Some answer "Retry-After: 0" and throttle for hours: never sooner than the usual interval.
            wait = max(wait, interval_seconds, error.retry_after or 0.0)
        elif isinstance(error, Unavailable) and error.retry_after:
            wait, code = max(wait, error.retry_after), ASKED_TO_WAIT
    return msgspec.structs.replace(
        state, status=status, failures=failures, next_due=_later(now, wait), error_code=code,
        error=str(error), hint=error.hint, last_asked_at=now,
    )  # fmt: skip


def refused(state: State, error: ProviderError, now: int) -> State:
    """Return the state of what was not asked, because the key was rejected at the question before."""
    return msgspec.structs.replace(
        state, status="key-rejected", next_due=_later(now, REJECTED_SECONDS), error_code=error.code,
        error=str(error), hint=error.hint,
    )  # fmt: skip


def with_key(state: State, mark: str) -> State:
    """Return the state with the key there is now: a new one is tried at once."""
    if state.key_mark == mark:
        return state
    renewed = msgspec.structs.replace(state, key_mark=mark)
    if state.status in ("key-rejected", "off", "locked"):
        renewed = msgspec.structs.replace(renewed, status="new", failures=0, next_due=0, error="", hint="")
    return renewed


def locked(state: State, reason: str, hint: str) -> State:
    """Return the state of an account whose key cannot be had now; it is due as soon as it can."""
    return msgspec.structs.replace(state, status="locked", error_code="locked", error=reason, hint=hint)


def asked_now(state: State, now: int) -> State:
    """Return the state when the user asks for it now: not sooner than a wait the provider asked for.

    A rejected key, and what is not offered, is the same in a minute.
    """
    if state.error_code in ("throttled", ASKED_TO_WAIT) or state.status in ("key-rejected", "off"):
        return state
    earliest = now
    if state.last_asked_at is not None and state.last_asked_at <= now:
        earliest = max(now, _later(state.last_asked_at, AGAIN_SECONDS))
    return msgspec.structs.replace(state, next_due=min(state.next_due, earliest))


def woken(state: State, now: int, chance: Chance) -> State:
    """Return the state after the machine slept, or its clock jumped: due within half a minute."""
    if state.status in ("key-rejected", "off"):
        return state
    latest = _later(now, chance(0.0, 30.0))
    return msgspec.structs.replace(state, next_due=min(state.next_due, latest))


def _pause(failures: int, chance: Chance) -> float:
    """Return a back-off with full jitter, in seconds."""
    most = min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2.0 ** min(failures - 1, 20))
    return chance(0.0, most)


def _later(now: int, seconds: float) -> int:
    return now + round(seconds * SECOND)
