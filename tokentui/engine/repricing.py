"""Prices that changed, put on what is stored: on requests, and on what providers tell of their use."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from tokentui.billing import Bucket, Fetched
from tokentui.pricing import Prices
from tokentui.store import Writer
from tokentui.usage import BY_HAND, UsageRecord


def catch_up(writer: Writer, prices: Prices) -> None:
    """Price again what a change of the price data touches, each record and bucket at its own date.

    A changed overlay is the user's word and reprices everything, or the accounts that it is about; newer
    price data only fills in what had no price.
    """
    if prices.overlay_problem:
        # A price file with a mistake in it changes nothing, but what is read meanwhile goes without
        # it: that is priced again once the file can be used.
        writer.set_meta("price_overlay", "broken")
        return
    now = {
        "price_overlay": prices.overlay_identity,
        "price_accounts": json.dumps(dict(prices.account_identities), sort_keys=True),
        "price_data": prices.version,
    }
    known = {name: writer.meta(name) for name in now}
    if known["price_overlay"] not in (None, now["price_overlay"]):
        _reprice(writer, prices)
    else:
        if known["price_data"] not in (None, now["price_data"]):
            _fill_in(writer, prices)
        if accounts := _changed(known["price_accounts"], prices):
            _reprice(writer, prices, accounts)
    for name, value in now.items():
        if known[name] != value and (known[name] or value != "{}"):
            writer.set_meta(name, value)


def _changed(known: str | None, prices: Prices) -> set[str]:
    """Return the accounts of which the price file says something else than it did."""
    before: dict[str, str] = json.loads(known or "{}")
    now = prices.account_identities
    return {account for account in {*before, *now} if before.get(account) != now.get(account)}


def _reprice(writer: Writer, prices: Prices, accounts: Collection[str] | None = None) -> None:
    writer.reprice(lambda record, account: _cost(record, prices.of(account)), only_accounts=accounts)
    _reprice_buckets(writer, prices, accounts)


def _fill_in(writer: Writer, prices: Prices) -> None:
    """Price what has no price."""
    if unpriced := writer.unpriced():
        models = {model for _, model, _ in unpriced}
        writer.reprice(lambda record, account: _cost(record, prices.of(account)), only_models=models)
    _reprice_buckets(writer, prices, unpriced_only=True)


def _cost(record: UsageRecord, prices: Prices) -> tuple[int | None, str]:
    return (record.cost, record.price) if record.price == BY_HAND else prices.cost(record)


def _reprice_buckets(
    writer: Writer, prices: Prices, accounts: Collection[str] | None = None, *, unpriced_only: bool = False
) -> None:
    def worth(service: str, account: str, buckets: Sequence[Bucket]) -> Sequence[Bucket]:
        # 60 ms of HTTP that only who has accounts, and changes prices, spends.
        from tokentui.engine.fetching import priced
        from tokentui.sources import providers

        row = providers.find(service)
        if row is None:
            return buckets
        return priced(Fetched(tuple(buckets)), prices.of(account), row.provider_name).buckets

    writer.reprice_buckets(worth, accounts, unpriced_only=unpriced_only)
