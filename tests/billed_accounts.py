"""Accounts of which a provider tells much, in a database of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from tokentui import store
from tokentui.billing import Account, Balance, Bucket, Covered, Fetched
from tokentui.store.books import EPOCH
from tokentui.store.ledger import StoredState

DAY = 86_400_000_000
WORK = Account("openai-api", "work", "Work", monthly_limit=100 * 10**9, token_limit=5 * 10**6)


def at(day: date) -> int:
    """Return the midnight (UTC) that a day begins with, in microseconds."""
    return (day - EPOCH).days * DAY


def cost(day: date, dollars: float, item: str = "gpt-5.5, input", **fields: Any) -> Bucket:
    """A line of a bill."""
    return Bucket(
        "cost", at(day), at(day) + fields.pop("days", 1) * DAY, operation=item, cost=round(dollars * 10**9),
        **{"model": "gpt-5.5", **fields},
    )  # fmt: skip


def used(day: date, tokens: int = 1_000, computed: float | None = 1.0, **fields: Any) -> Bucket:
    """What the provider counted."""
    known: dict[str, Any] = {
        "model": "gpt-5.5", "operation": "completions", "request_count": 3, "output_tokens": tokens, **fields
    }  # fmt: skip
    worth = None if computed is None else round(computed * 10**9)
    return Bucket("history", at(day), at(day) + DAY, computed_cost=worth, **known)


def tell(
    writer: store.Writer, buckets: Sequence[Bucket], now: int, account: Account = WORK,
    balances: Sequence[Balance] = (),
) -> None:  # fmt: skip
    """Store an answer that says these buckets and nothing else of their days."""
    writer.put_account(account, "OpenAI API", now)
    covered = {(each.feature, each.start, each.end) for each in buckets}
    spans = tuple(Covered(*each) for each in sorted(covered))
    writer.put_fetched(account, Fetched(tuple(buckets), spans, balances=tuple(balances)), now)


def state(
    feature: str, asked: int | None, since: date, account: Account = WORK, **fields: Any
) -> StoredState:
    """How asking for something goes; answered at `asked`, back to `since`."""
    known: dict[str, Any] = {
        "status": "ok", "failures": 0, "next_due": 0, "error_code": "", "error": "", "hint": "",
        "last_success_at": asked, "last_asked_at": asked, "key_mark": "", "filled_from": at(since),
        "notes": (), "plan": "", **fields,
    }  # fmt: skip
    return StoredState(account.service, account.name, feature, **known)


def busy(writer: store.Writer, today: date, name: str = "", account: Account = WORK) -> None:
    """Fill in 40 days of an account; every name holds `name` where one is given."""
    now = at(today) + 60_000_000
    for back in range(40, -1, -1):
        day = today - timedelta(days=back)
        told = [
            cost(day, 1 + back % 5, name or "gpt-5.5, input", model=name or "gpt-5.5"),
            cost(day, 0.5, f"{name} 2" if name else "gpt-5.5, output", model=name or "gpt-5.5"),
            used(day, 10_000 * (back + 1), 2.0, model=name or "gpt-5.5"),
        ]
        if back == 20:
            told.append(used(day, 0, None, model="", operation=name or "images", quantity=4))
        tell(writer, told, min(at(day) + 5 * DAY, now), account)
    for number, amount in enumerate((50, 40, 25)):
        left = Balance(amount * 10**9, "USD", name or "credits", 50 * 10**9)
        tell(writer, (), now - (3 - number) * DAY, account, [left, Balance(amount * 10**9, "CNY", name)])
    since = today - timedelta(days=40)
    writer.put_states([
        state("cost", now, since, account, plan=name or "tier 4"),
        state("history", now, since, account, notes=(name or "usage may lag by an hour",)),
        state(
            "limits", None, since, account, status="degraded", error=name or "throttled by the provider",
            hint=name or "it asked us to wait", next_due=now + 300_000_000,
        ),
    ])  # fmt: skip
