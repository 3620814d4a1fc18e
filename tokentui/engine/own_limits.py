"""The limits one sets oneself: of accounts that are set up, and of those that only logs tell of."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tokentui.billing import Account
from tokentui.engine.account_check import AccountProblem
from tokentui.engine.accounts import AccountView
from tokentui.sources.providers import rows
from tokentui.store.accounts import LIMITS

if TYPE_CHECKING:
    from tokentui.engine.accounts import Accounts

_MOST = 1 << 60


def view(accounts: Accounts, key: str) -> AccountView:
    """Return an account that is set up, or one that only logs tell of, with its limits alone.

    Raises AccountProblem for one that nobody knows, StoreError.
    """
    key = key.strip().lower()
    with accounts.reading() as reader:
        known = {"/".join(filter(None, each)): each for each in reader.account_names()} if reader else {}
        set_up = {each.account.key for each in reader.configured_accounts()} if reader else set()
        limited = {each.key: each for each in reader.limited_accounts()} if reader else {}
    if key in set_up or key not in known:
        return accounts.view(key)
    account = limited.get(key) or Account(*known[key])
    return AccountView(account, rows().get(account.service), 0, None, (), ())


def change(accounts: Accounts, key: str, changes: Mapping[str, object]) -> AccountView:
    """Change fields of an account; one that only logs tell of has limits and nothing else.

    Raises AccountProblem, StoreError.
    """
    found = view(accounts, key)
    if found.created_at:
        return accounts.edit(key, changes)
    before = found.account
    if others := [name for name in changes if name not in LIMITS]:
        hint = f"it is set up first: tokentui account add {before.service}"
        reason = f"{before.key} is known from logs only, and has limits alone"
        raise AccountProblem(reason, hint, field=others[0])
    after = replace(before, **changes)
    for name in LIMITS:
        value = getattr(after, name)
        if value is not None and not 0 <= value < _MOST:
            raise AccountProblem(f"the {name.replace('_', ' ')} is out of range", "such as: 50", field=name)
    if after != before:
        old, new = ({name: getattr(each, name) for name in changes} for each in (before, after))
        with accounts.writing() as writer:
            writer.put_own_limits(after)
            writer.audit(time.time_ns() // 1000, accounts.actor, "edit", after.key, old, new)
    return view(accounts, key)
