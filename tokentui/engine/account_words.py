"""What is said of an account: its state, what is wrong, what would go with it. For pane and command line."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentui.engine.accounts import AccountView
    from tokentui.store.accounts import AuditEntry
    from tokentui.store.ledger import StoredState

WORDS = {
    "new": "not asked yet", "ok": "ok", "degraded": "degraded", "open": "down",
    "key-rejected": "key rejected", "off": "not offered", "locked": "vault locked",
}  # fmt: skip
"""The status of a feature as a person reads it."""

PAUSED = "paused"
NEVER_ASKED = "key kept"
"""The state of an account of which nothing is asked by itself."""

_ORDER = ("key-rejected", "locked", "open", "degraded", "off", "new", "ok")
"""Worst first."""


def status_of(view: AccountView) -> str:
    """Return the worst status of an account's features; `off` only when all are."""
    found = {state.status for state in view.states}
    worst = next((status for status in _ORDER if status in found), "new")
    return "ok" if worst == "off" and "ok" in found else worst


def state_of(view: AccountView) -> str:
    """Return the state of an account in words."""
    if not view.account.is_active:
        return PAUSED
    return NEVER_ASKED if asks_nothing(view) else WORDS[status_of(view)]


def asks_nothing(view: AccountView) -> bool:
    """Whether an account's service offers nothing that is asked for by itself."""
    row = view.provider
    return row is not None and not any(each.interval_seconds for each in row.capabilities.values())


def answered_at(view: AccountView) -> int | None:
    """Return when it last answered anything, in UTC epoch microseconds; None for never."""
    return max((state.last_success_at for state in view.states if state.last_success_at), default=None)


def next_at(view: AccountView) -> int | None:
    """Return when it is asked next, in UTC epoch microseconds; None while nobody asks it."""
    if not view.account.is_active:
        return None
    waiting = [state.next_due for state in view.states if state.status != "off"]
    return min(waiting or [state.next_due for state in view.states], default=None)


def in_trouble(view: AccountView) -> list[StoredState]:
    """Return the features that something is wrong with; the same trouble of several is told once."""
    told: dict[tuple[str, str], StoredState] = {}
    for state in view.states:
        if state.error:
            told.setdefault((state.error, state.hint), state)
    return list(told.values())


def key_place(view: AccountView) -> str:
    """Return what kind of place the key is in: `vault`, `env`, `file`, `command`, or `none`."""
    return view.account.secret_reference.partition(":")[0] or "none"


def removal_words(view: AccountView, going: Mapping[str, int]) -> str:
    """Return what would go with an account, and what would stay."""
    kinds = {
        "billed_buckets": "figure/s of its provider", "balances": "balance/s",
        "limit_readings": "reading/s of its limits", "subscriptions": "plan/s",
    }
    parts = [
        f"{going[table]:,} {words.replace('/s', '' if going[table] == 1 else 's')}"
        for table, words in kinds.items()
        if going.get(table)
    ]
    own = ("monthly_limit", "session_limit", "token_limit")
    if any(getattr(view.account, name) is not None for name in own):
        parts.append("the limits you set")
    if view.account.prices:
        parts.append("its own prices")
    if key_place(view) == "vault":
        parts.append("its key in the vault")
    text = f"{view.account.key}: {', '.join(parts) or 'nothing is stored of it'}"
    if going.get("requests"):
        text += f"; {going['requests']:,} requests that were read from logs stay"
    return text


def change_words(entry: AuditEntry) -> str:
    """Return what a change was about: `monthly_limit: 150 → 200`; never a key, which no entry has."""
    names = [
        name for name, value in {**entry.before, **entry.after}.items()
        if (entry.before.get(name), entry.after.get(name)) != (None, value) or value not in ("", None, {}, 0)
    ]  # fmt: skip
    if entry.action == "edit":
        pairs = ((name, entry.before.get(name), entry.after.get(name)) for name in names)
        return ", ".join(f"{name}: {_value(name, old)} → {_value(name, new)}" for name, old, new in pairs)
    told = entry.after or entry.before
    shown = (name for name in names if told.get(name) not in ("", None, {}, 0) and name != "is_active")
    return ", ".join(f"{name}={_value(name, told[name])}" for name in shown)


def _value(name: str, value: object) -> str:
    """Return a field as it is read: money in dollars, nothing as `none`."""
    if value in ("", None, {}):
        return "none"
    if name in ("monthly_limit", "session_limit") and isinstance(value, int):
        return f"${format(Decimal(value).scaleb(-9).normalize(), ',f')}"
    if isinstance(value, Mapping):
        return " ".join(f"{key}={text}" for key, text in value.items())
    return str(value)
