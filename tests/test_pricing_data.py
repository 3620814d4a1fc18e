"""The price data that ships is genai-prices' own, and costs are what genai-prices computes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.pricing_records import record
from tokentui.pricing import Prices, refresh, snapshot, stale
from tokentui.pricing.compile import TIER_KEYS, compiled
from tokentui.pricing.match import Catalogue
from tokentui.usage import NANO, UsageRecord, epoch_microseconds

SHIPPED = Path(snapshot.__file__).with_name("prices.json")

MIXES = (
    (1_000_003, 0, 0, 0, 0), (0, 77_777, 0, 0, 0), (1_234, 98_765, 4_321, 0, 999),
    (11, 12_345, 0, 6_789, 4_242), (90_001, 210_000, 700, 300, 8_191),
)  # fmt: skip
"""Token mixes below and above every long-context limit: (uncached, read, 5 minutes, 1 hour, output)."""


def genai_providers() -> list[Any]:
    from genai_prices.data import providers

    return list(providers)


class Row(NamedTuple):
    """A model of genai-prices and the moments on both sides of each of its price changes."""

    provider: Any
    name: str
    model: Any
    moments: list[datetime]


def rows() -> Iterator[Row]:
    for provider in genai_providers():
        for model in provider.models:
            # A few ids are no name of their model, or an earlier model answers to them.
            names = [each for each in (model.id, *texts(model.match)) if provider.find_model(each) is model]
            priced = model.prices if isinstance(model.prices, list) else []
            moments = {datetime(2026, 6, 1, 12, tzinfo=UTC)}
            for each in (*priced, *(model.price_variants or ())):
                moments |= set(around(each.constraint))
            if names:
                yield Row(provider, names[0], model, sorted(moments))


def around(constraint: Any) -> Iterator[datetime]:
    if hasattr(constraint, "start_date"):
        midnight = datetime.combine(constraint.start_date, time(), UTC)
        yield from (midnight - timedelta(microseconds=1), midnight)
    elif constraint is not None:
        for edge in (constraint.start_time, constraint.end_time):
            moment = datetime.combine(date(2026, 9, 15), edge, edge.tzinfo or UTC)
            yield from (moment - timedelta(microseconds=1), moment)


def theirs(
    row: Row, mix: tuple[int, ...], moment: datetime, context: dict[str, str] | None = None
) -> Decimal:
    from genai_prices import Usage

    uncached, read, write_5m, write_1h, output = mix
    usage = Usage(
        input_tokens=uncached + read + write_5m + write_1h, cache_read_tokens=read,
        cache_write_tokens=write_5m + write_1h, cache_write_1h_tokens=write_1h, output_tokens=output,
        output_reasoning_tokens=output // 3,
    )  # fmt: skip
    found = row.model.calc_price(usage, row.provider, genai_request_timestamp=moment, price_context=context)
    total: Decimal = found.total_price
    return total


def ours(row: Row, mix: tuple[int, ...], moment: datetime, tier: str = "") -> UsageRecord:
    when = epoch_microseconds(moment)
    return record(row.provider.id, row.name, *mix, when=when, tier=tier, reasoning_output_tokens=mix[4] // 3)


def comparable(row: Row, mix: tuple[int, ...], moment: datetime) -> bool:
    """Leave out where we differ on purpose: what has no rate is unpriced with us, and $0 with them."""
    prices = row.model.get_prices(moment).__dict__
    rates = ("cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok")
    if "claude" in row.model.id and any(
        used and prices.get(rate) is None for used, rate in zip(mix[1:4], rates, strict=True)
    ):
        return False  # Anthropic's multiples count with us, whoever sells it; the nearest rate with them
    return (prices.get("input_mtok") is not None or not any(mix[:4])) and (
        prices.get("output_mtok") is not None or mix[4] == 0
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> snapshot.Snapshot:
    """The data of the installed genai-prices, which may be newer than what ships."""
    path = tmp_path_factory.mktemp("prices") / "prices.json"
    assert refresh(path)
    found = snapshot.cached(path)
    assert found is not None
    return found


def test_the_shipped_prices_are_those_of_the_installed_genai_prices() -> None:
    shipped = SHIPPED.read_bytes()
    if snapshot.installed_version() == snapshot.shipped().version:
        assert compiled() == shipped
    else:
        assert snapshot.release(snapshot.installed_version()) > snapshot.release(snapshot.shipped().version)
    assert len(shipped) < 300_000


def test_every_model_of_every_provider_costs_what_genai_prices_computes(data: snapshot.Snapshot) -> None:
    prices = Prices(data)
    compared = 0
    for row in rows():
        for moment in row.moments:
            for mix in MIXES:
                cost, label = prices.cost(ours(row, mix, moment))
                if not comparable(row, mix, moment):
                    continue
                expected = theirs(row, mix, moment)
                nano = (expected * NANO).quantize(Decimal(1), ROUND_HALF_EVEN, Context(prec=50))
                assert cost == nano, (row.provider.id, row.model.id, moment, mix, label)
                compared += 1
    assert compared > 10_000


def test_every_service_tier_that_the_data_knows_costs_what_genai_prices_computes(
    data: snapshot.Snapshot,
) -> None:
    prices = Prices(data)
    compared = 0
    for row in rows():
        for variant in row.model.price_variants or ():
            (key, tier), *_ = variant.when.items()
            if key not in TIER_KEYS:
                continue
            active = [m for m in row.moments if variant.constraint is None or variant.constraint.active(m)]
            # OpenAI's priority does not reach long-context requests: see test_pricing_tiers.
            mixes = MIXES[1:4] if row.provider.id == "openai" else MIXES
            for moment, mix in ((moment, mix) for moment in active for mix in mixes):
                expected = theirs(row, mix, moment, dict(variant.when))
                found = prices.breakdown(ours(row, mix, moment, tier))
                if comparable(row, mix, moment):
                    assert found is not None
                    assert found.total == expected, (row.model.id, tier, moment, mix, found.price)
                    compared += 1
    assert compared > 800


def test_every_name_of_every_model_means_the_same_model_as_in_genai_prices(data: snapshot.Snapshot) -> None:
    catalogue = Catalogue(data)
    for provider in genai_providers():
        for model in provider.models:
            for name in {model.id, *texts(model.match)}:
                meant = provider.find_model(name)
                found = catalogue.find(provider.id, name)
                if meant is not None:
                    assert found is not None, (provider.id, name)
                    assert found.model.id == meant.id, (provider.id, name)


def texts(logic: Any) -> Iterator[str]:
    for field in ("equals", "starts_with", "contains", "ends_with"):
        if hasattr(logic, field):
            yield getattr(logic, field)
    for each in getattr(logic, "or_", getattr(logic, "and_", ())):
        yield from texts(each)


def test_the_data_has_nothing_that_its_compiled_form_cannot_say() -> None:
    for row in rows():
        for variant in row.model.price_variants or ():
            # OpenRouter's route and Perplexity's kind of search stand in no log: the standard price counts.
            assert list(variant.when) in [[key] for key in (*TIER_KEYS, "route", "search_type")], row.model.id
        for each in row.model.prices if isinstance(row.model.prices, list) else ():
            for edge in ("start_time", "end_time"):
                if hasattr(each.constraint, edge):
                    assert getattr(each.constraint, edge).second == 0, row.model.id


def test_looking_up_a_price_never_imports_genai_prices() -> None:
    code = """
import sys
import tokentui.cli.price
from tokentui.pricing import Prices, calculate_cost, stale
assert calculate_cost("gpt-4", "openai", 1000, 500).total
heavy = ("genai_prices", "pydantic", "httpx", "tomllib", "importlib.metadata")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def newer(cache: Path, version: str = "99.1.0", model: str = "next-1") -> Path:
    """Write a cache file of a later release with one model."""
    prices = {"in": "1", "out": "2"}
    provider = {"models": [[model, "=", [["", prices]]]]}
    data = {"format": snapshot.FORMAT, "version": version, "providers": {"openai": provider}}
    cache.write_text(json.dumps(data))
    return cache


def test_a_newer_cache_file_replaces_the_shipped_data(tmp_path: Path) -> None:
    prices = Prices.load(newer(tmp_path / "prices.json"))
    assert prices.version.startswith("99.1.0/")
    assert prices.cost(record("openai", "next-1", 1_000_000, 0, 0, 0, 0)) == (NANO, "openai/next-1")


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", '{"format": 1}', '{"format": 99, "version": "99.0.0", "providers": {}}',
        '{"format": 1, "version": "0.0.1", "providers": {}}',
        '{"format": 1, "version": "99.0.0", "providers": {"openai": {"models": [["x"]]}}}',
    ],
)  # fmt: skip
def test_a_cache_file_that_is_damaged_older_or_foreign_is_passed_over(tmp_path: Path, text: str) -> None:
    cache = tmp_path / "prices.json"
    cache.write_text(text)
    assert Prices.load(cache).version == Prices.load().version


def test_a_cache_that_is_no_file_or_too_large_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert snapshot.cached(tmp_path) is None
    assert snapshot.cached(tmp_path / "missing") is None
    monkeypatch.setattr(snapshot, "MAX_BYTES", 10)
    assert snapshot.cached(newer(tmp_path / "prices.json")) is None


def test_a_newer_installed_release_makes_the_data_stale_until_it_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache" / "prices.json"
    assert not stale(cache)
    site = tmp_path / "site"
    (site / "genai_prices-99.1.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "nowhere"), str(site), *sys.path])
    assert stale(cache)
    cache.parent.mkdir()
    newer(cache)
    assert not stale(cache)


def test_without_an_installed_genai_prices_nothing_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert not stale(tmp_path / "prices.json")


def test_refresh_writes_the_installed_data_for_the_user_only(tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "prices.json"
    assert refresh(cache)
    assert cache.read_bytes() == compiled()
    assert cache.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in cache.parent.iterdir()] == ["prices.json"]


def test_a_refresh_that_fails_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = newer(tmp_path / "prices.json")
    before = cache.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        refresh(cache)
    assert cache.read_bytes() == before
    assert [each.name for each in tmp_path.glob("prices*")] == ["prices.json"]


@pytest.mark.parametrize(
    ("older", "later"), [("0.2.3", "0.2.10"), ("0.2", "0.2.1"), ("1.0rc1", "1.0.1"), ("", "0")]
)
def test_releases_are_compared_as_numbers(older: str, later: str) -> None:
    assert snapshot.release(older) < snapshot.release(later)
