"""genai-prices' data, compiled to the file that tokentui reads: `python -m tokentui.pricing.compile`.

The only module that knows genai-prices, and only inside functions: importing it takes 390 ms, so it
happens in a process of its own, when a newer release has been installed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tokentui.pricing import snapshot
from tokentui.pricing.snapshot import Clause, Rate, Rates

COMPONENTS = {
    "input_mtok": "in",
    "output_mtok": "out",
    "cache_read_mtok": "read",
    "cache_write_mtok": "write",
    "cache_write_5m_mtok": "write_5m",
    "cache_write_1h_mtok": "write_1h",
    "output_reasoning_mtok": "reasoning",
    "web_searches_kcount": "search",
    "requests_kcount": "request",
}
"""The price keys a text request can use; images, audio, pages and searches in stores are left out."""

TIER_KEYS = ("service_tier", "speed", "processing")
"""The request context that names a tier, in the words of OpenAI, Anthropic and the batch APIs."""


def write_cache(cache: Path) -> bool:
    """Write the installed genai-prices' data to `cache`, whole or not at all; tell whether it can be used.

    Raises OSError when the file cannot be written, ImportError when genai-prices cannot be imported.
    """
    text = compiled()
    draft = cache.with_name(f"{cache.name}.{os.urandom(4).hex()}")
    cache.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
        os.replace(draft, cache)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
    return snapshot.cached(cache) is not None


def compiled() -> bytes:
    """Return the installed genai-prices' data as a price file."""
    import genai_prices
    from genai_prices.data import providers

    parts = [f"{_json(provider.id)}: {_provider(provider)}" for provider in providers]
    head = f'{{"format": {snapshot.FORMAT}, "version": {_json(genai_prices.__version__)}, "providers": {{\n'
    return (head + ",\n".join(parts) + "\n}}\n").encode()


def _provider(provider: Any) -> str:
    about: dict[str, object] = {}
    if provider.model_match is not None:
        about["makes"] = clause(provider.model_match)
    if provider.fallback_model_providers:
        about["fallbacks"] = provider.fallback_model_providers
    start = "".join(f"{_json(key)}: {_json(value)}, " for key, value in about.items())
    return f'{{{start}"models": [\n' + ",\n".join(_json(_model(model)) for model in provider.models) + "\n]}"


def _model(model: Any) -> list[object]:
    prices = model.prices if isinstance(model.prices, list) else None
    rows = (
        [[_condition(each.constraint), _rates(each.prices)] for each in prices]
        if prices is not None
        else [["", _rates(model.prices)]]
    )
    variants = [
        [variant.when[key], _condition(variant.constraint), _rates(variant.prices)]
        for variant in model.price_variants or ()
        for key in TIER_KEYS
        if list(variant.when) == [key]
    ]
    match = clause(model.match)
    if match == f"={model.id.lower()}":
        match = "="
    return [model.id, match, rows, *([variants] if variants else [])]


def clause(logic: Any) -> Clause:
    """Return a name rule of genai-prices in the form of the price file."""
    for sign, field in (("=", "equals"), ("^", "starts_with"), ("*", "contains"), ("$", "ends_with")):
        if hasattr(logic, field):
            return sign + str(getattr(logic, field)).lower()
    if hasattr(logic, "regex"):
        return f"~{logic.regex}"
    if hasattr(logic, "or_"):
        return _without_repeats([clause(each) for each in logic.or_])
    return ["&", *(clause(each) for each in logic.and_)]


def _without_repeats(clauses: list[Clause]) -> Clause:
    kept: list[Clause] = []
    for each in clauses:
        if each not in kept:
            kept.append(each)
    return kept


def _condition(constraint: Any) -> str:
    if constraint is None:
        return ""
    if hasattr(constraint, "start_date"):
        start: date = constraint.start_date
        return start.isoformat()
    return f"{_utc(constraint.start_time)}-{_utc(constraint.end_time)}"


def _utc(moment: time) -> str:
    """Return a time of day as genai-prices means it (without a zone: UTC), in UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.combine(date(1970, 1, 1), aware).astimezone(UTC).strftime("%H:%M")


def _rates(prices: Any) -> Rates:
    return {
        name: _rate(value)
        for key, name in COMPONENTS.items()
        if (value := prices.__dict__.get(key)) is not None
    }


def _rate(price: Any) -> Rate:
    if isinstance(price, Decimal):
        return _number(price)
    steps: list[str | int] = [_number(price.base)]
    for tier in price.tiers:
        steps += [tier.start, _number(tier.price)]
    return steps


def _number(price: Decimal) -> str:
    return f"{price.normalize():f}"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def main() -> None:
    """Write the price file that ships with tokentui."""
    Path(__file__).with_name("prices.json").write_bytes(compiled())


if __name__ == "__main__":
    main()
