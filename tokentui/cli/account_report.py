"""Accounts as `tokentui account` prints them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from tokentui.cli import output
from tokentui.engine.accounts import AccountView, FoundKey
from tokentui.store.accounts import AuditEntry
from tokentui.text import ago, clean

WORDS = {
    "new": "not asked yet", "ok": "ok", "degraded": "degraded", "open": "down",
    "key-rejected": "key rejected", "off": "not offered", "locked": "vault locked",
}  # fmt: skip
"""The status of a feature as a person reads it."""

_ORDER = ("key-rejected", "locked", "open", "degraded", "off", "new", "ok")
"""Worst first."""


def state_of(view: AccountView) -> str:
    """Return the worst state of an account's features, in words."""
    if not view.account.is_active:
        return "paused"
    found = {state.status for state in view.states}
    worst = next((status for status in _ORDER if status in found), "new")
    if worst == "off" and "ok" in found:
        worst = "ok"
    return WORDS[worst]


def listing(views: Sequence[AccountView], offered: Sequence[FoundKey], width: int, colour: bool) -> str:
    """Return the table of accounts, what is wrong with them, and the keys that were found."""
    text = _table(views, width, colour) if views else "No accounts are set up.\n"
    for view in views:
        for state in view.states:
            if state.error:
                hint = f"; {state.hint}" if state.hint else ""
                text += f"  {view.account.key} {state.feature}: {clean(state.error)}{clean(hint)}\n"
    for found in offered:
        variable = found.reference.removeprefix("env:")
        add = f"tokentui account add {found.provider.name} --key-env {variable}"
        text += f"\n{variable} is set; to use it for {found.provider.title}: {add}\n"
    if not views and not offered:
        text += "tokentui account add SERVICE sets one up; tokentui providers lists the services.\n"
    return text


def _table(views: Sequence[AccountView], width: int, colour: bool) -> str:
    heads = ("account", "title", "state", "last answer", "key from", "key age")
    now = time.time()
    rows = []
    for view in views:
        answers = [state.last_success_at for state in view.states if state.last_success_at]
        last = ago(now - max(answers) / 1e6) if answers else "never"
        kind = view.account.secret_reference.partition(":")[0] or "none"
        age = f"{(now - view.key_changed_at / 1e6) / 86_400:.0f} days" if view.key_changed_at else "–"
        cells = (view.account.key, clean(view.title, 40), state_of(view), last, kind, age)
        rows.append([output.Cell(each) for each in cells])
    columns = [output.Column(head, numeric=False) for head in heads]
    return output.table(columns, rows, width=width, colour=colour)


def as_json(view: AccountView) -> dict[str, object]:
    """Return an account for machines; where its key is, never the key."""
    account = view.account
    return {
        "account": account.key, "service": account.service, "name": account.name, "title": view.title,
        "state": state_of(view), "active": account.is_active, "key": account.secret_reference or None,
        "key_changed_at": _moment(view.key_changed_at), "created_at": _moment(view.created_at),
        "base_url": account.base_url or None, "organization": account.organization or None,
        "project": account.project or None,
        "monthly_limit": _dollars(account.monthly_limit), "session_limit": _dollars(account.session_limit),
        "token_limit": account.token_limit,
        "features": [
            {
                "feature": state.feature, "status": state.status, "failures": state.failures,
                "last_success_at": _moment(state.last_success_at),
                "next_due": _moment(state.next_due or None),
                "error": state.error or None, "hint": state.hint or None, "notes": list(state.notes),
            }
            for state in view.states
        ],
        "balances": [
            {"name": left.balance.name, "amount": _dollars(left.balance.amount),
             "currency": left.balance.currency, "seen_at": _moment(left.last_seen_at)}
            for left in view.balances
        ],
    }  # fmt: skip


def removal_words(view: AccountView, going: Mapping[str, int]) -> str:
    """Return what would go with an account."""
    kinds = {
        "billed_buckets": "buckets of what its provider billed", "balances": "balances",
        "account_states": "states", "subscriptions": "subscriptions",
    }  # fmt: skip
    parts = [f"{going[table]:,} {words}" for table, words in kinds.items() if going.get(table)]
    text = f"{view.account.key}: {', '.join(parts) or 'nothing is stored of it'}"
    if going.get("requests"):
        text += f"; {going['requests']:,} requests that were read from logs stay"
    return text + "\n"


def audit_table(entries: Sequence[AuditEntry], width: int, colour: bool) -> str:
    """Return who changed what."""
    if not entries:
        return "Nothing was changed yet.\n"
    columns = [
        output.Column(head, numeric=False) for head in ("when (UTC)", "who", "what", "account", "change")
    ]
    rows = [
        [output.Cell(clean(each, 200)) for each in
         (f"{_at(entry.at):%Y-%m-%d %H:%M}", entry.actor, entry.action, entry.subject, _change(entry))]
        for entry in entries
    ]  # fmt: skip
    return output.table(columns, rows, width=width, colour=colour)


def _change(entry: AuditEntry) -> str:
    names = [
        name for name, value in {**entry.before, **entry.after}.items() if value not in ("", None, {}, 0)
    ]
    if entry.action == "edit":
        return ", ".join(f"{name}: {entry.before.get(name)} → {entry.after.get(name)}" for name in names)
    told = entry.after or entry.before
    return ", ".join(f"{name}={told[name]}" for name in names if name in told and name != "is_active")


def _dollars(nano: int | None) -> str | None:
    return None if nano is None else format(Decimal(nano).scaleb(-9).normalize(), "f")


def _at(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1e6, UTC)


def _moment(time: int | None) -> str | None:
    return None if time is None else _at(time).isoformat(timespec="seconds")
