"""Requests on their way to the store: packed, nothing of them is lost, whatever the build."""

from __future__ import annotations

import importlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pricing_records import prices
from tests.store_batches import batch, context, record
from tests.unpacked import Asked, unpacked
from tokentui import packed
from tokentui.batch import Batch
from tokentui.packed import ABSENT, ROW, Packed, PlainRates, pack
from tokentui.pricing import Prices
from tokentui.usage import UsageRecord

compiled_only = pytest.mark.skipif(packed.compiled is None, reason="built without a C compiler")
BUILDS = [pytest.param(True, marks=compiled_only), False]
INT64 = st.integers(-(2**63) + 1, 2**63 - 1)
TEXTS = st.sampled_from(["", "fast", "größer", "a\x1bb"])


def records(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[list[UsageRecord]]:
    """Records of any numbers, few texts, one of three contexts."""
    each = st.builds(
        UsageRecord,
        key=numbers, rank=numbers, time=numbers, context=st.integers(0, 2), provider_name=TEXTS, model=TEXTS,
        uncached_input_tokens=numbers, cache_read_input_tokens=numbers, web_search_count=numbers,
        cache_creation_5m_input_tokens=numbers, cache_creation_1h_input_tokens=numbers, flags=numbers,
        output_tokens=numbers, reasoning_output_tokens=numbers, service_tier=TEXTS, error=TEXTS, price=TEXTS,
        duration_ms=st.none() | numbers, recorded_cost=st.none() | numbers, cost=st.none() | numbers,
    )  # fmt: skip
    return st.lists(each, max_size=20)


def said(found: list[UsageRecord]) -> Batch:
    """A batch of three contexts."""
    return batch(found, [context(name) for name in "abc"])


def packed_by(build: bool, found: Batch) -> Packed:
    """Pack with the compiled code or without it."""
    with pytest.MonkeyPatch.context() as patch:
        if not build:
            patch.setattr(packed, "compiled", None)
        return pack(found)


@pytest.mark.parametrize("build", BUILDS)
@given(found=records(INT64))
def test_what_was_packed_comes_out_again(build: bool, found: list[UsageRecord]) -> None:
    assert unpacked(packed_by(build, said(found))) == found


@compiled_only
@given(found=records(INT64 | st.sampled_from([2**63, 2**64, 10**30, -(2**63), -(10**30)])))
def test_packed_requests_do_not_depend_on_the_build(found: list[UsageRecord]) -> None:
    assert packed_by(True, said(found)) == packed_by(False, said(found))


@pytest.mark.parametrize("build", BUILDS)
def test_a_number_beyond_64_bits_becomes_the_nearest_and_never_none(build: bool) -> None:
    least = [record("a", rank=10**30, time=-(10**30), duration_ms=-(10**30), recorded_cost=-(2**63))]
    (row,) = ROW.iter_unpack(packed_by(build, said(least)).rows)
    assert row[1:3] == (2**63 - 1, -(2**63))
    assert row[13:15] == (ABSENT + 1, ABSENT + 1)


@pytest.mark.parametrize("build", BUILDS)
def test_what_has_no_price_keeps_the_cost_it_came_with(build: bool) -> None:
    found = [record(name, cost=7, price="by hand", model=name) for name in ("known", "unknown", "known")]

    def price(each: UsageRecord) -> tuple[int | None, str]:
        return (3, "list") if each.model == "known" else (None, "")

    with pytest.MonkeyPatch.context() as patch:
        if not build:
            patch.setattr(packed, "compiled", None)
        done = pack(batch(found), [Asked(price)])
    assert [(each.cost, each.price) for each in unpacked(done)] == [(3, "list"), (7, "by hand"), (3, "list")]
    assert len(done.words) == 2, "texts travel once"


@pytest.mark.parametrize("build", BUILDS)
def test_texts_of_the_same_letters_travel_once(build: bool) -> None:
    models = ["".join(["gpt", "-5"]) for _ in range(3)]
    assert len({*map(id, models)}) == 3
    done = packed_by(build, said([record(str(n), model=model) for n, model in enumerate(models)]))
    assert len(done.words) == 1


DAY = 86_400_000_000
PROMPT = [
    "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens",
]  # fmt: skip
COUNTS = st.integers(0, 300_000) | st.sampled_from([200_000, 200_001, 2**26 - 1, 2**26, 2**43, -1])
USED = st.builds(
    record,
    name=st.sampled_from("abc"), time=st.integers(1_600_000_000, 1_900_000_000).map(lambda s: s * 1_000_000),
    output=COUNTS, uncached_input_tokens=COUNTS, cache_read_input_tokens=COUNTS,
    cache_creation_5m_input_tokens=COUNTS, cache_creation_1h_input_tokens=COUNTS,
    reasoning_output_tokens=COUNTS, web_search_count=st.sampled_from([0, 0, 1]), cost=st.none(),
    price=st.just(""), service_tier=st.sampled_from(["", "", "fast", "priority", "batch"]),
    context=st.integers(0, 1), provider_name=st.sampled_from(["anthropic", "openai", "google", "x-ai"]),
    model=st.sampled_from(
        ["claude-sonnet-4-5", "claude-opus-4-8", "gpt-5.5", "gemini-2.5-pro", "no output", "dear", "third"]
    ),
)  # fmt: skip
PRICE_FILE = """
[[price]]
model = "dear"
input_mtok = "999999.9999999"
output_mtok = "1"

[[price]]
model = "no output"
input_mtok = "1"

[[price]]
model = "third"
input_mtok = "0.333333333"
output_mtok = "0.0005"
cache_read_mtok = "0.0015"

[account]
"claude-code/work" = "* -33.3 %; gpt-5.5 1/10"
"""


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Prices:
    """The shipped prices under some of one's own."""
    return prices(tmp_path_factory.mktemp("prices"), PRICE_FILE)


@compiled_only
@settings(max_examples=400, deadline=None)
@given(found=st.lists(USED, max_size=12))
def test_costs_do_not_depend_on_the_build(priced: Prices, found: list[UsageRecord]) -> None:
    pricings = [priced.of("claude-code"), priced.of("claude-code/work")]
    said = batch(found, [context(), context(account="work")])
    compiled = pack(said, pricings)
    for each, other in zip(unpacked(compiled), found, strict=True):
        cost, identity = pricings[other.context].cost(other)
        assert (each.cost, each.price) == (None if cost is None else min(cost, 2**63 - 1), identity)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "compiled", None)
        assert pack(said, pricings) == compiled


class Summed:
    """Prices that are told once for a model, not request by request."""

    def __init__(self, rate: int = 1) -> None:
        self.asked: list[str] = []
        self.looked_at: list[UsageRecord] = []
        self.rate = rate

    def cost(self, each: UsageRecord) -> tuple[int | None, str]:
        """Of a request that has to be looked at."""
        self.looked_at.append(each)
        return 42, "looked at"

    def plain(self, _provider: str, model: str, _tier: str, time: int) -> PlainRates:
        """A rate of each kind, until midnight."""
        self.asked.append(model)
        midnight = time - time % DAY
        rates = (self.rate, 10, 100, 1_000, 10_000)
        return midnight, midnight + DAY, 2**40, *rates, 7, 1, f"{model}@{time // DAY}"


@compiled_only
def test_a_plain_price_is_asked_for_once_a_model_and_day() -> None:
    counts = {"uncached_input_tokens": 1, "cache_read_input_tokens": 2, "cache_creation_5m_input_tokens": 3,
              "cache_creation_1h_input_tokens": 4, "cost": None, "price": ""}  # fmt: skip
    times = [("a", 0), ("a", 5), ("a", DAY - 1), ("a", DAY), ("b", DAY), ("b", 2 * DAY - 1), ("b", 5)]
    pricing = Summed()
    done = pack(batch([record("x", time, 5, model=model, **counts) for model, time in times]), [pricing])
    assert [each.cost for each in unpacked(done)] == [1 + 20 + 300 + 4_000 + 50_000 + 7] * 7
    assert [each.price for each in unpacked(done)] == ["a@0", "a@0", "a@0", "a@1", "b@1", "b@1", "b@0"]
    assert pricing.asked == ["a", "a", "b", "b"]


@compiled_only
def test_two_accounts_of_one_model_pay_each_their_own_price() -> None:
    said = [record(str(n), context=n % 2, output=1, uncached_input_tokens=1, time=n) for n in range(6)]
    done = pack(batch(said, [context(), context(account="work")]), [Summed(1), Summed(500)])
    costs = [each.cost for each in unpacked(done)]
    assert [after - before for before, after in pairwise(costs)] == [499, -499, 499, -499, 499]


EMPTY = {
    "output": 0, "uncached_input_tokens": 0, "cache_read_input_tokens": 0, "cost": None, "price": "",
    "time": 5,
}  # fmt: skip


@compiled_only
@pytest.mark.parametrize("name", PROMPT)
def test_a_prompt_is_long_by_all_of_its_tokens(name: str) -> None:
    class Short(Summed):
        def plain(self, *asked: Any) -> PlainRates:
            start, end, _, *rest = super().plain(*asked)
            return start, end, 10_000, *rest  # type: ignore[return-value]

    pricing = Short()
    found = [record("x", **{**EMPTY, name: count}) for count in (10_000, 10_001)]
    prices = [each.price for each in unpacked(pack(batch(found), [pricing]))]
    assert prices == ["claude-opus-4@0", "looked at"]


@compiled_only
def test_a_sum_is_exact_up_to_where_each_request_is_looked_at() -> None:
    most, dear = 2**26 - 1, 2**34 - 1
    counts = {"uncached_input_tokens": most, "cache_read_input_tokens": most}
    costs = [
        [each.cost for each in unpacked(pack(batch([record("x", **{**EMPTY, **each})]), [Summed(rate)]))]
        for each, rate in ((counts, dear), (counts, dear + 1), ({"uncached_input_tokens": most + 1}, 1))
    ]
    assert costs == [[most * dear + most * 10 + 7], [42], [42]]


@compiled_only
def test_half_a_nano_dollar_goes_to_the_even_one(priced: Prices) -> None:
    pricing = priced.of("codex")
    usual = {"cost": None, "price": "", "model": "third", "uncached_input_tokens": 0}
    found = [record("x", output=n, cache_read_input_tokens=r, **usual) for n in range(40) for r in (0, 1, 3)]
    costs = [each.cost for each in unpacked(pack(batch(found), [pricing]))]
    assert costs == [pricing.cost(each)[0] for each in found]
    assert len(set(costs)) > 5


@compiled_only
def test_a_build_left_behind_by_an_older_source_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    packed_compiled = importlib.import_module("tokentui.packed_compiled")
    monkeypatch.setattr(packed_compiled, "VERSION", packed.VERSION - 1)
    assert packed.compiled_rows() is None
