"""Looks at live rate limits by one paid request, which only the user has sent, after having read its price.

What comes is stored as official readings; the audit log says who had it sent, and what came of it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tokentui.billing import Account, Fetched, KeyReport
from tokentui.engine.account_check import AccountProblem, holds_key
from tokentui.frozen import dataclass
from tokentui.sources.providers import Provider, rows
from tokentui.sources.providers.errors import ProviderError, Unavailable
from tokentui.text import clean, countdown, money, percent

if TYPE_CHECKING:
    from tokentui.engine.accounts import Accounts
    from tokentui.pricing import Prices
    from tokentui.sources.providers.rate_limits import Probed
    from tokentui.usage import LimitReading

_MOST_MODEL = 100


@dataclass(frozen=True, slots=True)
class Proposal:
    """A paid request that could be sent, and what to tell before."""

    account: str
    """`Account.key`."""
    model: str
    sentence: str
    """That it costs money, about how much, and what comes of it."""


def proposal(accounts: Accounts, key: str, model: str = "") -> Proposal:
    """Return what a probe of an account would send; nothing is sent. Raises AccountProblem, StoreError.

    The model is the one that is named, else that of the account's `probe_model`, else the cheapest.
    """
    view = accounts.view(key)
    row = view.provider
    if row is None or row.probe is None:
        able = ", ".join(each.name for each in rows().values() if each.probe is not None)
        raise AccountProblem(f"{view.title} has no paid probe", f"it is for services that need one: {able}")
    chosen = _checked(model or view.account.options.get("probe_model", "") or row.probe.model)
    sentence = (
        f"This sends one request to {row.title}, of one token by {chosen}: it is paid, and comes to"
        f" {_price(accounts.prices(), row, chosen)}. The headers of the answer tell the live rate limits."
    )
    return Proposal(view.account.key, chosen, sentence)


def probe(accounts: Accounts, wanted: Proposal) -> KeyReport:
    """Send the request, store what its headers tell, and say it.

    Raises AccountProblem, SecretsError, ProviderError, StoreError.
    """
    account = accounts.view(wanted.account).account
    row = rows()[account.service]
    module = row.load()
    try:
        found: Probed = accounts.asked(
            account, lambda client: module.probe(client, client.account, wanted.model)
        )
    except ProviderError as error:
        if isinstance(error, Unavailable) and error.status is None:
            error.hint = f"{error.hint}; it may be paid all the same".removeprefix("; ")
        _note(accounts, account, wanted.model, error.code)
        raise
    now = time.time_ns() // 1000
    if found.limits:
        with accounts.writing() as writer:
            writer.put_fetched(account, Fetched(limits=found.limits), now)
    _note(accounts, account, wanted.model, f"{len(found.limits)} limits", found.cost)
    return KeyReport(_summary(row, found, now), ("limits",) if found.limits else (), found.problems)


def _checked(model: str) -> str:
    """Return the name of a model as it is sent. Raises AccountProblem."""
    name = model.strip()
    if holds_key(name):
        raise AccountProblem("the model looks like a key (it is not shown)", field="model")
    if not name or name != clean(name, _MOST_MODEL) or not name.isascii() or " " in name:
        raise AccountProblem("this is no name of a model", "such as: llama-3.1-8b-instant", field="model")
    return name


def _price(prices: Prices, row: Provider, model: str) -> str:
    """Return about what one request costs, in words."""
    from tokentui.pricing.calculator import calculate_cost

    assert row.probe is not None
    cost = calculate_cost(model, row.provider_name, row.probe.input_tokens, 1, prices=prices)
    if cost is not None:
        return f"about {money(round(cost.total.scaleb(9)), 6)} at list prices"
    if model == row.probe.model and row.probe.most:
        return f"{money(row.probe.most, 6)} at most"
    return "a price that is not known here"


def _note(accounts: Accounts, account: Account, model: str, came: str, cost: int | None = None) -> None:
    after: dict[str, object] = {"model": model, "answer": came}
    if cost is not None:
        after["cost"] = money(cost, 6)
    with accounts.writing() as writer:
        writer.audit(time.time_ns() // 1000, accounts.actor, "probe", account.key, {}, after)


def _summary(row: Provider, found: Probed, now: int) -> str:
    cost = f" It came to {money(found.cost, 6)}." if found.cost is not None else ""
    if not found.limits:
        return f"{row.title} answered.{cost}"
    told = "; ".join(_told(each, now) for each in found.limits)
    return f"{row.title}: {told}.{cost}"


def _told(limit: LimitReading, now: int) -> str:
    resets = ""
    if limit.resets_at is not None:
        seconds = max(limit.resets_at - now, 0) / 1e6
        resets = f", full again in {f'{seconds:.0f} s' if seconds < 60 else countdown(seconds)}"
    return f"{limit.limit_name} {percent(limit.used_percent)} used{resets}"
