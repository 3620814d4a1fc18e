"""Plans that are paid for each month: entered, listed, changed and removed, each change in the audit log."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from tokentui import sources
from tokentui.engine.account_check import AccountProblem
from tokentui.sources.providers import rows
from tokentui.store.subscriptions import Subscription
from tokentui.text import clean, decimal_cost
from tokentui.usage import NANO

if TYPE_CHECKING:
    from tokentui.engine.accounts import Accounts

FIRST_YEAR = 2020
"""No plan of an AI tool is older; a year like 0026 is a slip of the pen."""

MOST = 10**6
"""Units of a currency a month; a dearer plan is a slip of the pen."""


def plans(accounts: Accounts) -> tuple[Subscription, ...]:
    """Return all plans. Raises StoreError."""
    with accounts.reading() as reader:
        return reader.subscriptions() if reader else ()


def subscribe(accounts: Accounts, key: str, fields: Mapping[str, str], today: date) -> Subscription:
    """Store a plan of the account `service` or `service/name`. Raises AccountProblem, StoreError.

    `fields`: see `parsed`.
    """
    service, name = _account(accounts, key)
    plan = replace(parsed(fields, today), service=service, account=name)
    with accounts.writing() as writer:
        plan = replace(plan, number=writer.put_subscription(plan))
        writer.audit(_now(), accounts.actor, "subscribe", _key(plan), {}, _told(plan))
    return plan


def parsed(fields: Mapping[str, str], today: date) -> Subscription:
    """Return the plan that was typed, of no account yet. Raises AccountProblem, which names the field.

    `fields`: `price`, `currency`, `name`, `from` and `until`; all but the price may be missing or empty.
    """
    price, currency = _price(fields.get("price", "")), _currency(fields.get("currency", ""))
    first = _day(fields.get("from", ""), "from") or today
    last = _day(fields.get("until", ""), "until")
    if last is not None and last < first:
        raise AccountProblem("it ends before it begins", f"such as: {first}", field="until")
    return Subscription(0, "", "", clean(fields.get("name", "").strip(), 40), price, currency, first, last)


def written(plan: Subscription) -> dict[str, str]:
    """Return the fields of a plan as they are typed."""
    return {
        "price": decimal_cost(plan.price).removesuffix(".00"), "currency": plan.currency, "name": plan.name,
        "from": str(plan.first_day), "until": str(plan.last_day or ""),
    }  # fmt: skip


def change(accounts: Accounts, number: int, fields: Mapping[str, str], today: date) -> Subscription:
    """Change a plan's fields, such as its last day; its account stays. Raises AccountProblem, StoreError."""
    old = _known(accounts, number)
    typed = parsed({**written(old), **fields}, today)
    new = replace(typed, number=number, service=old.service, account=old.account)
    if new != old:
        before, after = _told(old), _told(new)
        differs = [name for name in after if after[name] != before[name]]
        with accounts.writing() as writer:
            writer.put_subscription(new)
            writer.audit(
                _now(), accounts.actor, "change plan", _key(new),
                {name: before[name] for name in differs}, {name: after[name] for name in differs},
            )  # fmt: skip
    return new


def payers(accounts: Accounts) -> list[str]:
    """Return the accounts that can have a plan: those in use first, then every service there is."""
    known = sorted({each.name for each in sources.everything() if each.kind == "logs"} | set(rows()))
    with accounts.reading() as reader:
        used = reader.account_names() if reader else []
    keys = ["/".join(filter(None, each)) for each in used]
    return [*keys, *(name for name in known if name not in keys)]


def unsubscribe(accounts: Accounts, number: int) -> Subscription:
    """Forget a plan, as if it had never been paid for. Raises AccountProblem, StoreError."""
    plan = _known(accounts, number)
    with accounts.writing() as writer:
        writer.remove_subscription(number)
        writer.audit(_now(), accounts.actor, "unsubscribe", _key(plan), _told(plan), {})
    return plan


def _known(accounts: Accounts, number: int) -> Subscription:
    every = plans(accounts)
    plan = next((each for each in every if each.number == number), None)
    if plan is None:
        numbers = ", ".join(str(each.number) for each in every) or "none is entered"
        raise AccountProblem(f"there is no plan {number}", f"there are: {numbers}", field="number")
    return plan


def _account(accounts: Accounts, key: str) -> tuple[str, str]:
    """Return service and name of an account that was set up, was used, or could be."""
    service, _, name = key.strip().lower().partition("/")
    known = {source.name for source in sources.everything()} | set(rows())
    used: set[tuple[str, str]] = set()
    with accounts.reading() as reader:
        if reader is not None:
            used = set(reader.account_names())
    if (service, name) in used or (service in known and not name):
        return service, name
    names = sorted({"/".join(filter(None, each)) for each in used})
    hint = f"there are: {', '.join(names)}" if names else "such as: claude-code"
    raise AccountProblem(f"there is no account “{clean(key, 60)}”", hint, field="account")


def _price(typed: str) -> int:
    try:
        amount = Decimal(typed.strip().removeprefix("$").replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount.is_signed() or amount > MOST:
        reason = f"“{clean(typed, 40)}” is no price of a month" if typed.strip() else "the price is missing"
        raise AccountProblem(reason, "such as: 20 or 17.99; 0 where it costs nothing", field="price")
    return int(amount * NANO)


def _currency(typed: str) -> str:
    code = typed.strip().upper() or "USD"
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise AccountProblem(f"“{clean(typed, 40)}” is no currency", "such as: EUR", field="currency")
    return code


def _day(typed: str, field: str) -> date | None:
    if not typed.strip():
        return None
    try:
        day = date.fromisoformat(typed.strip())
        if day.year < FIRST_YEAR:
            raise ValueError
        return day
    except ValueError:
        raise AccountProblem(f"“{clean(typed, 40)}” is no date", "such as: 2026-03-01", field=field) from None


def _key(plan: Subscription) -> str:
    return f"{plan.service}/{plan.account}" if plan.account else plan.service


def _told(plan: Subscription) -> dict[str, object]:
    return {
        "name": plan.name, "price": decimal_cost(plan.price), "currency": plan.currency,
        "first_day": str(plan.first_day),
        "last_day": None if plan.last_day is None else str(plan.last_day),
    }  # fmt: skip


def _now() -> int:
    return time.time_ns() // 1000
