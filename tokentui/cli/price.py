"""`tokentui price`: what so many tokens of a model cost, at a day's prices."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, TypeVar

import click

from tokentui import config
from tokentui.cli import FAILED, Failure, Misuse, output
from tokentui.pricing import Breakdown, Prices
from tokentui.text import clean, decimal_cost
from tokentui.usage import UsageRecord, epoch_microseconds

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

TITLES = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cache read",
    "cache_creation_5m_input_tokens": "cache write, 5 min",
    "cache_creation_1h_input_tokens": "cache write, 1 h",
    "output_tokens": "output",
    "web_search_count": "web searches",
    "request": "request",
}

EXAMPLE = '[[price]] with model = "acme-1", input_mtok = "1.20", output_mtok = "6"'


def counted(option: str, field: str, text: str) -> Callable[[Decorated], Decorated]:
    """Return the option that fills a count of the record; below 10**12, as in logs."""
    kind = click.IntRange(0, 10**12)
    return click.option(option, field, type=kind, default=0, metavar="N", help=text, show_default=False)


@click.command(short_help="Show what so many tokens of a model cost.")
@click.argument("model")
@counted("--in", "uncached_input_tokens", "Input tokens that no cache held.")
@counted("--out", "output_tokens", "Output tokens, reasoning included.")
@counted("--cache-read", "cache_read_input_tokens", "Input tokens read from a cache.")
@counted("--cache-write-5m", "cache_creation_5m_input_tokens", "Input tokens written to a cache (5 minutes).")
@counted("--cache-write-1h", "cache_creation_1h_input_tokens", "Input tokens written to a cache (1 hour).")
@counted("--web-searches", "web_search_count", "Web searches.")
@click.option("--provider", default="", metavar="NAME", help="Who serves it; default: who makes the model.")
@click.option("--account", default="", metavar="ACCOUNT", help="What this account pays, such as codex.")
@click.option("--at", metavar="DATE", help="2026-07-29 (noon, UTC) or 2026-07-29T14:30Z; default: now.")
@click.option("--tier", default="", metavar="NAME", help="Such as batch, flex, priority or fast.")
@click.option("-j", "--json", "as_json", is_flag=True, help="JSON.")
def price(
    model: str, provider: str, account: str, at: str | None, tier: str, as_json: bool, **counts: Any
) -> None:
    """Show what one request to MODEL costs, such as: tokentui price gpt-4 --in 1000 --out 500

    A request whose prompt is longer than a model's long-context limit is priced at its
    long-context rates, as a whole.
    """
    if not model.strip():
        raise Misuse("a model's name is expected", hint="such as: tokentui price gpt-4 --in 1000 --out 500")
    if not any(counts.values()):
        example = f"tokentui price {clean(model, 60)} --in 1000"
        raise Misuse("there is nothing to price", hint=f"such as: {example}")
    when = moment(at)
    record = UsageRecord(
        key=0, rank=0, time=epoch_microseconds(when), context=0, provider_name=provider, model=model,
        service_tier=tier, **counts,
    )  # fmt: skip
    paths = config.paths(os.environ)
    prices = Prices.load(paths.price_cache, paths.price_overlay).of(account.strip())
    found = prices.breakdown(record)
    reason = prices.why_unpriced(record)
    if as_json:
        output.write(_as_json(record, when, found, reason))
        if found is None:
            click.get_current_context().exit(FAILED)
    elif found is None:
        where = f" at {clean(provider, 60)}" if provider else ""
        hint = f"add the price to {paths.price_overlay}: {EXAMPLE}"
        raise Failure(f"{clean(model, 80)}{where} on {when:%Y-%m-%d}: {reason}", hint=hint)
    else:
        _print(record, when, found)


def moment(at: str | None) -> datetime:
    """Return the moment that `--at` names, in UTC; now when it names none. Raises Misuse."""
    if at is None:
        return datetime.now(UTC)
    try:
        when = datetime.fromisoformat(at)
        if len(at) <= len("2026-07-29"):
            when = datetime.combine(when.date(), time(12))
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Misuse(f"--at {clean(at, 40)} is no date", hint="such as: --at 2026-07-29") from None


def _print(record: UsageRecord, when: datetime, found: Breakdown) -> None:
    colour = output.coloured(sys.stdout)
    head = f"{clean(found.price, 120)}, prices of {when:%Y-%m-%d %H:%M} UTC\n"
    columns = [output.Column("", numeric=False), *(output.Column(each) for each in ("count", "rate", "cost"))]
    rows = [
        [
            output.Cell(TITLES[part.name]),
            output.Cell(f"{part.units:,}"),
            output.Cell(_rate(part.name, part.units, part.cost)),
            output.Cell(f"${_digits(part.cost)}"),
        ]
        for part in found.components
    ]
    total = [
        output.Cell("total"), output.Cell(f"{record.total_tokens:,} tokens"), output.Cell(""),
        output.Cell(f"${_digits(Decimal(decimal_cost(found.cost)))}"),
    ]  # fmt: skip
    width = output.columns_of(sys.stdout)
    output.write(output.styled(head, output.DIM, colour=colour))
    output.write(output.table(columns, rows, total=total, width=width, colour=colour))


def _rate(name: str, units: int, cost: Decimal) -> str:
    """Return what a million tokens, or a thousand of anything else, cost at this rate."""
    many, word = (1_000_000, "M") if name.endswith("_tokens") else (1_000, "k")
    return f"${_digits((cost / units * many).quantize(Decimal('1e-9')))} / {word}"


def _digits(amount: Decimal) -> str:
    """Write an amount of dollars with all its decimals, at least two."""
    whole, _, part = f"{amount:f}".partition(".")
    return f"{int(whole):,}.{part.rstrip('0'):0<2}"


def _as_json(record: UsageRecord, when: datetime, found: Breakdown | None, reason: str) -> str:
    about: dict[str, object] = {
        "schema": 1,
        "model": record.model,
        "provider": record.provider_name or None,
        "service_tier": record.service_tier or None,
        "at": when.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "currency": "USD",
        "price": found.price if found else None,
        "components": [
            {"name": part.name, "units": part.units, "cost": _digits(part.cost)} for part in found.components
        ]
        if found
        else [],
        "cost": decimal_cost(found.cost) if found else None,
    }
    if reason:
        about["reason"] = reason
    return json.dumps(about, indent=2) + "\n"
