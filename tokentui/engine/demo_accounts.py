"""Accounts for the demo: what three providers might say. Nobody is asked: their address is nobody's."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from tokentui import store
from tokentui.billing import Account, Balance, Bucket, Covered, Fetched
from tokentui.config import Paths, Settings
from tokentui.engine.database import Database
from tokentui.pricing import Prices
from tokentui.sources import providers
from tokentui.store.ledger import StoredState
from tokentui.store.subscriptions import Subscription, subscriptions
from tokentui.usage import LimitReading, epoch_microseconds

NOWHERE = "http://127.0.0.1:9/v1"
"""The discard port of this machine: `r` in the demo asks no provider."""
DAYS = 60
PLAN_DAYS = 110
"""How long the plan of Claude Code is paid for."""
_DAY = 86_400_000_000
_MINUTE = 60_000_000

_WORK = Account(
    "openai-api",
    "work",
    "work",
    base_url=NOWHERE,
    monthly_limit=150 * 10**9,
    options={"demo": "yes"},
)
_ROUTER = Account("openrouter", base_url=NOWHERE, options={"demo": "yes"})
_DEEPSEEK = Account("deepseek", base_url=NOWHERE, options={"demo": "yes"})


def put_accounts(paths: Paths, settings: Settings, seed: int, now: datetime) -> None:
    """Set up three accounts with an invented history, and a plan; it follows from the seed and the moment."""
    from tokentui.engine.fetching import priced

    chance = Random(f"accounts {seed}")
    at = epoch_microseconds(now)
    prices = Prices.open(paths.price_overlay, paths.price_cache)
    database = Database(paths, settings)
    writer = store.open_writer(database.place.path, database.zone, **database.place.options)
    try:
        for account, title, fetched in (
            (_WORK, "OpenAI API", priced(_bill(chance, at), prices, "openai")),
            (_ROUTER, "OpenRouter", _credits(at)),
            (_DEEPSEEK, "DeepSeek", Fetched(balances=(Balance(3_070_000_000),))),
        ):
            writer.put_account(account, title, at - DAYS * _DAY)
            writer.put_fetched(account, fetched, at - 2 * _MINUTE)
            # Of all it offers: what was never answered would be asked for, and nobody is there.
            writer.put_states(_well(account, feature, at) for feature in _offered(account))
        begun = (now - timedelta(days=PLAN_DAYS)).date()
        if not subscriptions(writer.connection):
            writer.put_subscription(Subscription(0, "claude-code", "", "Max", 100 * 10**9, "USD", begun))
    finally:
        writer.close()


def _bill(chance: Random, at: int) -> Fetched:
    """Return two months of usage and of the bill, quiet at weekends."""
    today = at // _DAY * _DAY
    buckets: list[Bucket] = []
    for start in range(today - (DAYS - 1) * _DAY, today + _DAY, _DAY):
        weekend = (start // _DAY + 3) % 7 >= 5
        part = (at - start) / _DAY if start == today else 1.0
        for model, share in (("gpt-5.5", 1.0), ("gpt-5.4-mini", 0.35)):
            requests = int(chance.uniform(150, 640) * share * part * (0.1 if weekend else 1.0))
            fresh, output = requests * chance.randint(900, 2600), requests * chance.randint(180, 520)
            read = requests * chance.randint(2_000, 9_000)
            buckets.append(
                Bucket(
                    "history", start, start + _DAY, model, "completions", request_count=requests,
                    uncached_input_tokens=fresh, cache_read_input_tokens=read, output_tokens=output,
                )
            )  # fmt: skip
            cost = int((fresh * 1.25 + read * 0.125 + output * 10) * 1_000 * (2.0 if share == 1.0 else 0.2))
            buckets.append(Bucket("cost", start, start + _DAY, operation=model, cost=cost))
    first = today - (DAYS - 1) * _DAY
    covered = (Covered("history", first, today + _DAY), Covered("cost", first, today + _DAY))
    return Fetched(tuple(buckets), covered)


def _credits(at: int) -> Fetched:
    reading = LimitReading(
        "openrouter", "", "key", 0, 51.8, None, at - 2 * _MINUTE, limit_name="key, of $25.00", origin="api"
    )
    credits = Balance(12_060_000_000, "USD", "credits", 25_000_000_000)
    return Fetched(limits=(reading,), balances=(credits,))


def _offered(account: Account) -> list[str]:
    row = providers.find(account.service)
    return [name for name, capability in row.capabilities.items() if capability.offer != "no"] if row else []


def _well(account: Account, feature: str, at: int) -> StoredState:
    answered, due = at - 2 * _MINUTE, at + 240 * _MINUTE
    return StoredState(
        account.service, account.name, feature, "ok", 0, due, "", "", "", answered, answered, "", None, (), ""
    )
