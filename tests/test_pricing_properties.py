"""Costs add up, never fall when usage grows, and exist for no name that is not known."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.pricing_records import record
from tokentui.pricing import Prices
from tokentui.usage import NANO

PRICES = Prices.load()

counts = st.integers(min_value=0, max_value=10**12)
FLAT = [
    ("anthropic", "claude-opus-4-8"),
    ("openai", "gpt-5.2"),
    ("deepseek", "deepseek-v4-pro"),
    ("google", "gemini-3.6-flash"),
]


@given(st.sampled_from(FLAT), st.tuples(counts, counts, counts, counts, counts))
def test_a_cost_is_the_sum_of_its_components(name: tuple[str, str], u: tuple[int, ...]) -> None:
    whole = PRICES.breakdown(record(*name, *u))
    assert whole is not None
    alone = [
        PRICES.breakdown(record(*name, *(n if place == at_place else 0 for place, n in enumerate(u))))
        for at_place in range(5)
    ]
    assert whole.total == sum((each.total for each in alone if each), Decimal(0))
    assert abs(Decimal(whole.cost) - whole.total * NANO) <= Decimal("0.5")


@given(
    st.sampled_from([*FLAT, ("anthropic", "claude-sonnet-4-5"), ("openai", "gpt-5.6-sol")]),
    st.tuples(counts, counts, counts, counts, counts),
    st.integers(0, 4),
    st.integers(1, 10**9),
)
def test_more_tokens_never_cost_less(
    name: tuple[str, str], u: tuple[int, ...], place: int, more: int
) -> None:
    larger = tuple(n + (more if n_place == place else 0) for n_place, n in enumerate(u))
    less_cost, more_cost = PRICES.cost(record(*name, *u))[0], PRICES.cost(record(*name, *larger))[0]
    assert less_cost is not None
    assert more_cost is not None
    assert less_cost <= more_cost


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20), st.integers(-(2**62), 2**62))
def test_any_name_at_any_time_gets_an_answer(provider: str, model: str, tier: str, when: int) -> None:
    asked = record(provider, model, 5, 0, 0, 0, 5, tier=tier, when=when)
    cost, label = PRICES.cost(asked)
    assert (cost is None) == (label == "")
    assert (PRICES.why_unpriced(asked) == "") == (cost is not None)
