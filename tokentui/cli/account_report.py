"""Accounts as `tokentui account` prints them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from tokentui.cli import output
from tokentui.engine.account_words import answered_at, change_words, in_trouble, key_place, next_at, state_of
from tokentui.engine.accounts import AccountView, FoundKey
from tokentui.store.accounts import AuditEntry
from tokentui.text import ago, clean


def listing(views: Sequence[AccountView], offered: Sequence[FoundKey], width: int, colour: bool) -> str:
    """Return the table of accounts, what is wrong with them, and the keys that were found."""
    text = _table(views, width, colour) if views else "No accounts are set up.\n"
    for view in views:
        for state in in_trouble(view):
            hint = f"; {state.hint}" if state.hint else ""
            text += f"  {view.account.key} {state.feature}: {clean(state.error)}{clean(hint)}\n"
        if view.account.prices:
            text += f"  {view.account.key} pays: {clean(view.account.prices, 500)}\n"
    for found in offered:
        variable = found.reference.removeprefix("env:")
        add = f"tokentui account add {found.provider.name} --key-env {variable}"
        text += f"\n{variable} is set; to use it for {found.provider.title}: {add}\n"
    if not views and not offered:
        text += "tokentui account add SERVICE sets one up; tokentui providers lists the services.\n"
    return text


def _when(time: int) -> str:
    """Return a coming time as a person reads it: with its day, where that is not today."""
    at, today = _at(time), datetime.now(UTC).date()
    return f"{at:%H:%M} UTC" if at.date() == today else f"{at:%b} {at.day} {at:%H:%M} UTC"


def _table(views: Sequence[AccountView], width: int, colour: bool) -> str:
    heads = ("account", "title", "state", "last answer", "next", "key from", "key age", "balance")
    now = time.time()
    rows = []
    for view in views:
        last, due = answered_at(view), next_at(view)
        when = "–" if due is None else _when(due) if due / 1e6 > now else "soon"
        age = f"{(now - view.key_changed_at / 1e6) / 86_400:.0f} days" if view.key_changed_at else "–"
        left = [f"{_dollars(each.balance.amount)} {each.balance.currency}" for each in view.balances]
        cells = (
            view.account.key, clean(view.title, 40), state_of(view),
            ago(now - last / 1e6) if last else "never", when, key_place(view), age, left[0] if left else "–",
        )  # fmt: skip
        rows.append([output.Cell(clean(each, 80)) for each in cells])
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
        "token_limit": account.token_limit, "prices": account.prices or None,
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


def audit_table(entries: Sequence[AuditEntry], width: int, colour: bool) -> str:
    """Return who changed what."""
    if not entries:
        return "Nothing was changed yet.\n"
    columns = [
        output.Column(head, numeric=False) for head in ("when (UTC)", "who", "what", "account", "change")
    ]
    rows = [
        [output.Cell(clean(each, 200)) for each in
         (f"{_at(entry.at):%Y-%m-%d %H:%M}", entry.actor, entry.action, entry.subject, change_words(entry))]
        for entry in entries
    ]  # fmt: skip
    return output.table(columns, rows, width=width, colour=colour)


def audit_json(entries: Sequence[AuditEntry]) -> list[dict[str, object]]:
    """Return who changed what, for machines; amounts are nano-dollars."""
    return [
        {
            "at": _moment(entry.at), "actor": entry.actor, "action": entry.action, "subject": entry.subject,
            "before": dict(entry.before), "after": dict(entry.after),
        }
        for entry in entries
    ]  # fmt: skip


def _dollars(nano: int | None) -> str | None:
    return None if nano is None else format(Decimal(nano).scaleb(-9).normalize(), "f")


def _at(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1e6, UTC)


def _moment(time: int | None) -> str | None:
    return None if time is None else _at(time).isoformat(timespec="seconds")
